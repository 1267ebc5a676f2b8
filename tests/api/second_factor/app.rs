//! Authenticator apps: setting up, signing in, removing.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::json;

use super::*;
use crate::support::minutes;

#[tokio::test]
async fn an_app_is_asked_for_from_the_next_sign_in_on() {
    let app = TestApp::spawn().await;
    let tokens = first_factor(&app, "ada@x.test").await;
    let ada = with(&app, &tokens);

    let setup = ada.act("/api/v1/me/second-factor/totp").await.ok();
    let url = setup["otpauth_url"].as_str().unwrap();
    assert!(url.starts_with("otpauth://totp/Retainer:ada%40x.test?secret="), "{url}");
    // Until it is confirmed, nothing is asked for.
    assert!(first_factor(&app, "ada@x.test").await["access_token"].is_string());
    let authenticator = Authenticator::new(&setup["secret"]);
    let body = json!({"code": authenticator.code(&app)});
    let codes = ada.post("/api/v1/me/second-factor/totp/confirm", body).await.ok();
    assert_eq!(texts(&codes["recovery_codes"]).len(), 10);

    let step = first_factor(&app, "ada@x.test").await;
    assert_eq!(step["second_factor_required"], true);
    assert_eq!(step["methods"], json!(["totp", "recovery_code"]));
    assert_eq!((&step["enrolment"], &step["phone_masked"]), (&json!(false), &json!(null)));
    assert!(step["access_token"].is_null(), "{step}");
    let token = step["session_token"].as_str().unwrap();
    let tokens = prove(&app, token, &authenticator.next_code(&app)).await.ok();
    assert_eq!(with(&app, &tokens).get("/api/v1/me").await.ok()["email"], "ada@x.test");
    assert_eq!(security_log(&app, "second_factor_changed").await.len(), 1);
    let mails = app.inbox().await;
    assert!(mails.iter().any(|mail| mail.kind == "security_notice" && mail.to == "ada@x.test"));
}

#[tokio::test]
async fn the_state_tells_what_is_set_up_and_no_secret() {
    let app = TestApp::spawn().await;
    let ada = with(&app, &first_factor(&app, "ada@x.test").await);
    let before = ada.get("/api/v1/me/second-factor").await;

    Authenticator::set_up(&app, &ada).await;
    let after = ada.get("/api/v1/me/second-factor").await;

    assert_ne!(before.etag(), after.etag());
    assert_eq!(before.ok()["totp_enabled_at"], json!(null));
    let state = after.ok();
    assert!(state["totp_enabled_at"].is_string());
    assert_eq!(state["recovery_codes_left"], 10);
    assert_eq!((&state["required"], &state["sms_available"]), (&json!(false), &json!(false)));
    app.run_jobs().await;
}

#[tokio::test]
async fn the_stored_secret_is_not_the_secret() {
    let app = TestApp::spawn().await;
    let ada = with(&app, &first_factor(&app, "ada@x.test").await);
    let setup = ada.act("/api/v1/me/second-factor/totp").await.ok();

    let rows = app
        .on_server(|app| async move {
            let platform = app.store().platform("the secrets of a test");
            platform.all(entity::second_factor::Entity::find()).await.unwrap()
        })
        .await;

    assert_eq!(rows.len(), 1);
    let secret = setup["secret"].as_str().unwrap();
    assert!(!rows[0].totp_pending.is_empty() && !rows[0].totp_pending.contains(secret));
}

#[tokio::test]
async fn a_code_is_accepted_once() {
    let app = TestApp::spawn().await;
    let (_, authenticator) = person_with_app(&app, "ada@x.test").await;
    let first = session_token(&app, "ada@x.test").await;
    let second = session_token(&app, "ada@x.test").await;
    let code = authenticator.next_code(&app);
    prove(&app, &first, &code).await.ok();

    prove(&app, &second, &code).await.refused(401, "wrong_code");

    assert_eq!(failures(&app).await, ["totp replayed"]);
    prove(&app, &second, &authenticator.next_code(&app)).await.ok();
}

#[tokio::test]
async fn the_code_that_set_an_app_up_signs_nobody_in() {
    let app = TestApp::spawn().await;
    let ada = with(&app, &first_factor(&app, "ada@x.test").await);
    let setup = ada.act("/api/v1/me/second-factor/totp").await.ok();
    let code = Authenticator::new(&setup["secret"]).code(&app);
    ada.post("/api/v1/me/second-factor/totp/confirm", json!({"code": code})).await.ok();
    let token = session_token(&app, "ada@x.test").await;

    prove(&app, &token, &code).await.refused(401, "wrong_code");
}

