//! Agencies, their look, and the person who is signed in.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Client, Reply, TestApp};

/// A PNG of 320 by 80 pixels, as far as anybody looks; `shade` makes it another one.
fn png(shade: u8) -> Vec<u8> {
    let head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\x40\0\0\0\x50\x08\x06\0\0\0";
    [&head[..], &[shade]].concat()
}

async fn put_logo(caller: &Client, image: Vec<u8>) -> Reply {
    // Whatever it is called, the bytes decide.
    caller.send(Method::PUT, "/branding/logo", Some("text/plain"), image).await
}

#[tokio::test]
async fn an_agency_is_created_whole() {
    let app = TestApp::spawn().await;
    let ada = app.stranger().await;

    let reply = ada.post("/api/v1/agencies", json!({"name": " Riverbend & Sons "})).await;

    let (location, etag) = (reply.location(), reply.etag());
    let agency = reply.created();
    assert_eq!(agency["name"], "Riverbend & Sons");
    assert_eq!(agency["slug"], "riverbend-sons");
    assert_eq!(agency["role"], "owner");
    assert_eq!(agency["currency"], "AUD");
    assert_eq!(agency["timezone"], "Australia/Sydney");
    let read = ada.get(&location).await;
    assert_eq!(read.etag(), etag);
    assert_eq!(read.ok(), agency);
    let owner = ada.in_agency("riverbend-sons");
    let profile = owner.get("/profile").await.ok();
    assert_eq!(profile["tax_label"], "GST");
    assert_eq!(profile["tax_rate_bps"], 1000);
    assert_eq!(profile["default_payment_terms"], "NET_14");
    let members = owner.get("/members").await.ok();
    assert_eq!(members["data"][0]["email"], ada.email());
    assert_eq!(members["data"][0]["status"], "active");
    let me = ada.get("/api/v1/me").await.ok();
    assert_eq!(me["default_agency_id"], agency["id"]);
}

#[tokio::test]
async fn a_new_agency_takes_its_own_settings() {
    let app = TestApp::spawn().await;
    let ada = app.stranger().await;
    let new = json!({
        "name": "Kiwi", "slug": "kiwi", "email": "Hello@Kiwi.test", "currency": "NZD",
        "timezone": "Pacific/Auckland", "country": "New Zealand", "tax_label": "GST",
        "tax_rate_bps": 1500, "tax_registered": false,
    });

    let agency = ada.post("/api/v1/agencies", new).await.created();

    assert_eq!(agency["email"], "hello@kiwi.test");
    let profile = ada.in_agency("kiwi").get("/profile").await.ok();
    assert_eq!(profile["currency"], "NZD");
    assert_eq!(profile["country"], "New Zealand");
    assert_eq!(profile["tax_rate_bps"], 1500);
    assert_eq!(profile["tax_registered"], false);
}

#[tokio::test]
async fn every_broken_rule_of_a_new_agency_is_named() {
    let app = TestApp::spawn().await;
    let ada = app.stranger().await;
    let bad = json!({
        "name": "x", "slug": "-A-", "email": "nobody", "currency": "aud",
        "timezone": "Mars/Olympus", "country": "", "tax_label": "x".repeat(21),
        "tax_rate_bps": 10_001, "plan": "enterprise",
    });

    let broken = ada.post("/api/v1/agencies", bad).await.broken_rules();

    let pointers: Vec<&str> = broken.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/country",
            "/currency",
            "/email",
            "/name",
            "/plan",
            "/slug",
            "/tax_label",
            "/tax_rate_bps",
            "/timezone",
        ]
    );
    for slug in ["admin", "ab", "Riverbend"] {
        let new = json!({"name": "Admin", "slug": slug});
        ada.post("/api/v1/agencies", new).await.refused(422, "validation_failed");
    }
    ada.post("/api/v1/agencies", json!({})).await.refused(422, "validation_failed");
}

#[tokio::test]
async fn a_slug_is_given_once() {
    let app = TestApp::spawn().await;
    let ada = app.stranger().await;
    let ask = async |slug: &str| {
        ada.get(&format!("/api/v1/agencies/slug-available?slug={slug}")).await.ok()
    };

    assert_eq!(ask("acme").await, json!({"slug": "acme", "available": true, "reason": null}));
    ada.post("/api/v1/agencies", json!({"name": "Acme", "slug": "acme"})).await.created();

    assert_eq!(ask("acme").await["reason"], "taken");
    assert_eq!(ask("www").await["reason"], "reserved");
    assert_eq!(ask("A").await["reason"], "format");
    let again = ada.post("/api/v1/agencies", json!({"name": "Acme", "slug": "acme"})).await;
    assert_eq!(again.refused(409, "conflict")["field"], "slug");
    let derived = ada.post("/api/v1/agencies", json!({"name": "Acme"})).await.created();
    assert_eq!(derived["slug"], "acme-2");
    let reserved = ada.post("/api/v1/agencies", json!({"name": "Admin"})).await.created();
    assert_eq!(reserved["slug"], "admin-2");
    ada.get("/api/v1/agencies/slug-available").await.refused(422, "validation_failed");
}

