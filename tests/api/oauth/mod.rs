//! Signing in with the accounts of identity providers, at a provider that runs beside the server.

mod identities;
mod refused;
mod sign_in;
mod sso;

use std::collections::BTreeMap;

use entity::security_event;
use kernel::text::{secret_token, sha256_hex};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Response, Url};
use serde_json::Value;

use crate::support::issuer::{CLIENT_ID, CLIENT_SECRET, Issuer};
use crate::support::{Client, Options, TestApp};

/// A server that offers all providers, all of them played by one.
async fn app_at(issuer: &Issuer) -> TestApp {
    TestApp::spawn_with(|options| offering(options, issuer)).await
}

/// Offers all providers, all of them played by one.
fn offering(options: Options, issuer: &Issuer) -> Options {
    let providers = [
        ("GOOGLE", issuer.url().to_owned()),
        ("MICROSOFT", format!("{}/common/v2.0", issuer.url())),
        ("GITHUB", issuer.url().to_owned()),
        ("FACEBOOK", issuer.url().to_owned()),
    ];
    providers.into_iter().fold(options.set("OAUTH_TIMEOUT", "5s"), |options, (name, url)| {
        options
            .set(&format!("OAUTH_{name}_CLIENT_ID"), CLIENT_ID)
            .set(&format!("OAUTH_{name}_CLIENT_SECRET"), CLIENT_SECRET)
            .set(&format!("OAUTH_{name}_URL"), url)
    })
}

/// Somebody's browser: keeps the server's cookies and follows no redirect by itself.
struct Browser {
    http: reqwest::Client,
    home: String,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    fn new(app: &TestApp) -> Self {
        let http = reqwest::Client::builder();
        let http = http.redirect(reqwest::redirect::Policy::none()).no_proxy();
        let http = http.build().expect("an HTTP client");
        Self { http, home: app.url(), cookies: BTreeMap::new() }
    }

    /// Opens an address; the server's own may be given by its path.
    async fn open(&mut self, url: &str) -> Response {
        self.open_as(url, "text/html,*/*;q=0.8").await
    }

    async fn open_as(&mut self, url: &str, accept: &str) -> Response {
        let url = if url.starts_with('/') { format!("{}{url}", self.home) } else { url.to_owned() };
        let mut request = self.http.get(&url).header("Accept", accept);
        if url.starts_with(&self.home) {
            let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
            request = request.header(COOKIE, cookies.collect::<Vec<_>>().join("; "));
        }
        let response = request.send().await.expect("an answer");
        if url.starts_with(&self.home) {
            self.keep_cookies(&response);
        }
        response
    }

    fn keep_cookies(&mut self, response: &Response) {
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().expect("a cookie of text");
            let (name, rest) = cookie.split_once('=').expect("a cookie");
            let value = rest.split(';').next().unwrap_or_default();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    /// Goes to the provider and agrees; returns where the provider sends the browser back to.
    async fn agree(&mut self, start: &str) -> String {
        let away = location(self.open(start).await);
        location(self.open(&away).await)
    }

    /// Signs in with a provider; returns where it ends.
    async fn sign_in(&mut self, provider: &str) -> String {
        let back = self.agree(&format!("/api/v1/auth/oauth/{provider}/start")).await;
        location(self.open(&back).await)
    }

    /// Who is signed in in this browser, if anybody.
    async fn me(&mut self) -> Option<Value> {
        let response = self.open_as("/api/v1/me", "application/json").await;
        match response.status().as_u16() {
            200 => Some(response.json().await.expect("a person")),
            401 => None,
            other => panic!("/api/v1/me answered {other}"),
        }
    }

    /// The address of who is signed in.
    async fn email(&mut self) -> String {
        let me = self.me().await.expect("somebody is signed in");
        me["email"].as_str().expect("an address").to_owned()
    }
}

/// Where an answer leads.
fn location(response: Response) -> String {
    let status = response.status().as_u16();
    let to = response.headers().get(LOCATION).map(|to| to.to_str().expect("text").to_owned());
    match (status, to) {
        (302, Some(to)) => to,
        (status, _) => panic!("{} answered {status}, expected 302", response.url()),
    }
}

/// The value of a parameter of an address.
fn parameter(url: &str, name: &str) -> Option<String> {
    let url = Url::parse(url).expect("an address");
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

/// Why a sign-in was refused.
fn refusal(url: &str) -> String {
    parameter(url, "error").unwrap_or_else(|| panic!("{url} tells of no refusal"))
}

/// The entries of the security log of a kind, oldest first.
async fn security_log(app: &TestApp, kind: &'static str) -> Vec<security_event::Model> {
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

    let query = security_event::Entity::find()
        .filter(security_event::Column::Kind.eq(kind))
        .order_by_asc(security_event::Column::Id);
    app.on_server(|app| async move {
        app.store().platform("the security log of a test").all(query).await.unwrap()
    })
    .await
}

/// The reasons in the security log for entries of a kind.
async fn reasons(app: &TestApp, kind: &'static str) -> Vec<String> {
    let rows = security_log(app, kind).await.into_iter();
    rows.map(|row| row.detail["reason"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Makes the provider say a person of this address and subject.
fn person(issuer: &Issuer, subject: &str, email: &str) {
    issuer.claim("sub", subject);
    issuer.claim("email", email);
}

/// Suspends a person, as an operator does.
async fn suspend(app: &TestApp, email: &'static str) {
    use entity::user;
    use sea_orm::sea_query::Expr;
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

    app.on_server(move |app| async move {
        let tx = app.store().begin_platform("an operator suspends a person").await.unwrap();
        let update = user::Entity::update_many()
            .col_expr(user::Column::SuspendedAt, Expr::value(app.clock().now()))
            .filter(user::Column::Email.eq(email));
        assert_eq!(tx.db().update_many(update).await.unwrap(), 1);
        tx.commit().await.unwrap();
    })
    .await;
}

/// Connects an account of a provider to somebody who is signed in; returns where it ends.
async fn connect(app: &TestApp, who: &Client, provider: &str) -> String {
    let mut browser = Browser::new(app);
    // What a page of the web client does: the cookie of the answer stays in the browser.
    let secret = secret_token(&kernel::ports::clock::SystemRng);
    browser.cookies.insert("login_browser".to_owned(), secret.clone());
    let started = who
        .root()
        .with("Cookie", format!("login_browser={secret}"))
        .post("/api/v1/me/identities", serde_json::json!({"provider": provider}))
        .await
        .ok();
    let url = started["authorization_url"].as_str().expect("the provider's page").to_owned();
    assert!(!url.contains(&secret) && !url.contains(&sha256_hex(&secret)));
    let back = location(browser.open(&url).await);
    location(browser.open(&back).await)
}
