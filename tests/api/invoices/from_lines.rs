//! Invoices made from lines, while they are drafts.

use serde_json::{Value, json};

use crate::steps::{self, id, listed, path};
use crate::support::TestApp;

#[tokio::test]
async fn lines_are_added_up_rounded_one_by_one() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let client = steps::client(&owner).await;

    let new = json!({
        "client_id": id(&client),
        "lines": [
            {"description": " Workshop ", "quantity": "2.5", "unit_price": 12_000, "category": "development"},
            {"description": "Rounded down", "quantity": "0.333", "unit_price": 100},
            {"description": "Half goes up", "quantity": "1.5", "unit_price": 333},
            {"description": "Without tax", "unit_price": 40_000, "is_taxable": false},
        ],
        "discount": 7_053, "discount_description": "Loyalty",
        "notes": "internal", "public_notes": "Thank you!",
    });
    let made = owner.post("/invoices", new).await.created();

    let amounts: Vec<i64> = made["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["amount"].as_i64().unwrap())
        .collect();
    assert_eq!(amounts, [30_000, 33, 500, 40_000]);
    assert_eq!(made["lines"][0]["description"], "Workshop");
    assert_eq!((&made["subtotal"], &made["discount"]), (&json!(70_533), &json!(7_053)));
    // The discount lowers the taxable part in proportion: 30533 − round(7053 × 30533 ÷ 70533).
    assert_eq!(made["tax"], (30_533 - 3_053) / 10);
    assert_eq!(made["total"], 70_533 - 7_053 + 2_748);
    assert_eq!(made["amount_due"], made["total"]);
    assert_eq!((&made["tax_label"], &made["tax_rate_bps"]), (&json!("GST"), &json!(1000)));
    assert_eq!((&made["status"], &made["number"]), (&json!("draft"), &Value::Null));
    assert_eq!((&made["notes"], &made["currency"]), (&json!("internal"), &json!("AUD")));
    assert_eq!(made["issue_date"], json!(steps::today(&app)));
    assert_eq!(made["due_date"], json!(steps::in_days(&app, 14)));
    assert_eq!(owner.get(&path("invoices", &made)).await.ok(), made);
}

#[tokio::test]
async fn an_agency_that_charges_no_tax_charges_none() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let before = steps::invoice(&owner).await;
    owner
        .patch("/profile", json!({"tax_registered": false, "default_payment_terms": "NET_7"}))
        .await
        .ok();

    let after = steps::invoice(&owner).await;

    assert_eq!((&after["tax"], &after["total"]), (&json!(0), &json!(30_000)));
    assert_eq!(after["due_date"], json!(steps::in_days(&app, 7)));
    // What exists keeps the rules it was made with, also when it is changed (DEC-22).
    let line = json!([{"description": "Other", "unit_price": 10_000}]);
    let changed =
        owner.if_match("*").patch(&path("invoices", &before), json!({"lines": line})).await.ok();
    assert_eq!((&changed["tax"], &changed["total"]), (&json!(1_000), &json!(11_000)));
}

#[tokio::test]
async fn the_due_day_follows_from_the_terms() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let client = steps::client(&owner).await;
    let make = async |terms: Value| {
        let mut new = json!({"client_id": id(&client), "lines": [{"description": "x", "unit_price": 1}],
            "issue_date": "2026-12-20"});
        for (name, value) in terms.as_object().unwrap() {
            new[name] = value.clone();
        }
        owner.post("/invoices", new).await
    };

    for (terms, due) in [
        (json!({"payment_terms": "DUE_ON_RECEIPT"}), "2026-12-20"),
        (json!({"payment_terms": "NET_30"}), "2027-01-19"),
        (json!({}), "2027-01-03"),
        (
            json!({"payment_terms": "CUSTOM", "due_date": "2027-12-31", "payment_terms_custom": "A year"}),
            "2027-12-31",
        ),
        (json!({"payment_terms": "NET_7", "due_date": "2026-12-21"}), "2026-12-21"),
    ] {
        assert_eq!(make(terms.clone()).await.created()["due_date"], due, "{terms}");
    }
    let broken = make(json!({"payment_terms": "CUSTOM"})).await.broken_rules();
    assert_eq!(broken, [("/due_date".to_owned(), "required".to_owned())]);
    let broken = make(json!({"due_date": "2026-12-19"})).await.broken_rules();
    assert_eq!(broken, [("/due_date".to_owned(), "before_issue".to_owned())]);
}

