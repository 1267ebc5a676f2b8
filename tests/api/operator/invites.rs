//! Invitations, and the gate of sign-up.

use serde_json::{Value, json};

use super::audit;
use crate::race::{self, race, statuses};
use crate::support::{Client, Reply, TestApp, days};

const INVITES: &str = "/api/v1/admin/beta-invites";

/// Invites an address; returns the invitation and the token of its link.
async fn invited(app: &TestApp, operator: &Client, email: &str) -> (Value, String) {
    let invite = operator.post(INVITES, json!({"email": email})).await.created();
    app.run_jobs().await;
    (invite, app.invite_token(&email.to_lowercase()).await)
}

async fn found(person: &Client, slug: &str, token: Option<&str>) -> Reply {
    let mut body = json!({"name": slug, "slug": slug});
    if let Some(token) = token {
        body["invite_token"] = token.into();
    }
    person.post("/api/v1/agencies", body).await
}

async fn gated() -> TestApp {
    let settings = [("SIGNUP_MODE", "invite_only"), ("NEW_AGENCY_PLAN", "free")];
    TestApp::spawn_with(|options| {
        settings.iter().fold(options, |options, (key, value)| options.set(key, *value))
    })
    .await
}

#[tokio::test]
async fn an_invitation_makes_an_agency_that_pays_nothing() {
    let app = gated().await;
    let operator = app.operator().await;
    let (invite, token) = invited(&app, &operator, "Ada@X.test").await;
    assert_eq!((&invite["email"], &invite["status"]), (&json!("ada@x.test"), &json!("pending")));
    let shown = app.anonymous().get(&format!("/public/v1/invites/{token}")).await.ok();
    assert_eq!(shown["email"], "a***@x.test");
    assert_eq!((&shown["valid"], &shown["expires_at"]), (&json!(true), &invite["expires_at"]));
    let ada = app.sign_in("ada@x.test").await;

    let agency = found(&ada, "acme", Some(&token)).await.created();

    let path = format!("/api/v1/admin/agencies/{}", agency["id"].as_str().unwrap());
    let freemium = operator.get(&path).await.ok()["freemium"].clone();
    assert_eq!(freemium["reason"], "beta_tester");
    assert_eq!(freemium["granted_by"], "system:beta_invite");
    assert_eq!((&freemium["is_in_force"], &freemium["expires_at"]), (&json!(true), &Value::Null));
    let list = operator.get(&format!("{INVITES}?status=used")).await.ok();
    assert_eq!(list["data"][0]["used_by_agency_id"], agency["id"]);
    assert_eq!(list["by_status"], json!({"pending": 0, "used": 1, "expired": 0, "revoked": 0}));
    let shown = app.anonymous().get(&format!("/public/v1/invites/{token}")).await.ok();
    assert_eq!((&shown["valid"], &shown["status"]), (&json!(false), &json!("used")));
    let again = found(&ada, "umbrella", Some(&token)).await.refused(409, "invalid_state");
    assert_eq!(again["current"], "used");
    let agency_id = agency["id"].as_str().unwrap();
    let log = audit(&operator, &format!("agency={agency_id}&action=freemium.granted")).await;
    assert_eq!(log.len(), 1);
}

#[tokio::test]
async fn without_an_invitation_the_gate_stays_shut() {
    let app = gated().await;
    let operator = app.operator().await;
    let (_, token) = invited(&app, &operator, "ada@x.test").await;
    let eve = app.sign_in("eve@x.test").await;
    let providers = app.anonymous().get("/api/v1/auth/providers").await.ok();
    assert_eq!(providers["sign_up"], "invite_only");

    found(&eve, "acme", None).await.refused(403, "invite_required");
    found(&eve, "acme", Some(&token)).await.refused(403, "invite_email_mismatch");
    let unknown = found(&eve, "acme", Some("7NpWbYqS2xKfDh4mRtVa3e")).await;
    assert_eq!(unknown.broken_rules(), [("/invite_token".to_owned(), "unknown".to_owned())]);

    assert_eq!(eve.get("/api/v1/me/agencies").await.ok()["data"], json!([]));
    let shown = app.anonymous().get(&format!("/public/v1/invites/{token}")).await.ok();
    assert_eq!(shown["valid"], true, "a refused attempt uses nothing up");
}

