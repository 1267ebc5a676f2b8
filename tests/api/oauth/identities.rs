//! Connecting accounts to a person who is signed in.

use serde_json::json;

use super::{Browser, app_at, connect, location, parameter, refusal, security_log};
use crate::support::issuer::Issuer;
use crate::support::minutes;

#[tokio::test]
async fn an_account_with_an_unverified_address_signs_in_once_it_is_connected() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    let ada = app.sign_in("ada@x.test").await;
    issuer.behave(|behaviour| {
        behaviour.facebook_person = json!({"id": "10", "email": "somebody@x.test"});
    });

    let end = connect(&app, &ada, "facebook").await;

    assert_eq!(parameter(&end, "error"), None, "{end}");
    let mine = ada.get("/api/v1/me/identities").await.ok();
    assert_eq!(mine["data"][0]["provider"], "facebook");
    assert_eq!(mine["data"][0]["email"], "somebody@x.test");
    let mut browser = Browser::new(&app);
    browser.sign_in("facebook").await;
    assert_eq!(browser.email().await, "ada@x.test");
    assert_eq!(security_log(&app, "identity_changed").await.len(), 1);
}

#[tokio::test]
async fn connecting_the_same_account_again_changes_nothing() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    let ada = app.sign_in("ada@x.test").await;

    for _ in 0..2 {
        assert_eq!(parameter(&connect(&app, &ada, "google").await, "error"), None);
    }

    let mine = ada.get("/api/v1/me/identities").await.ok();
    assert_eq!(mine["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_account_belongs_to_one_person() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    let (ada, eve) = (app.sign_in("ada@x.test").await, app.sign_in("eve@x.test").await);
    connect(&app, &ada, "google").await;

    let end = connect(&app, &eve, "google").await;

    assert_eq!(refusal(&end), "identity_taken");
    let hers = eve.get("/api/v1/me/identities").await.ok();
    assert_eq!(hers["data"], json!([]));
}

#[tokio::test]
async fn an_account_that_is_disconnected_signs_nobody_in() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    let (ada, eve) = (app.sign_in("ada@x.test").await, app.sign_in("eve@x.test").await);
    issuer.behave(|behaviour| behaviour.facebook_person = json!({"id": "10"}));
    connect(&app, &ada, "facebook").await;
    let mine = ada.get("/api/v1/me/identities").await.ok();
    let path = format!("/api/v1/me/identities/{}", mine["data"][0]["id"].as_str().unwrap());

    eve.delete(&path).await.refused(404, "not_found");
    ada.delete(&path).await.no_content();

    ada.delete(&path).await.refused(404, "not_found");
    assert_eq!(refusal(&Browser::new(&app).sign_in("facebook").await), "email_missing");
}

#[tokio::test]
async fn an_account_is_connected_in_the_browser_that_began_only() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    let mallory = app.sign_in("mallory@x.test").await;
    let started = mallory.post("/api/v1/me/identities", json!({"provider": "google"})).await.ok();
    let url = started["authorization_url"].as_str().unwrap();

    // Sent to a victim, whose account would then open what belongs to mallory.
    let mut victim = Browser::new(&app);
    victim.open("/api/v1/auth/oauth/google/start").await;
    let back = location(victim.open(url).await);
    let end = location(victim.open(&back).await);

    assert_eq!(refusal(&end), "oauth_state_invalid");
    let connected = mallory.get("/api/v1/me/identities").await.ok();
    assert_eq!(connected["data"], json!([]));
}

#[tokio::test]
async fn what_cannot_be_connected_is_refused_by_its_name() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    let ada = app.sign_in("ada@x.test").await;
    let ask = async |body| ada.post("/api/v1/me/identities", body).await;

    for provider in ["sso", "nonsense"] {
        let broken = ask(json!({"provider": provider})).await.broken_rules();
        assert_eq!(broken[0].0, "/provider", "{broken:?}");
    }
    let elsewhere = json!({"provider": "google", "return_url": "https://evil.test/"});
    let broken = ask(elsewhere).await.broken_rules();
    assert_eq!(broken, [("/return_url".to_owned(), "origin_not_allowed".to_owned())]);
}

#[tokio::test]
async fn an_old_sign_in_cannot_connect_an_account() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    let mut browser = Browser::new(&app);
    browser.sign_in("google").await;
    app.clock.advance(minutes(14));
    let ada = app.anonymous().with_token(&browser.cookies["access_token"]);
    let ask = || ada.post("/api/v1/me/identities", json!({"provider": "github"}));
    ask().await.ok();
    let refresh = json!({"refresh_token": browser.cookies["refresh_token"]});
    app.clock.advance(minutes(2));
    let tokens = app.anonymous().post("/api/v1/auth/refresh", refresh).await.ok();
    let ada = app.anonymous().with_token(tokens["access_token"].as_str().unwrap());

    let refused = ada.post("/api/v1/me/identities", json!({"provider": "github"})).await;

    refused.refused(403, "recent_sign_in_required");
}
