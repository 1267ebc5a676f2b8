//! An agency's business details.

use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn details_are_changed_and_read_back() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let patch = json!({
        "legal_entity_name": " Acme Pty Ltd ",
        "business_number": "51 824 753 556",
        "address_line_1": "12 Wharf Street",
        "city": "Brisbane",
        "tax_rate_bps": 0,
        "tax_registered": false,
        "default_payment_terms": "NET_7",
        "timezone": "Australia/Brisbane",
        "invoice_footer": "Thank you.\nSee you again.",
    });

    let changed = owner.patch("/profile", patch).await.ok();

    assert_eq!(changed["legal_entity_name"], "Acme Pty Ltd");
    assert_eq!(changed["tax_rate_bps"], 0);
    assert_eq!(changed["default_payment_terms"], "NET_7");
    assert_eq!(changed["country"], "Australia");
    assert_eq!(owner.get("/profile").await.ok(), changed);
    assert_eq!(owner.get("").await.ok()["timezone"], "Australia/Brisbane");
    let cleared = owner.patch("/profile", json!({"legal_entity_name": ""})).await.ok();
    assert_eq!(cleared["legal_entity_name"], "");
}

#[tokio::test]
async fn every_broken_rule_of_the_details_is_named() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let bad = json!({
        "legal_entity_name": "x".repeat(256),
        "business_number": "x".repeat(21),
        "city": "x".repeat(101),
        "state": "x".repeat(51),
        "postcode": "x".repeat(21),
        "country": "",
        "bank_bsb": "12",
        "bank_account_number": "1".repeat(31),
        "currency": "XYZ",
        "tax_label": "",
        "tax_rate_bps": -1,
        "default_payment_terms": "CUSTOM",
        "default_proposal_validity_days": 0,
        "default_contract_validity_days": 3651,
        "invoice_footer": "x".repeat(2001),
        "timezone": "Sydney",
        "logo_file_id": "x",
    });

    let broken = owner.patch("/profile", bad.clone()).await.broken_rules();

    let named: Vec<&str> = broken.iter().map(|(pointer, _)| &pointer[1..]).collect();
    let mut sent: Vec<&str> = bad.as_object().unwrap().keys().map(String::as_str).collect();
    sent.sort_unstable();
    assert_eq!(named, sent);
    for bad in [json!({"city": null}), json!({"tax_rate_bps": "10"}), json!({"currency": 1})] {
        owner.patch("/profile", bad).await.refused(422, "validation_failed");
    }
}

#[tokio::test]
async fn the_bank_account_is_shown_on_request_only_and_that_is_logged() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let owner = acme.owner();
    let account = json!({"bank_bsb": "062-000", "bank_account_number": "12345678"});

    let masked = owner.patch("/profile", account).await.ok();

    assert_eq!(masked["bank_bsb"], "***000");
    assert_eq!(masked["bank_account_number"], "***678");
    assert_eq!(owner.get("/profile").await.ok(), masked);
    let revealed = acme.admin().get("/profile?reveal=true").await.ok();
    assert_eq!(revealed["bank_bsb"], "062-000");
    assert_eq!(revealed["bank_account_number"], "12345678");
    let log = logged(&app, acme.id()).await;
    assert!(log.contains("profile.sensitive_viewed") && log.contains("***"), "{log}");
    let stored = stored(&app, acme.id()).await;
    for text in [&log, &stored] {
        assert!(!text.contains("12345678") && !text.contains("062-000"), "{text}");
    }
    let same = owner.patch("/profile", json!({"bank_bsb": "062-000"})).await;
    assert_eq!(same.etag(), owner.get("/profile").await.etag());
    let cleared = owner.patch("/profile", json!({"bank_account_number": ""})).await.ok();
    assert_eq!(cleared["bank_account_number"], "");
}

/// The agency's activity log as text.
async fn logged(app: &TestApp, id: entity::AgencyId) -> String {
    use sea_orm::EntityTrait;

    app.on_server(move |app| async move {
        let ctx = kernel::tenancy::system_context(&app, id, "a test").await.unwrap();
        format!("{:?}", ctx.db().all(entity::activity::Entity::find()).await.unwrap())
    })
    .await
}

/// The agency's profile as it is stored.
async fn stored(app: &TestApp, id: entity::AgencyId) -> String {
    use sea_orm::EntityTrait;

    app.on_server(move |app| async move {
        let ctx = kernel::tenancy::system_context(&app, id, "a test").await.unwrap();
        format!("{:?}", ctx.db().all(entity::profile::Entity::find()).await.unwrap())
    })
    .await
}

#[tokio::test]
async fn a_stale_change_of_the_details_is_refused() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let etag = owner.get("/profile").await.etag();
    owner.if_match(&etag).patch("/profile", json!({"city": "Perth"})).await.ok();

    let stale = owner.if_match(&etag).patch("/profile", json!({"city": "Hobart"})).await;

    stale.refused(412, "precondition_failed");
    assert_eq!(owner.get("/profile").await.ok()["city"], "Perth");
}

#[tokio::test]
async fn members_do_not_see_the_details() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;

    let refused = acme.member().get("/profile").await.refused(403, "forbidden");

    assert_eq!(refused["permission"], "profile:view");
    acme.member().patch("/profile", json!({"city": "Perth"})).await.refused(403, "forbidden");
    acme.admin().patch("/profile", json!({"city": "Perth"})).await.ok();
    acme.owner().get("/profile?reveal=yes").await.refused(422, "validation_failed");
}