#[tokio::test]
async fn an_invitation_does_not_outlive_its_time() {
    let app = gated().await;
    let operator = app.operator().await;
    let (invite, token) = invited(&app, &operator, "ada@x.test").await;
    let path = format!("{INVITES}/{}", invite["id"].as_str().unwrap());
    let twice = operator.post(INVITES, json!({"email": "ada@x.test"})).await;
    assert_eq!(twice.refused(409, "conflict")["field"], "email");
    app.clock.advance(days(31));

    let ada = app.sign_in("ada@x.test").await;
    let late = found(&ada, "acme", Some(&token)).await.refused(409, "invalid_state");

    assert_eq!(late["current"], "expired");
    operator.act(&format!("{path}/resend")).await.refused(409, "invalid_state");
    operator.act(&format!("{path}/revoke")).await.refused(409, "invalid_state");
    let list = operator.get(&format!("{INVITES}?status=expired")).await.ok();
    assert_eq!(list["data"][0]["id"], invite["id"]);
    assert_eq!(list["by_status"]["pending"], 0);
    app.on_server(|app| async move { kernel::upkeep::sweep(&app).await.unwrap() }).await;
    let after = operator.get(&format!("{INVITES}?status=expired")).await.ok();
    assert_eq!(after["data"], list["data"]);
    // The address can be invited anew.
    let (_, token) = invited(&app, &operator, "ada@x.test").await;
    found(&ada, "acme", Some(&token)).await.created();
}

#[tokio::test]
async fn an_invitation_is_sent_again_with_the_same_link_and_taken_back() {
    let app = gated().await;
    let operator = app.operator().await;
    let (invite, token) = invited(&app, &operator, "ada@x.test").await;
    let path = format!("{INVITES}/{}", invite["id"].as_str().unwrap());

    operator.act(&format!("{path}/resend")).await.ok();
    app.run_jobs().await;

    let mails = app.inbox().await;
    let mails = mails.iter().filter(|mail| mail.kind == "beta_invite");
    assert_eq!(mails.filter(|mail| mail.text.contains(&token)).count(), 2);
    let revoked = operator.act(&format!("{path}/revoke")).await.ok();
    assert_eq!(revoked["status"], "revoked");
    let ada = app.sign_in("ada@x.test").await;
    let refused = found(&ada, "acme", Some(&token)).await.refused(409, "invalid_state");
    assert_eq!(refused["current"], "revoked");
    let log = audit(&operator, "action=security.beta_invite_changed").await;
    let changes: Vec<&Value> = log.iter().map(|entry| &entry["metadata"]["change"]).collect();
    assert_eq!(changes, ["revoked", "resent", "created"]);
}

#[tokio::test]
async fn twenty_who_redeem_at_once_make_one_agency() {
    let app = race::spawn().await;
    let operator = app.operator().await;
    let (_, token) = invited(&app, &operator, "ada@x.test").await;
    let ada = app.sign_in("ada@x.test").await;

    let replies = race(20, |number| {
        let (ada, token) = (ada.clone(), token.clone());
        async move { found(&ada, &format!("agency-{number}"), Some(&token)).await }
    })
    .await;

    let statuses = statuses(&replies);
    assert_eq!(statuses.get(&201), Some(&1), "{statuses:?}");
    assert_eq!(statuses.get(&409), Some(&19), "{statuses:?}");
    let mine = ada.get("/api/v1/me/agencies").await.ok();
    assert_eq!(mine["data"].as_array().unwrap().len(), 1);
    let list = operator.get(&format!("{INVITES}?status=used")).await.ok();
    assert_eq!(list["data"][0]["used_by_agency_id"], mine["data"][0]["id"]);
}

#[tokio::test]
async fn the_page_of_an_invitation_carries_it_through_the_sign_in() {
    let app = gated().await;
    let operator = app.operator().await;
    let (_, token) = invited(&app, &operator, "ada@x.test").await;

    let page = app.anonymous().get(&format!("/invite/{token}")).await.expect(200);

    assert!(page.text().contains("a***@x.test"), "{}", page.text());
    assert!(!page.text().contains(&token));
    assert!(page.text().contains("/auth/sign-in"));
    let cookie = page.header("set-cookie").unwrap().to_owned();
    assert!(cookie.starts_with(&format!("beta_invite_token={token};")), "{cookie}");
    for attribute in ["HttpOnly", "SameSite=Lax", "Max-Age=604800", "Path=/"] {
        assert!(cookie.contains(attribute), "{attribute} in {cookie}");
    }
    let ada = app.sign_in("ada@x.test").await;
    let carried = ada.with("Cookie", format!("beta_invite_token={token}"));
    found(&carried, "acme", None).await.created();
    let again = app.anonymous().get(&format!("/invite/{token}")).await.expect(200);
    assert_eq!(again.header("set-cookie"), None);
    app.anonymous().get("/invite/7NpWbYqS2xKfDh4mRtVa3e").await.expect(404);
}

#[tokio::test]
async fn where_sign_up_is_open_a_cookie_that_cannot_be_used_is_passed_over() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let (_, token) = invited(&app, &operator, "ada@x.test").await;
    let eve = app.sign_in("eve@x.test").await.with("Cookie", format!("beta_invite_token={token}"));

    found(&eve, "umbrella", None).await.created();

    let shown = app.anonymous().get(&format!("/public/v1/invites/{token}")).await.ok();
    assert_eq!(shown["valid"], true);
    // What the request itself names is insisted on.
    found(&eve, "other", Some(&token)).await.refused(403, "invite_email_mismatch");
}
