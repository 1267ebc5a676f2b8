//! One answer, one signature, one payment, however many give it.

use std::collections::BTreeSet;

use serde_json::json;

use super::{race, spawn, statuses};
use crate::steps::{self, BROWSER, id, listed, mails, path, token, visitor};

#[tokio::test]
async fn of_fifty_parallel_accepts_one_wins_and_makes_one_contract() {
    let app = spawn().await;
    let owner = app.agency("acme").await.owner();
    let sent = steps::sent_proposal(&owner).await;
    let place = format!("/public/v1/proposals/{}/accept", token(&sent));

    let replies = race(50, |_| {
        let (visitor, place) = (visitor(&app), place.clone());
        async move { visitor.act(&place).await }
    })
    .await;

    assert_eq!(statuses(&replies), [(200, 1), (409, 49)].into());
    assert_eq!(steps::total(&owner, "contracts").await, 1);
    app.run_jobs().await;
    let client = sent["client_email"].as_str().unwrap().to_owned();
    assert_eq!(
        mails(&app, sent["number"].as_str().unwrap()).await,
        [
            ("proposal_accepted_agency".to_owned(), "owner@acme.test".to_owned()),
            ("proposal_accepted_client".to_owned(), client),
        ]
    );
    let log = listed(&owner, "/activity?action=proposal.accepted", "action").await;
    assert_eq!(log.len(), 1);
}

#[tokio::test]
async fn of_accepts_and_declines_at_once_one_wins() {
    let app = spawn().await;
    let owner = app.agency("acme").await.owner();
    let sent = steps::sent_proposal(&owner).await;
    let link = format!("/public/v1/proposals/{}", token(&sent));

    let replies = race(20, |number| {
        let answer = if number % 2 == 0 { "accept" } else { "decline" };
        let (visitor, place) = (visitor(&app), format!("{link}/{answer}"));
        async move { visitor.act(&place).await }
    })
    .await;

    assert_eq!(statuses(&replies), [(200, 1), (409, 19)].into());
    let status = owner.get(&path("proposals", &sent)).await.ok()["status"].clone();
    let contracts = u64::from(status == "accepted");
    assert!(status == "accepted" || status == "declined", "{status}");
    assert_eq!(steps::total(&owner, "contracts").await, contracts);
    app.run_jobs().await;
}

#[tokio::test]
async fn of_fifty_parallel_signatures_one_counts() {
    let app = spawn().await;
    let owner = app.agency("acme").await.owner();
    let sent = steps::sent_contract(&app, &owner).await;
    let place = format!("/public/v1/contracts/{}/sign", token(&sent));

    let replies = race(50, |number| {
        let (visitor, place) = (visitor(&app), place.clone());
        let mut signature = steps::signature();
        signature["signatory_name"] = json!(format!("Ada {number}"));
        async move { visitor.post(&place, signature).await }
    })
    .await;

    assert_eq!(statuses(&replies), [(200, 1), (409, 49)].into());
    let winner = replies.into_iter().find(|reply| reply.code() == 200).unwrap().ok();
    let signed = owner.get(&path("contracts", &sent)).await.ok();
    assert_eq!(signed["signature"]["name"], winner["client_signatory_name"]);
    app.run_jobs().await;
    assert_eq!(mails(&app, sent["number"].as_str().unwrap()).await.len(), 2);
}

#[tokio::test]
async fn of_fifty_parallel_payments_one_is_taken() {
    let app = spawn().await;
    let owner = app.agency("acme").await.owner();
    let sent = steps::sent_invoice(&owner).await;
    let place = format!("{}/payments", path("invoices", &sent));

    let replies = race(50, |_| {
        let (owner, place) = (owner.clone(), place.clone());
        async move { owner.post(&place, json!({"method": "bank_transfer"})).await }
    })
    .await;

    assert_eq!(statuses(&replies), [(201, 1), (409, 49)].into());
    assert_eq!(listed(&owner, &place, "id").await.len(), 1);
    app.run_jobs().await;
    assert_eq!(mails(&app, sent["number"].as_str().unwrap()).await.len(), 2);
}

#[tokio::test]
async fn of_twenty_parallel_invoices_from_one_contract_one_is_made() {
    let app = spawn().await;
    let owner = app.agency("acme").await.owner();
    let contract = id(&steps::signed_contract(&app, &owner).await).to_owned();

    let replies = race(20, |_| {
        let (owner, body) = (owner.clone(), json!({"contract_id": contract}));
        async move { owner.post("/invoices/from-contract", body).await }
    })
    .await;

    assert_eq!(statuses(&replies), [(201, 1), (409, 19)].into());
    assert_eq!(steps::total(&owner, "invoices").await, 1);
}

#[tokio::test]
async fn twenty_parallel_creations_with_one_key_make_one_document() {
    let app = spawn().await;
    let owner = app.agency("acme").await.owner();
    let client = steps::client(&owner).await;
    let new = json!({"client_id": id(&client), "lines": [{"description": "x", "unit_price": 1}]});

    let replies = race(20, |_| {
        let (owner, new) = (owner.once("one-key"), new.clone());
        async move { owner.post("/invoices", new).await }
    })
    .await;

    // Who comes while the first is still running is told to come back.
    let made: BTreeSet<String> = replies
        .iter()
        .filter(|reply| reply.code() == 201)
        .map(|reply| id(&reply.json()).to_owned())
        .collect();
    assert_eq!(made.len(), 1, "{:?}", statuses(&replies));
    for reply in replies.iter().filter(|reply| reply.code() != 201) {
        assert_eq!(reply.header("retry-after"), Some("1"));
        reply.clone().refused(409, "request_in_progress");
    }
    let last = owner.once("one-key").post("/invoices", new).await;
    assert_eq!(last.header("idempotency-replayed"), Some("true"));
    assert!(made.contains(id(&last.created())));
    assert_eq!(steps::total(&owner, "invoices").await, 1);
}

#[tokio::test]
async fn of_parallel_changes_of_one_version_one_wins() {
    let app = spawn().await;
    let owner = app.agency("acme").await.owner();
    let place = path("proposals", &steps::proposal(&owner).await);
    let etag = owner.get(&place).await.etag();

    let replies = race(20, |number| {
        let (owner, place) = (owner.if_match(&etag), place.clone());
        async move { owner.patch(&place, json!({"title": format!("Title {number}")})).await }
    })
    .await;

    assert_eq!(statuses(&replies), [(200, 1), (412, 19)].into());
    let winner = replies.into_iter().find(|reply| reply.code() == 200).unwrap().ok();
    assert_eq!(owner.get(&place).await.ok(), winner);
    let log = listed(&owner, "/activity?action=proposal.updated", "action").await;
    assert_eq!(log.len(), 1);
}

#[tokio::test]
async fn thirty_visitors_at_once_are_thirty_views() {
    let app = spawn().await;
    let owner = app.agency("acme").await.owner();
    let sent = steps::sent_invoice(&owner).await;
    let link = format!("/public/v1/invoices/{}", token(&sent));

    let replies = race(60, |number| {
        // Each of them twice.
        let agent = format!("{BROWSER} {}", number / 2);
        let (visitor, link) = (app.anonymous().with("User-Agent", agent), link.clone());
        async move { visitor.get(&link).await }
    })
    .await;

    assert_eq!(statuses(&replies), [(200, 60)].into());
    let read = owner.get(&path("invoices", &sent)).await.ok();
    assert_eq!((&read["view_count"], &read["status"]), (&json!(30), &json!("viewed")));
    let log = listed(&owner, "/activity?action=invoice.viewed", "action").await;
    assert_eq!(log.len(), 1);
}