#[tokio::test]
async fn of_parallel_uses_of_a_code_one_signs_in() {
    let app = TestApp::spawn().await;
    let (_, authenticator) = person_with_app(&app, "ada@x.test").await;
    let mut tokens = Vec::new();
    for _ in 0..4 {
        tokens.push(session_token(&app, "ada@x.test").await);
    }
    // Of one sign-in twice as well.
    tokens.push(tokens[0].clone());
    let code = authenticator.next_code(&app);

    let replies = join_all(tokens.iter().map(|token| prove(&app, token, &code))).await;

    let mut codes: Vec<u16> = replies.iter().map(Reply::code).collect();
    codes.sort_unstable();
    assert_eq!(codes, [200, 401, 401, 401, 401]);
}

#[tokio::test]
async fn a_code_may_be_one_step_early_or_late() {
    let app = TestApp::spawn().await;
    let (_, authenticator) = person_with_app(&app, "ada@x.test").await;
    let (first, second) =
        (session_token(&app, "ada@x.test").await, session_token(&app, "ada@x.test").await);

    let late = authenticator.next_code(&app);
    app.clock.advance(TimeDelta::seconds(29));
    prove(&app, &first, &late).await.ok();
    let over = authenticator.next_code(&app);
    app.clock.advance(TimeDelta::seconds(61));

    prove(&app, &second, &over).await.refused(401, "wrong_code");
}

#[tokio::test]
async fn the_sixth_code_of_a_sign_in_is_not_looked_at() {
    let app = TestApp::spawn().await;
    let (_, authenticator) = person_with_app(&app, "ada@x.test").await;
    let token = session_token(&app, "ada@x.test").await;
    let code = authenticator.next_code(&app);
    let wrong = authenticator.wrong_code(&app);
    for _ in 0..5 {
        prove(&app, &token, &wrong).await.refused(401, "wrong_code");
    }

    prove(&app, &token, &code).await.refused(401, "invalid_token");

    assert_eq!(failures(&app).await, ["totp wrong"; 5]);
    let token = session_token(&app, "ada@x.test").await;
    prove(&app, &token, &code).await.ok();
}

#[tokio::test]
async fn parallel_wrong_codes_count_too() {
    let app = TestApp::spawn().await;
    let (_, authenticator) = person_with_app(&app, "ada@x.test").await;
    let token = session_token(&app, "ada@x.test").await;
    let wrong = authenticator.wrong_code(&app);

    let replies = join_all((0..9).map(|_| prove(&app, &token, &wrong))).await;

    let looked_at = replies.iter().filter(|reply| reply.problem()["code"] == "wrong_code").count();
    assert_eq!(looked_at, 5);
    assert!(replies.iter().all(|reply| reply.code() == 401));
}

#[tokio::test]
async fn ten_wrong_codes_lock_a_person_out_for_a_while() {
    let app = TestApp::spawn().await;
    let (_, authenticator) = person_with_app(&app, "ada@x.test").await;
    for _ in 0..2 {
        let token = session_token(&app, "ada@x.test").await;
        let wrong = authenticator.wrong_code(&app);
        for _ in 0..5 {
            prove(&app, &token, &wrong).await.refused(401, "wrong_code");
        }
    }
    let token = session_token(&app, "ada@x.test").await;

    let refused = prove(&app, &token, &authenticator.next_code(&app)).await;

    let wait: i64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=900).contains(&wait), "{wait}");
    refused.refused(429, "rate_limited");
    app.clock.advance(minutes(15));
    let token = session_token(&app, "ada@x.test").await;
    prove(&app, &token, &authenticator.code(&app)).await.ok();
}

#[tokio::test]
async fn a_right_code_begins_the_count_anew() {
    let app = TestApp::spawn().await;
    let (_, authenticator) = person_with_app(&app, "ada@x.test").await;

    for _ in 0..4 {
        let token = session_token(&app, "ada@x.test").await;
        let wrong = authenticator.wrong_code(&app);
        for _ in 0..4 {
            prove(&app, &token, &wrong).await.refused(401, "wrong_code");
        }
        prove(&app, &token, &authenticator.next_code(&app)).await.ok();
    }
}

