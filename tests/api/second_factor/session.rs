//! The session token: good for the second factor, for a while, and for nothing else.

use chrono::Utc;
use serde_json::json;

use super::*;
use crate::support::minutes;

/// The operations that take a session token, with what else they take.
fn operations(session_token: &str) -> Vec<(&'static str, Value)> {
    let with = |mut body: Value| {
        body["session_token"] = session_token.into();
        body
    };
    vec![
        ("/api/v1/auth/second-factor", with(json!({"code": "123456"}))),
        ("/api/v1/auth/second-factor", with(json!({"recovery_code": "abcd"}))),
        ("/api/v1/auth/second-factor/totp", with(json!({}))),
        ("/api/v1/auth/second-factor/totp/confirm", with(json!({"code": "123456"}))),
        ("/api/v1/auth/phone/start", with(json!({"phone": "+61412345678"}))),
        ("/api/v1/auth/phone/verify", with(json!({"code": "123456"}))),
    ]
}

#[tokio::test]
async fn it_opens_no_other_operation() {
    let app = TestApp::spawn().await;
    person_with_app(&app, "ada@x.test").await;
    let token = session_token(&app, "ada@x.test").await;
    let caller = app.anonymous().with_token(&token);

    for path in ["/api/v1/me", "/api/v1/me/second-factor", "/api/v1/me/agencies"] {
        caller.get(path).await.expect(401);
    }
    let body = json!({"refresh_token": token});
    app.anonymous().post("/api/v1/auth/refresh", body).await.refused(401, "invalid_token");
    let body = json!({"token": token});
    let verify = "/api/v1/auth/magic-link/verify";
    app.anonymous().post(verify, body).await.refused(401, "invalid_token");
}

#[tokio::test]
async fn other_tokens_are_no_session_tokens() {
    let (app, twilio) = with_text_messages().await;
    let tokens = twilio.sign_in(&app, "ada@x.test", "+61412345678").await;

    for name in ["access_token", "refresh_token"] {
        for (path, mut body) in operations("") {
            // Longer than any session token, which is a broken rule and no secret.
            body["session_token"] = tokens[name].clone();
            let reply = app.anonymous().unchecked().post(path, body).await;
            match reply.code() {
                401 => drop(reply.refused(401, "invalid_token")),
                _ => assert_eq!(reply.broken_rules()[0].0, "/session_token"),
            }
        }
    }
    for (path, body) in operations("made-up") {
        app.anonymous().post(path, body).await.refused(401, "invalid_token");
    }
    app.run_jobs().await;
}

#[tokio::test]
async fn it_ends_after_fifteen_minutes_and_with_its_use() {
    let app = TestApp::spawn().await;
    let (_, authenticator) = person_with_app(&app, "ada@x.test").await;
    let (old, used) =
        (session_token(&app, "ada@x.test").await, session_token(&app, "ada@x.test").await);
    prove(&app, &used, &authenticator.next_code(&app)).await.ok();

    prove(&app, &used, &authenticator.next_code(&app)).await.refused(401, "invalid_token");
    app.clock.advance(minutes(15));
    prove(&app, &old, &authenticator.code(&app)).await.refused(401, "invalid_token");
}

#[tokio::test]
async fn whoever_was_suspended_meanwhile_is_refused() {
    let app = TestApp::spawn().await;
    let (_, authenticator) = person_with_app(&app, "ada@x.test").await;
    let token = session_token(&app, "ada@x.test").await;
    change_person(&app, "ada@x.test", user::Column::SuspendedAt, Some(app.clock.now()).into())
        .await;

    let code = authenticator.next_code(&app);

    prove(&app, &token, &code).await.refused(403, "account_suspended");
    let none: Option<chrono::DateTime<Utc>> = None;
    change_person(&app, "ada@x.test", user::Column::SuspendedAt, none.into()).await;
    prove(&app, &token, &authenticator.next_code(&app)).await.refused(401, "invalid_token");
}

#[tokio::test]
async fn invitations_wait_for_the_second_factor() {
    let twilio = Twilio::start().await;
    let optional = |options| twilio.configure(options).set("SECOND_FACTOR", "optional");
    let app = TestApp::spawn_with(optional).await;
    let acme = app.agency("acme").await;
    let invitation = json!({"email": "root@x.test", "role": "member"});
    let member = acme.owner().post("/members", invitation).await.created();
    let status = async || {
        let path = format!("/members/{}", member["id"].as_str().unwrap());
        acme.owner().get(&path).await.ok()["status"].clone()
    };
    // Operators need a second factor.
    change_person(&app, "root@x.test", user::Column::IsSuperAdmin, true.into()).await;
    session_token(&app, "root@x.test").await;
    assert_eq!(status().await, "invited");

    twilio.sign_in(&app, "root@x.test", "+61412345678").await;

    assert_eq!(status().await, "active");
    app.run_jobs().await;
}

#[tokio::test]
async fn a_browser_keeps_it_in_a_cookie() {
    let app = TestApp::spawn().await;
    let (_, authenticator) = person_with_app(&app, "ada@x.test").await;
    app.anonymous()
        .post("/api/v1/auth/magic-link", json!({"email": "ada@x.test"}))
        .await
        .accepted();
    app.run_jobs().await;
    let body = json!({"token": app.magic_link_token("ada@x.test").await});
    let reply = app.anonymous().post("/api/v1/auth/magic-link/verify", body).await.expect(200);
    let token = reply.json()["session_token"].as_str().unwrap().to_owned();
    let cookie = reply.header("set-cookie").unwrap().to_owned();
    assert!(cookie.starts_with(&format!("session_token={token};")), "{cookie}");
    assert!(cookie.contains("HttpOnly") && cookie.contains("Path=/api/v1/auth"), "{cookie}");

    let browser = app.anonymous().with("Cookie", format!("session_token={token}"));
    let body = json!({"code": authenticator.next_code(&app)});
    let path = "/api/v1/auth/second-factor";
    browser.post(path, body.clone()).await.refused(403, "origin_mismatch");
    let elsewhere = browser.with("Origin", "https://evil.test");
    elsewhere.post(path, body.clone()).await.refused(403, "origin_mismatch");
    let here = browser.with("Origin", &app.app().config().public_base_url);
    here.post(path, body).await.ok();
}
