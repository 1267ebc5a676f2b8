//! Seats: how many people a plan has room for.

use entity::agency::Tier;
use kernel::quota;
use kernel::tenancy::Limit;
use serde_json::{Value, json};

use super::{acting, agency_on, paid, put_on, used};
use crate::race::{race, statuses};
use crate::support::{Agency, TestApp};

fn invitation(number: usize) -> Value {
    json!({"email": format!("person{number}@acme.test"), "role": "member"})
}

async fn assert_no_drift(app: &TestApp, agency: &Agency) {
    let found = acting(app, agency.id(), |context| async move { quota::drift(&context).await });
    assert_eq!(found.await.unwrap(), []);
}

#[tokio::test]
async fn an_invitation_beyond_the_plan_is_refused_and_leaves_nothing() {
    let app = TestApp::spawn().await;
    let acme = agency_on(&app, "acme", Tier::Starter).await;

    let problem = acme.owner().post("/members", invitation(1)).await;
    let problem = problem.refused(403, "plan_limit_reached");

    assert_eq!(problem["resource"], "members");
    assert_eq!((&problem["limit"], &problem["used"]), (&json!(3), &json!(3)));
    assert_eq!(
        (&problem["tier"], &problem["required_tier"]),
        (&json!("starter"), &json!("growth"))
    );
    assert!(problem.as_object().unwrap().contains_key("resets_at"));
    assert_eq!(problem["resets_at"], Value::Null);
    assert_eq!(problem["upgrade"], "upgrade to the Growth plan: it allows 10 members");
    assert_eq!(app.run_jobs().await.done, 0);
    assert!(app.inbox().await.iter().all(|mail| mail.to != "person1@acme.test"));
    let members = acme.owner().get("/members").await.ok();
    assert_eq!(members["data"].as_array().unwrap().len(), 3);
    assert_no_drift(&app, &acme).await;
    // Who is a member already is told that, and not of the plan.
    let again = json!({"email": "admin@acme.test", "role": "member"});
    acme.owner().post("/members", again).await.refused(409, "conflict");
}

#[tokio::test]
async fn a_seat_that_becomes_free_can_be_taken() {
    let app = TestApp::spawn().await;
    let acme = agency_on(&app, "acme", Tier::Starter).await;
    let owner = acme.owner();
    let full =
        async || owner.post("/members", invitation(99)).await.refused(403, "plan_limit_reached");
    full().await;

    // Left,
    acme.member().act("/members/leave").await.no_content();
    let invited = owner.post("/members", invitation(1)).await.created();
    full().await;
    // taken back,
    let place = format!("/members/{}", invited["id"].as_str().unwrap());
    owner.delete(&format!("{place}/invitation")).await.no_content();
    let invited = owner.post("/members", invitation(2)).await.created();
    // come in: the seat is the same,
    app.sign_in("person2@acme.test").await;
    full().await;
    // removed.
    owner.delete(&format!("/members/{}", invited["id"].as_str().unwrap())).await.no_content();
    assert_eq!(used(&acme, "members").await, 2);
    owner.post("/members", invitation(3)).await.created();
    full().await;

    assert_no_drift(&app, &acme).await;
    app.run_jobs().await;
}

#[tokio::test]
async fn a_smaller_plan_keeps_everybody_and_takes_nobody_else() {
    let app = TestApp::spawn().await;
    let acme = agency_on(&app, "acme", Tier::Free).await;
    let owner = acme.owner();

    for person in [acme.admin(), acme.member()] {
        person.get("").await.ok();
    }
    let problem = owner.post("/members", invitation(1)).await.refused(403, "plan_limit_reached");
    assert_eq!((&problem["limit"], &problem["used"]), (&json!(1), &json!(3)));
    let usage = owner.get("/usage").await.ok();
    assert_eq!(
        usage["usage"]["members"],
        json!({"current": 3, "limit": 1, "percentage": 300, "resets_at": null})
    );
    // One who goes makes no room while there are too many.
    acme.member().act("/members/leave").await.no_content();
    owner.post("/members", invitation(1)).await.refused(403, "plan_limit_reached");

    put_on(&app, acme.id(), paid(Tier::Enterprise)).await;
    owner.post("/members", invitation(1)).await.created();
    assert_eq!(used(&acme, "members").await, 3);
    app.run_jobs().await;
}

