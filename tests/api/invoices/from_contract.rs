//! Invoices made from contracts.

use serde_json::{Value, json};

use crate::steps::{self, id, listed, path, send, token, visitor, worked_example};
use crate::support::TestApp;

#[tokio::test]
async fn the_total_is_the_one_that_was_signed() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let proposal = worked_example(&owner).await;
    let proposal = send(&owner, &path("proposals", &proposal), json!({})).await;
    steps::accept(&app, &proposal).await;
    let contract = path("contracts", &owner.get("/contracts").await.ok()["data"][0]);
    let contract = send(&owner, &contract, json!({"without_terms": true})).await;
    let place = format!("/public/v1/contracts/{}/sign", token(&contract));
    visitor(&app).post(&place, steps::signature()).await.ok();
    app.run_jobs().await;
    // Neither a later tax rate nor a later price changes what was signed.
    owner.patch("/profile", json!({"tax_rate_bps": 2_000})).await.ok();

    let body = json!({"contract_id": id(&contract)});
    let invoice = owner.post("/invoices/from-contract", body).await.created();

    assert_eq!((&invoice["subtotal"], &invoice["discount"]), (&json!(405_000), &json!(0)));
    assert_eq!((&invoice["tax"], &invoice["total"]), (&json!(40_500), &json!(445_500)));
    assert_eq!(
        (&invoice["total"], &invoice["currency"]),
        (&contract["total"], &contract["currency"])
    );
    assert_eq!(invoice["contract_id"], contract["id"]);
    assert_eq!(invoice["client_email"], contract["client_email"]);
    let line = &invoice["lines"][0];
    let words = format!("Website redesign – contract {}", contract["number"].as_str().unwrap());
    assert_eq!((&line["description"], &line["amount"]), (&json!(words), &json!(405_000)));
    assert_eq!(invoice["due_date"], json!(steps::in_days(&app, 14)));
    let sent = send(&owner, &path("invoices", &invoice), json!({})).await;
    assert_eq!(sent["total"], 445_500);
}

#[tokio::test]
async fn a_contract_is_invoiced_twice_only_when_that_is_meant() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let signed = steps::signed_contract(&app, &owner).await;
    let body = json!({"contract_id": id(&signed)});

    let first = owner.post("/invoices/from-contract", body.clone()).await.created();
    let problem =
        owner.post("/invoices/from-contract", body).await.refused(409, "already_invoiced");
    let forced = json!({"contract_id": id(&signed), "force": true});
    let second = owner.post("/invoices/from-contract", forced).await.created();

    assert_eq!(problem["field"], "contract_id");
    assert!(problem["detail"].as_str().unwrap().contains(id(&first)), "{problem}");
    let of_contract = format!("/invoices?contract_id={}", id(&signed));
    assert_eq!(listed(&owner, &of_contract, "id").await, [id(&second), id(&first)]);
}

#[tokio::test]
async fn a_thrown_away_invoice_makes_room_for_another() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let body = json!({"contract_id": id(&steps::signed_contract(&app, &owner).await)});
    let first = owner.post("/invoices/from-contract", body.clone()).await.created();

    owner.if_match("*").delete(&path("invoices", &first)).await.no_content();

    owner.post("/invoices/from-contract", body).await.created();
}

#[tokio::test]
async fn only_a_signed_contract_is_invoiced() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let (draft, sent) =
        (steps::contract(&app, &owner).await, steps::sent_contract(&app, &owner).await);

    for (contract, state) in [(&draft, "draft"), (&sent, "sent")] {
        let body = json!({"contract_id": id(contract), "force": true});
        let problem =
            owner.post("/invoices/from-contract", body).await.refused(409, "invalid_state");
        assert_eq!(
            (&problem["current"], &problem["allowed"]),
            (&json!(state), &json!(["signed", "completed"]))
        );
    }

    assert_eq!(steps::total(&owner, "invoices").await, 0);
}

#[tokio::test]
async fn a_contract_that_the_caller_does_not_see_is_not_invoiced() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let theirs = steps::signed_contract(&app, &app.bystander().owner()).await;
    let colleague_s = steps::signed_contract(&app, &acme.admin()).await;
    let refuse = async |contract: Value| {
        let body = json!({"contract_id": contract});
        let broken = acme.member().post("/invoices/from-contract", body).await.broken_rules();
        assert_eq!(broken, [("/contract_id".to_owned(), "unknown".to_owned())]);
    };

    refuse(theirs["id"].clone()).await;
    refuse(colleague_s["id"].clone()).await;
    refuse(json!("con_00000000000000000000000000")).await;

    let own = steps::signed_contract(&app, &acme.member()).await;
    let body = json!({"contract_id": id(&own)});
    let made =
        acme.member().once("key-1").post("/invoices/from-contract", body.clone()).await.created();
    let again = acme.member().once("key-1").post("/invoices/from-contract", body).await.created();
    assert_eq!(made, again);
    assert_eq!(made["created_by"], json!(acme.member().user_id()));
}

#[tokio::test]
async fn a_change_of_the_notes_keeps_the_signed_total() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let body = json!({"contract_id": id(&steps::signed_contract(&app, &owner).await)});
    let made = owner.post("/invoices/from-contract", body).await.created();

    let patch = json!({"public_notes": "Thank you!"});
    let changed = owner.if_match("*").patch(&path("invoices", &made), patch).await.ok();

    assert_eq!((&changed["total"], &changed["tax"]), (&made["total"], &made["tax"]));
}