#[tokio::test]
async fn every_broken_rule_of_a_new_invoice_is_named() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let client = steps::client(&owner).await;
    let with = |lines: Value| json!({"client_id": id(&client), "lines": lines});

    let bad = json!({
        "client_id": id(&client),
        "lines": [
            {"description": "  ", "unit_price": 1},
            {"description": "fine", "unit_price": -1},
            {"description": "fine", "unit_price": 1_000_000_000_001_i64, "amount": 1},
        ],
        "discount": -1,
        "currency": "XYZ",
        "discount_description": "x".repeat(256),
        "number": "INV-1",
    });
    let broken = owner.post("/invoices", bad).await.broken_rules();

    let pointers: Vec<&str> = broken.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/currency",
            "/discount",
            "/discount_description",
            "/lines/0/description",
            "/lines/1/unit_price",
            "/lines/2/amount",
            "/lines/2/unit_price",
            "/number",
        ]
    );
    let too_much = with(json!([{"description": "x", "unit_price": 100}]));
    let mut too_much = too_much;
    too_much["discount"] = json!(101);
    let line = |quantity: Value| {
        with(json!([{"description": "x", "unit_price": 1, "quantity": quantity}]))
    };
    for (new, pointer) in [
        (too_much, "/discount"),
        (with(json!([])), "/lines"),
        (with(json!(null)), "/lines"),
        (line(json!("0")), "/lines/0/quantity"),
        (line(json!("-1")), "/lines/0/quantity"),
        (line(json!("1.2345")), "/lines/0/quantity"),
        (line(json!(1)), "/lines/0/quantity"),
        (
            json!({"client_id": "cli_00000000000000000000000000", "lines": [{"description": "x", "unit_price": 1}]}),
            "/client_id",
        ),
    ] {
        assert_eq!(owner.post("/invoices", new).await.broken_rules()[0].0, pointer);
    }
    let enormous = json!([
        {"description": "x", "unit_price": 1_000_000_000_000_i64},
        {"description": "x", "unit_price": 1_000_000_000_000_i64},
    ]);
    owner.post("/invoices", with(enormous)).await.refused(422, "validation_failed");
    let many: Vec<Value> = (0..501).map(|_| json!({"description": "x", "unit_price": 1})).collect();
    owner.post("/invoices", with(json!(many))).await.refused(422, "validation_failed");
    assert_eq!(steps::total(&owner, "invoices").await, 0);
}

#[tokio::test]
async fn a_changed_draft_is_added_up_anew() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let made = steps::invoice(&owner).await;
    let place = path("invoices", &made);
    let first = owner.get(&place).await.etag();

    owner.patch(&place, json!({"discount": 1})).await.refused(428, "precondition_required");
    let changed = owner.if_match(&first).patch(&place, json!({"discount": 10_000})).await;
    let second = changed.etag();
    let changed = changed.ok();
    assert_eq!((&changed["tax"], &changed["total"]), (&json!(2_000), &json!(22_000)));
    assert_eq!(changed["lines"], made["lines"]);
    let stale = owner.if_match(&first).patch(&place, json!({"discount": 0})).await;
    stale.refused(412, "precondition_failed");
    let lines = json!([{"description": "Less", "unit_price": 9_999}]);
    let broken =
        owner.if_match(&second).patch(&place, json!({"lines": lines})).await.broken_rules();
    assert_eq!(broken[0].0, "/discount");
    assert_eq!(owner.get(&place).await.ok(), changed);
    let patch =
        json!({"lines": lines, "discount": 0, "payment_terms": "NET_30", "public_notes": "Thanks"});
    let last = owner.if_match(&second).patch(&place, patch).await.ok();

    assert_eq!(
        (&last["subtotal"], &last["tax"], &last["total"]),
        (&json!(9_999), &json!(1_000), &json!(10_999))
    );
    assert_eq!(last["due_date"], json!(steps::in_days(&app, 30)));
    assert_eq!(last["lines"].as_array().unwrap().len(), 1);
    let notes = owner.if_match("*").patch(&place, json!({"notes": "seen"})).await.ok();
    assert_eq!((&notes["due_date"], &notes["total"]), (&last["due_date"], &last["total"]));
}

