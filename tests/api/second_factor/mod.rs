//! The second factor of sign-in: authenticator apps, recovery codes, text messages.

mod app;
mod enrolment;
mod phone;
mod provider;
mod recovery;
mod session;
mod twilio;

use chrono::TimeDelta;
use entity::{UserId, security_event, user};
use kernel::ports::clock::Clock;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret, Totp};
use twilio::Twilio;

use crate::support::{Client, Reply, TestApp};

/// Proves the first factor of a person; returns what that gives.
async fn first_factor(app: &TestApp, email: &str) -> Value {
    app.anonymous().post("/api/v1/auth/magic-link", json!({"email": email})).await.accepted();
    app.run_jobs().await;
    let token = app.magic_link_token(email).await;
    app.anonymous().post("/api/v1/auth/magic-link/verify", json!({"token": token})).await.ok()
}

/// As [`first_factor`], for a person who is asked for the second: the session token.
async fn session_token(app: &TestApp, email: &str) -> String {
    let step = first_factor(app, email).await;
    assert_eq!(step["second_factor_required"], true, "{step}");
    step["session_token"].as_str().expect("a session token").to_owned()
}

/// Sends a code of the app for a sign-in.
async fn prove(app: &TestApp, session_token: &str, code: &str) -> Reply {
    let body = json!({"session_token": session_token, "code": code});
    app.anonymous().post("/api/v1/auth/second-factor", body).await
}

/// Sends a recovery code for a sign-in.
async fn recover(app: &TestApp, session_token: &str, code: &str) -> Reply {
    let body = json!({"session_token": session_token, "recovery_code": code});
    app.anonymous().post("/api/v1/auth/second-factor", body).await
}

/// The caller whom a sign-in has given tokens.
fn with(app: &TestApp, tokens: &Value) -> Client {
    app.anonymous().with_token(tokens["access_token"].as_str().expect("an access token"))
}

/// An authenticator app on somebody's telephone.
struct Authenticator {
    totp: Totp,
    recovery_codes: Vec<String>,
}

impl Authenticator {
    /// An app with this secret.
    fn new(secret: &Value) -> Self {
        let secret = Secret::try_from_base32(secret.as_str().expect("a secret")).expect("base32");
        let totp = Builder::new().with_secret(secret).build().expect("the usual parameters");
        Self { totp, recovery_codes: Vec::new() }
    }

    /// Set up by a person who is signed in.
    async fn set_up(app: &TestApp, caller: &Client) -> Self {
        let setup = caller.act("/api/v1/me/second-factor/totp").await.ok();
        let mut authenticator = Self::new(&setup["secret"]);
        let body = json!({"code": authenticator.code(app)});
        let codes = caller.post("/api/v1/me/second-factor/totp/confirm", body).await.ok();
        authenticator.recovery_codes = texts(&codes["recovery_codes"]);
        authenticator
    }

    /// The code that it shows now.
    fn code(&self, app: &TestApp) -> String {
        self.totp.generate(app.clock.now().timestamp().try_into().unwrap()).to_string()
    }

    /// The code that it shows after the one it shows now.
    fn next_code(&self, app: &TestApp) -> String {
        app.clock.advance(TimeDelta::seconds(30));
        self.code(app)
    }

    /// A code that it does not show about now.
    fn wrong_code(&self, app: &TestApp) -> String {
        let now: u64 = app.clock.now().timestamp().try_into().unwrap();
        let near: Vec<String> =
            (0..10).map(|n| self.totp.generate(now - 120 + n * 30).to_string()).collect();
        let mut codes = (0..1000).map(|n| format!("{n:06}"));
        codes.find(|code| !near.contains(code)).expect("a wrong code")
    }
}

fn texts(list: &Value) -> Vec<String> {
    let list = list.as_array().expect("a list");
    list.iter().map(|text| text.as_str().expect("text").to_owned()).collect()
}

/// A person with an authenticator app.
async fn person_with_app(app: &TestApp, email: &str) -> (Client, Authenticator) {
    let tokens = first_factor(app, email).await;
    let caller = with(app, &tokens);
    let authenticator = Authenticator::set_up(app, &caller).await;
    app.run_jobs().await;
    (caller, authenticator)
}

/// A server that sends text messages by the stand-in; whoever signs in needs a second factor.
async fn with_text_messages() -> (TestApp, Twilio) {
    let twilio = Twilio::start().await;
    let app = TestApp::spawn_with(|options| twilio.configure(options)).await;
    (app, twilio)
}

/// Changes a person behind the server's back.
async fn change_person(app: &TestApp, email: &str, column: user::Column, value: sea_orm::Value) {
    let update = user::Entity::update_many()
        .col_expr(column, Expr::value(value))
        .filter(user::Column::Email.eq(email));
    app.on_server(|app| async move {
        let tx = app.store().begin_platform("a person of a test").await.unwrap();
        assert_eq!(tx.db().update_many(update).await.unwrap(), 1);
        tx.commit().await.unwrap();
    })
    .await;
}

/// The entries of the security log of a kind, as their details.
async fn security_log(app: &TestApp, kind: &'static str) -> Vec<(Option<UserId>, Value)> {
    app.on_server(move |app| async move {
        let query = security_event::Entity::find().filter(security_event::Column::Kind.eq(kind));
        let rows = app.store().platform("the log of a test").all(query).await.unwrap();
        rows.into_iter().map(|row| (row.user_id, row.detail)).collect()
    })
    .await
}

/// The reasons of refused second factors, sorted.
async fn failures(app: &TestApp) -> Vec<String> {
    let log = security_log(app, "second_factor_failed").await;
    let mut reasons: Vec<String> = log
        .iter()
        .map(|(_, detail)| {
            let text = |name: &str| detail[name].as_str().unwrap_or_default().to_owned();
            format!("{} {}", text("method"), text("reason"))
        })
        .collect();
    reasons.sort();
    reasons
}