#[tokio::test]
async fn parallel_creations_of_one_name_all_get_a_slug() {
    let app = TestApp::spawn().await;
    let ada = app.stranger().await;

    let replies =
        join_all((0..12).map(|_| ada.post("/api/v1/agencies", json!({"name": "Acme"})))).await;

    let slugs: BTreeSet<String> =
        replies.into_iter().map(|reply| reply.created()["slug"].to_string()).collect();
    assert_eq!(slugs.len(), 12);
    assert!(slugs.contains("\"acme\"") && slugs.contains("\"acme-12\""), "{slugs:?}");
    let me = ada.get("/api/v1/me").await.ok();
    assert_eq!(me["agencies"].as_array().unwrap().len(), 12);
}

#[tokio::test]
async fn a_repeated_creation_is_answered_once() {
    let app = TestApp::spawn().await;
    let ada = app.stranger().await.once("create-acme");

    let first = ada.post("/api/v1/agencies", json!({"name": "Acme"})).await;
    let again = ada.post("/api/v1/agencies", json!({"name": "Acme"})).await;

    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.created(), first.created());
    let other = ada.post("/api/v1/agencies", json!({"name": "Other"})).await.broken_rules();
    assert_eq!(other[0].1, "idempotency_key_reused");
}

#[tokio::test]
async fn an_agency_is_changed_by_who_may() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let patch =
        json!({"name": "Acme Studio", "phone": "+61 2 5550 1234", "website": "https://acme.test"});

    let denied = acme.member().patch("", patch.clone()).await.refused(403, "forbidden");
    let changed = acme.admin().patch("", patch).await.ok();

    assert_eq!(denied["permission"], "settings:edit");
    assert_eq!(changed["name"], "Acme Studio");
    assert_eq!(changed["slug"], "acme");
    let seen = acme.member().get("").await.ok();
    assert_eq!((&seen["name"], &seen["role"]), (&changed["name"], &json!("member")));
    let broken = acme
        .owner()
        .patch(
            "",
            json!({"name": "", "email": "x", "phone": "1\n2", "website": "acme", "slug": "x"}),
        )
        .await
        .broken_rules();
    let pointers: Vec<&str> = broken.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(pointers, ["/email", "/name", "/phone", "/slug", "/website"]);
    acme.owner().patch("", json!({"name": null})).await.refused(422, "validation_failed");
}

#[tokio::test]
async fn a_stale_change_is_refused_and_an_empty_one_is_none() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let etag = owner.get("").await.etag();
    let same = owner.if_match(&etag).patch("", json!({"name": "acme"})).await;
    assert_eq!(same.etag(), etag);
    owner.if_match(&etag).patch("", json!({"phone": "1"})).await.ok();

    owner
        .if_match(&etag)
        .patch("", json!({"phone": "2"}))
        .await
        .refused(412, "precondition_failed");
    let colors = json!({"primary_color": "#000000"});
    owner.if_match(&etag).patch("/branding", colors).await.refused(412, "precondition_failed");
    let image = owner.if_match(&etag);
    put_logo(&image, png(1)).await.refused(412, "precondition_failed");

    assert_eq!(owner.get("").await.ok()["phone"], "1");
    let now = owner.get("").await.etag();
    assert_eq!(owner.with("If-None-Match", now).get("").await.code(), 304);
}

#[tokio::test]
async fn the_matrix_shows_what_a_role_may_do() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;

    let of = async |caller: Client| caller.get("/permissions").await.ok();
    let (owner, member) = (of(acme.owner()).await, of(acme.member()).await);

    assert_eq!(
        owner["resources"].as_array().unwrap().len(),
        member["resources"].as_array().unwrap().len()
    );
    let has =
        |view: &Value, key: &str| view["permissions"].as_array().unwrap().contains(&json!(key));
    assert!(has(&owner, "agency:delete") && !has(&member, "agency:delete"));
    assert!(has(&member, "client:create"));
}

#[tokio::test]
async fn colours_are_changed_and_checked() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;

    let branding = acme.admin().patch("/branding", json!({"primary_color": "#0F766E"})).await.ok();

    assert_eq!(branding["primary_color"], "#0F766E");
    assert_eq!(branding["logo"], Value::Null);
    assert_eq!(acme.member().get("").await.ok()["branding"], branding);
    let bad = json!({"primary_color": "red", "accent_color": "#12345g"});
    assert_eq!(acme.owner().patch("/branding", bad).await.broken_rules().len(), 2);
    acme.member().patch("/branding", json!({})).await.refused(403, "forbidden");
}