#[tokio::test]
async fn an_app_is_added_soon_after_a_sign_in_only() {
    let app = TestApp::spawn().await;
    let tokens = first_factor(&app, "ada@x.test").await;
    app.clock.advance(minutes(16));
    let body = json!({"refresh_token": tokens["refresh_token"]});
    let tokens = app.anonymous().post("/api/v1/auth/refresh", body).await.ok();

    let ada = with(&app, &tokens);

    ada.act("/api/v1/me/second-factor/totp").await.refused(403, "recent_sign_in_required");
}

#[tokio::test]
async fn a_second_app_waits_until_the_first_is_removed() {
    let app = TestApp::spawn().await;
    let (ada, _) = person_with_app(&app, "ada@x.test").await;

    ada.act("/api/v1/me/second-factor/totp").await.refused(409, "totp_enabled");
    let body = json!({"code": "123456"});
    let confirm = "/api/v1/me/second-factor/totp/confirm";
    ada.post(confirm, body).await.refused(409, "totp_enabled");
}

#[tokio::test]
async fn confirming_needs_a_code_of_the_secret_in_time() {
    let app = TestApp::spawn().await;
    let ada = with(&app, &first_factor(&app, "ada@x.test").await);
    let confirm = async |code: String| {
        ada.post("/api/v1/me/second-factor/totp/confirm", json!({"code": code})).await
    };
    confirm("123456".to_owned()).await.refused(409, "totp_not_started");
    let setup = ada.act("/api/v1/me/second-factor/totp").await.ok();
    let authenticator = Authenticator::new(&setup["secret"]);

    let wrong = confirm(authenticator.wrong_code(&app)).await.broken_rules();
    assert_eq!(wrong, [("/code".to_owned(), "wrong_code".to_owned())]);
    let again = ada.act("/api/v1/me/second-factor/totp").await.ok();
    confirm(authenticator.code(&app)).await.expect(422);
    confirm(Authenticator::new(&again["secret"]).code(&app)).await.ok();
    app.run_jobs().await;
}

#[tokio::test]
async fn a_secret_that_was_not_confirmed_ends() {
    let app = TestApp::spawn().await;
    let tokens = first_factor(&app, "ada@x.test").await;
    let setup = with(&app, &tokens).act("/api/v1/me/second-factor/totp").await.ok();
    app.clock.advance(minutes(15));
    let body = json!({"refresh_token": tokens["refresh_token"]});
    let tokens = app.anonymous().post("/api/v1/auth/refresh", body).await.ok();

    let body = json!({"code": Authenticator::new(&setup["secret"]).code(&app)});
    let reply = with(&app, &tokens).post("/api/v1/me/second-factor/totp/confirm", body).await;

    reply.refused(409, "totp_not_started");
}

#[tokio::test]
async fn removing_the_app_needs_a_code_of_it() {
    let app = TestApp::spawn().await;
    let (ada, authenticator) = person_with_app(&app, "ada@x.test").await;
    let disable = async |body: Value| ada.post("/api/v1/me/second-factor/totp/disable", body).await;

    let wrong = disable(json!({"code": authenticator.wrong_code(&app)})).await.broken_rules();
    assert_eq!(wrong, [("/code".to_owned(), "wrong_code".to_owned())]);
    disable(json!({"code": authenticator.next_code(&app)})).await.no_content();

    assert!(first_factor(&app, "ada@x.test").await["access_token"].is_string());
    let body = json!({"code": authenticator.next_code(&app)});
    disable(body).await.refused(409, "totp_not_enabled");
}

#[tokio::test]
async fn what_is_no_code_is_refused_by_its_place() {
    let app = TestApp::spawn().await;
    let send = async |body: Value| {
        app.anonymous().post("/api/v1/auth/second-factor", body).await.broken_rules()
    };
    let rule = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());

    let token = "unknown";
    assert_eq!(send(json!({"session_token": token})).await, [rule("/code", "required")]);
    assert_eq!(
        send(json!({"session_token": token, "code": "123456", "recovery_code": "x"})).await,
        [rule("/recovery_code", "invalid")]
    );
    assert_eq!(
        send(json!({"session_token": token, "code": "12 34 56", "x": 1})).await,
        [rule("/code", "invalid"), rule("/x", "unknown_field")]
    );
    assert_eq!(send(json!({"code": "123456"})).await, [rule("/session_token", "required")]);
}
