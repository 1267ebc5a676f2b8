//! Payments of invoices.

use chrono::{DateTime, Utc};
use kernel::ports::clock::Clock;
use serde_json::{Value, json};

use crate::steps::{self, id, listed, mails, path, token, visitor};
use crate::support::{TestApp, days, minutes};

fn payments(invoice: &Value) -> String {
    format!("{}/payments", path("invoices", invoice))
}

#[tokio::test]
async fn a_payment_in_full_settles_the_invoice_and_tells_both_sides() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let admin = acme.admin();
    let sent = steps::sent_invoice(&admin).await;
    let yesterday = app.clock.now() - days(1);

    let body = json!({
        "amount": 33_000, "method": "bank_transfer", "reference": "Transfer 4711", "paid_at": yesterday,
    });
    let reply = admin.post(&payments(&sent), body).await;

    assert_eq!(reply.location(), format!("/api/v1/agencies/acme{}", payments(&sent)));
    let paid = reply.created();
    assert_eq!((&paid["amount"], &paid["currency"]), (&json!(33_000), &json!("AUD")));
    assert_eq!((&paid["kind"], &paid["invoice_status"]), (&json!("payment"), &json!("paid")));
    assert_eq!(paid["received_at"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap(), yesterday);
    assert_eq!(paid["recorded_by"], json!(admin.user_id()));
    let invoice = admin.get(&path("invoices", &sent)).await.ok();
    assert_eq!((&invoice["status"], &invoice["amount_due"]), (&json!("paid"), &json!(0)));
    assert_eq!(
        (&invoice["amount_paid"], &invoice["paid_at"]),
        (&json!(33_000), &paid["received_at"])
    );
    let list = admin.get(&payments(&sent)).await.ok();
    assert_eq!((&list["data"][0]["id"], &list["has_more"]), (&paid["id"], &json!(false)));
    app.run_jobs().await;
    let client = sent["client_email"].as_str().unwrap().to_owned();
    assert_eq!(
        mails(&app, sent["number"].as_str().unwrap()).await,
        [
            ("invoice_paid_agency".to_owned(), "owner@acme.test".to_owned()),
            ("invoice_paid_client".to_owned(), client),
        ]
    );
    assert!(app.inbox().await.iter().any(|mail| mail.text.contains("Bank Transfer")));
}

#[tokio::test]
async fn every_broken_rule_of_a_payment_is_named_and_nothing_is_paid() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let sent = steps::sent_invoice(&owner).await;
    let soon = app.clock.now() + minutes(10);

    for (body, pointer, code) in [
        (json!({"method": "cash", "amount": 32_999}), "/amount", "not_the_amount_due"),
        (json!({"method": "cash", "amount": 33_001}), "/amount", "not_the_amount_due"),
        (json!({"method": "cash", "amount": 0}), "/amount", "invalid"),
        (json!({"method": "cash", "amount": -33_000}), "/amount", "invalid"),
        (json!({"method": "cash", "amount": 330.0}), "/amount", "invalid"),
        (json!({"method": "cash", "paid_at": soon}), "/paid_at", "future"),
        (json!({"method": "cash", "paid_at": "2026-01-01"}), "/paid_at", "invalid"),
        (json!({"method": "barter"}), "/method", "invalid"),
        (json!({}), "/method", "required"),
        (json!({"method": "cash", "reference": "x".repeat(256)}), "/reference", "invalid"),
        (json!({"method": "cash", "currency": "USD"}), "/currency", "unknown_field"),
    ] {
        let broken = owner.post(&payments(&sent), body).await.broken_rules();
        assert_eq!(broken, [(pointer.to_owned(), code.to_owned())]);
    }
    let stale = owner.if_match("\"1\"").post(&payments(&sent), json!({"method": "cash"})).await;
    stale.refused(412, "precondition_failed");

    assert_eq!(owner.get(&path("invoices", &sent)).await.ok(), sent);
    assert_eq!(listed(&owner, &payments(&sent), "id").await, Vec::<String>::new());
    assert_eq!(app.run_jobs().await.done, 0);
}

#[tokio::test]
async fn an_invoice_is_paid_once() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let sent = steps::sent_invoice(&owner).await;
    let cash = json!({"method": "cash"});

    let first = owner.once("pay-1").post(&payments(&sent), cash.clone()).await;
    let repeated = owner.once("pay-1").post(&payments(&sent), cash.clone()).await;
    let problem = owner.post(&payments(&sent), cash).await.refused(409, "invalid_state");

    assert_eq!(repeated.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.created(), repeated.created());
    assert_eq!(problem["current"], "paid");
    assert_eq!(listed(&owner, &payments(&sent), "id").await.len(), 1);
    assert_eq!(app.run_jobs().await.done, 2);
    owner.act(&format!("{}/send", path("invoices", &sent))).await.refused(409, "invalid_state");
}

#[tokio::test]
async fn an_invoice_that_was_never_sent_can_be_paid_and_nobody_is_told() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let draft = steps::invoice(&owner).await;

    owner.post(&payments(&draft), json!({"method": "cash"})).await.created();

    let paid = owner.get(&path("invoices", &draft)).await.ok();
    assert_eq!((&paid["status"], &paid["number"]), (&json!("paid"), &Value::Null));
    assert_eq!(app.run_jobs().await.done, 0);
}

#[tokio::test]
async fn a_free_invoice_has_nothing_to_pay() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let client = steps::client(&owner).await;
    let line = json!({"description": "Gift", "unit_price": 0});
    let free = owner.post("/invoices", json!({"client_id": id(&client), "lines": [line]})).await;

    let broken =
        owner.post(&payments(&free.created()), json!({"method": "cash"})).await.broken_rules();

    assert_eq!(broken, [("/amount".to_owned(), "nothing_due".to_owned())]);
}

#[tokio::test]
async fn members_record_no_payments_and_see_those_of_their_own_invoices() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let member = acme.member();
    let (own, other) =
        (steps::sent_invoice(&member).await, steps::sent_invoice(&acme.admin()).await);

    let refused = member.post(&payments(&own), json!({"method": "cash"})).await;
    assert_eq!(refused.refused(403, "forbidden")["permission"], "invoice:record_payment");
    for invoice in [&own, &other] {
        acme.admin().post(&payments(invoice), json!({"method": "card"})).await.created();
    }

    assert_eq!(listed(&member, &payments(&own), "method").await, ["card"]);
    member.get(&payments(&other)).await.refused(404, "not_found");
    app.run_jobs().await;
}

#[tokio::test]
async fn another_agency_s_invoice_cannot_be_paid() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let theirs = steps::sent_invoice(&app.bystander().owner()).await;

    owner.post(&payments(&theirs), json!({"method": "cash"})).await.refused(404, "not_found");
    owner.get(&payments(&theirs)).await.refused(404, "not_found");

    let unpaid = visitor(&app).get(&format!("/public/v1/invoices/{}", token(&theirs))).await.ok();
    assert_eq!((&unpaid["status"], &unpaid["amount_due"]), (&json!("viewed"), &json!(33_000)));
}