#[tokio::test]
async fn a_logo_is_public_under_its_hash() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;

    let branding = put_logo(&acme.owner(), png(1)).await.ok();

    assert_eq!(branding["logo"]["content_type"], "image/png");
    let url = branding["logo"]["url"].as_str().unwrap();
    let shown = app.anonymous().get(url).await.expect(200);
    assert_eq!(shown.bytes(), png(1));
    assert_eq!(shown.content_type(), Some("image/png"));
    assert_eq!(shown.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(shown.header("x-content-type-options"), Some("nosniff"));
    let again = put_logo(&acme.owner(), png(1)).await;
    assert_eq!(again.etag(), "\"2\"");
    let other = put_logo(&acme.owner(), png(2)).await.ok();
    assert_ne!(other["logo"]["url"], branding["logo"]["url"]);
    app.anonymous().get(&format!("/assets/logos/{}", "0".repeat(64))).await.expect(404);
}

#[tokio::test]
async fn a_logo_is_taken_away_and_stays_where_it_was_shown() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let branding = put_logo(&owner, png(1)).await.ok();

    owner.delete("/branding/logo").await.no_content();
    owner.delete("/branding/logo").await.no_content();

    assert_eq!(owner.get("").await.ok()["branding"]["logo"], Value::Null);
    app.anonymous().get(branding["logo"]["url"].as_str().unwrap()).await.expect(200);
    assert_eq!(put_logo(&owner, png(1)).await.ok(), branding);
}

#[tokio::test]
async fn what_is_no_logo_is_refused() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let owner = acme.owner();

    put_logo(&owner, Vec::new()).await.refused(415, "unsupported_media_type");
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec();
    put_logo(&owner, svg).await.refused(415, "unsupported_media_type");
    let large = [png(1), vec![0; 2 * 1024 * 1024]].concat();
    put_logo(&owner, large).await.refused(413, "payload_too_large");
    put_logo(&acme.member(), png(1)).await.refused(403, "forbidden");

    assert_eq!(owner.get("").await.ok()["branding"]["logo"], Value::Null);
}

#[tokio::test]
async fn a_person_changes_their_picture() {
    let app = TestApp::spawn().await;
    let ada = app.stranger().await;
    let etag = ada.get("/api/v1/me").await.etag();

    let me =
        ada.if_match(&etag).patch("/api/v1/me", json!({"avatar": "https://x.test/a.png"})).await;

    assert_eq!(me.ok()["avatar"], "https://x.test/a.png");
    let stale = ada.if_match(&etag).patch("/api/v1/me", json!({"avatar": ""})).await;
    stale.refused(412, "precondition_failed");
    for bad in [json!({"avatar": "javascript:alert(1)"}), json!({"email": "eve@x.test"})] {
        ada.patch("/api/v1/me", bad).await.refused(422, "validation_failed");
    }
}

#[tokio::test]
async fn a_person_s_agencies_are_listed_by_name() {
    let app = TestApp::spawn().await;
    let ada = app.stranger().await;
    for name in ["Zebra", "Acme"] {
        ada.post("/api/v1/agencies", json!({"name": name})).await.created();
    }

    let list = ada.get("/api/v1/me/agencies").await.ok();

    let names: Vec<&Value> = list["data"].as_array().unwrap().iter().map(|a| &a["name"]).collect();
    assert_eq!(names, [&json!("Acme"), &json!("Zebra")]);
    let default: Vec<&Value> =
        list["data"].as_array().unwrap().iter().map(|a| &a["is_default"]).collect();
    assert_eq!(default, [&json!(false), &json!(true)]);
    let acme = list["data"][0]["id"].clone();
    let me = ada.put("/api/v1/me/default-agency", json!({"agency_id": acme})).await.ok();
    assert_eq!(me["default_agency_id"], acme);
}

#[tokio::test]
async fn only_one_s_own_agency_can_be_the_default() {
    let app = TestApp::spawn().await;
    let ada = app.stranger().await;
    let choose = async |id: String| {
        ada.put("/api/v1/me/default-agency", json!({"agency_id": id})).await.broken_rules()
    };

    let foreign = choose(app.bystander().id().to_string()).await;
    let made_up = choose("agc_01jd3k9v5xe8rt2m4n6p8q0s2v".to_owned()).await;
    let wrong = choose("cli_01jd3k9v5xe8rt2m4n6p8q0s2v".to_owned()).await;

    assert_eq!(foreign, [("/agency_id".to_owned(), "unknown".to_owned())]);
    assert_eq!(made_up, foreign);
    assert_eq!(wrong, [("/agency_id".to_owned(), "invalid".to_owned())]);
}
