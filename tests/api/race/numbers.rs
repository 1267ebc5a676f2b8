//! Numbers without gaps, however many draw them.

use serde_json::{Value, json};

use super::{race, spawn, statuses};
use crate::steps::{self, id};
use crate::support::{Client, Reply};

/// Makes that many drafts for one client.
async fn drafts(owner: &Client, count: usize) -> Vec<String> {
    let client = steps::client(owner).await;
    let new = json!({
        "client_id": id(&client), "lines": [{"description": "Workshop", "unit_price": 10_000}],
    });
    let mut places = Vec::with_capacity(count);
    for _ in 0..count {
        let made = owner.post("/invoices", new.clone()).await.created();
        places.push(format!("/invoices/{}/send", id(&made)));
    }
    places
}

/// The last part of each number, as a number, sorted.
fn endings(numbers: impl IntoIterator<Item = Value>) -> Vec<u32> {
    let mut endings: Vec<u32> = numbers
        .into_iter()
        .map(|sent| sent["number"].as_str().unwrap().rsplit('-').next().unwrap().parse().unwrap())
        .collect();
    endings.sort_unstable();
    endings
}

#[tokio::test]
async fn two_hundred_parallel_sends_give_two_hundred_consecutive_numbers() {
    let app = spawn().await;
    let owner = app.agency("acme").await.owner();
    let places = drafts(&owner, 200).await;

    let replies = race(200, |number| {
        let (owner, place) = (owner.clone(), places[number].clone());
        async move { owner.post(&place, json!({"deliver": false})).await }
    })
    .await;

    assert_eq!(statuses(&replies), [(200, 200)].into());
    let numbers = endings(replies.into_iter().map(Reply::ok));
    assert_eq!(numbers, (1..=200).collect::<Vec<_>>());
}

#[tokio::test]
async fn refused_sends_between_the_others_leave_no_gap() {
    let app = spawn().await;
    let owner = app.agency("acme").await.owner();
    let places = drafts(&owner, 20).await;

    // Every other caller names a version that is not the current one.
    let replies = race(40, |number| {
        let (owner, place) = (owner.clone(), places[number / 2].clone());
        let owner = if number % 2 == 0 { owner } else { owner.if_match("\"999\"") };
        async move { owner.post(&place, json!({"deliver": false})).await }
    })
    .await;

    assert_eq!(statuses(&replies), [(200, 20), (412, 20)].into());
    let sent = replies.into_iter().filter(|reply| reply.code() == 200);
    let numbers = endings(sent.map(Reply::ok));
    assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
}

#[tokio::test]
async fn one_invoice_sent_by_many_at_once_gets_one_number() {
    let app = spawn().await;
    let owner = app.agency("acme").await.owner();
    let places = drafts(&owner, 1).await;

    let replies = race(20, |_| {
        let (owner, place) = (owner.clone(), places[0].clone());
        async move { owner.post(&place, json!({"deliver": false})).await }
    })
    .await;

    assert_eq!(statuses(&replies), [(200, 20)].into());
    assert_eq!(endings(replies.into_iter().map(Reply::ok)), [1; 20]);
    let next = steps::sent_invoice(&owner).await;
    assert_eq!(endings([next]), [2]);
    let log = steps::listed(&owner, "/activity?action=invoice.sent", "action").await;
    assert_eq!(log.len(), 2);
}