#[tokio::test]
async fn an_agency_begins_with_the_seat_of_its_founder() {
    let app = TestApp::spawn_with(|options| options.set("NEW_AGENCY_PLAN", "free")).await;
    let founder = app.sign_in("founder@solo.test").await;
    founder.post("/api/v1/agencies", json!({"name": "Solo", "slug": "solo"})).await.created();
    let owner = founder.in_agency("solo");

    let usage = owner.get("/usage").await.ok();

    assert_eq!(usage["tier"], "free");
    assert_eq!(
        usage["usage"]["members"],
        json!({"current": 1, "limit": 1, "percentage": 100, "resets_at": null})
    );
    owner.post("/members", invitation(1)).await.refused(403, "plan_limit_reached");
}

#[tokio::test]
async fn parallel_invitations_at_three_replicas_fill_the_seats_and_no_more() {
    let app = TestApp::spawn_with(|options| options.set("DATABASE_ACQUIRE_TIMEOUT", "30s")).await;
    let acme = agency_on(&app, "acme", Tier::Growth).await;
    let slow = |options: crate::support::Options| options.set("DATABASE_ACQUIRE_TIMEOUT", "30s");
    let (second, third) = (app.replica_with(slow).await, app.replica_with(slow).await);
    let mut owners = vec![acme.owner()];
    for replica in [&second, &third] {
        owners.push(replica.sign_in("owner@acme.test").await.in_agency("acme"));
    }

    let replies = race(24, |number| {
        let owner = owners[number % owners.len()].clone();
        async move { owner.post("/members", invitation(number)).await }
    })
    .await;

    // Ten seats, of which three were taken.
    assert_eq!(statuses(&replies), [(201, 7), (403, 17)].into());
    assert_eq!(used(&acme, "members").await, 10);
    assert_no_drift(&app, &acme).await;
    drop((second, third));
    app.run_jobs().await;
}

#[tokio::test]
async fn the_counter_says_what_the_rows_do_whatever_happens() {
    let app = TestApp::spawn_with(|options| options.set("DATABASE_ACQUIRE_TIMEOUT", "30s")).await;
    let acme = agency_on(&app, "acme", Tier::Growth).await;
    let (owner, admin) = (acme.owner(), acme.admin());

    // The same few people are invited, taken back, removed, and come in, all at once.
    for round in 0..3 {
        race(12, |number| {
            let owner = owner.clone();
            async move { owner.post("/members", invitation(number % 5)).await }
        })
        .await;
        app.try_jobs().await;
        let members = owner.get("/members").await.ok();
        let others: Vec<String> = members["data"].as_array().unwrap()[3..]
            .iter()
            .map(|member| member["id"].as_str().unwrap().to_owned())
            .collect();
        race(others.len() * 2, |number| {
            let (owner, place) = (owner.clone(), format!("/members/{}", others[number / 2]));
            let admin = admin.clone();
            async move {
                match (number + round) % 3 {
                    0 => owner.delete(&format!("{place}/invitation")).await,
                    1 => admin.delete(&place).await,
                    _ => owner.act(&format!("{place}/resend-invitation")).await,
                }
            }
        })
        .await;
        assert_no_drift(&app, &acme).await;
    }
    app.sign_in("person0@acme.test").await;
    assert_no_drift(&app, &acme).await;

    let members = owner.get("/members?include=total").await.ok();
    assert_eq!(members["total"], used(&acme, "members").await);
    app.forget_jobs();
}

#[tokio::test]
async fn a_counter_that_has_drifted_is_found() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;

    let found = acting(&app, acme.id(), |context| async move {
        let tx = context.begin().await.unwrap();
        quota::take(&context, &tx, Limit::Members, 2).await.unwrap();
        tx.commit().await.unwrap();
        quota::drift(&context).await.unwrap()
    })
    .await;

    assert_eq!(found, [quota::Drift { limit: Limit::Members, counted: 5, actual: 3 }]);
}