#[tokio::test]
async fn a_draft_is_thrown_away_without_a_trace_in_the_numbers() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let (draft, next) = (steps::invoice(&owner).await, steps::invoice(&owner).await);
    let place = path("invoices", &draft);

    owner.delete(&place).await.refused(428, "precondition_required");
    owner.if_match("\"9\"").delete(&place).await.refused(412, "precondition_failed");
    let etag = owner.get(&place).await.etag();
    owner.if_match(etag).delete(&place).await.no_content();

    owner.get(&place).await.refused(404, "not_found");
    owner.act(&format!("{place}/send")).await.refused(404, "not_found");
    let sent = steps::send(&owner, &path("invoices", &next), json!({})).await;
    assert!(sent["number"].as_str().unwrap().ends_with("-0001"), "{}", sent["number"]);
}

#[tokio::test]
async fn a_repeated_creation_is_answered_once() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let client = steps::client(&owner).await;
    let new = json!({"client_id": id(&client), "lines": [{"description": "x", "unit_price": 1}]});
    let once = owner.once("key-1");

    let first = once.post("/invoices", new.clone()).await;
    let second = once.post("/invoices", new.clone()).await;
    let mut other = new;
    other["discount"] = json!(1);
    once.post("/invoices", other).await.refused(422, "validation_failed");

    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.created(), second.created());
    assert_eq!(steps::total(&owner, "invoices").await, 1);
}

#[tokio::test]
async fn members_see_and_change_only_their_own_invoices() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let member = acme.member();
    let (own, other) = (steps::invoice(&member).await, steps::invoice(&acme.owner()).await);

    assert_eq!(listed(&member, "/invoices", "id").await, [id(&own)]);
    assert_eq!(listed(&acme.admin(), "/invoices", "id").await, [id(&other), id(&own)]);
    let hidden = path("invoices", &other);
    let anything = member.if_match("*");
    for reply in [
        member.get(&hidden).await,
        member.get(&format!("{hidden}/pdf")).await,
        anything.patch(&hidden, json!({"notes": "Mine"})).await,
        anything.delete(&hidden).await,
        member.act(&format!("{hidden}/send")).await,
    ] {
        reply.refused(404, "not_found");
    }
    anything.patch(&path("invoices", &own), json!({"notes": "Mine"})).await.ok();
    steps::send(&member, &path("invoices", &own), json!({})).await;
}

#[tokio::test]
async fn another_agency_s_invoice_and_client_do_not_exist() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let other = app.bystander().owner();
    let foreign = path("invoices", &steps::invoice(&other).await);

    for reply in [
        owner.get(&foreign).await,
        owner.get(&format!("{foreign}/pdf")).await,
        owner.if_match("*").patch(&foreign, json!({"notes": "x"})).await,
        owner.if_match("*").delete(&foreign).await,
        owner.act(&format!("{foreign}/send")).await,
    ] {
        reply.refused(404, "not_found");
    }
    let client = steps::client(&other).await;
    let new = json!({"client_id": id(&client), "lines": [{"description": "x", "unit_price": 1}]});
    let broken = owner.post("/invoices", new).await.broken_rules();
    assert_eq!(broken, [("/client_id".to_owned(), "unknown".to_owned())]);
}
