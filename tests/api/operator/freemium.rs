//! Agencies that use everything without a charge.

use serde_json::{Value, json};

use super::audit;
use crate::support::{Client, TestApp, days};

/// An agency that pays for nothing, whoever makes one.
struct Acme {
    id: String,
    owner: Client,
}

async fn spawn() -> (TestApp, Client, Acme) {
    let app = TestApp::spawn_with(|options| options.set("NEW_AGENCY_PLAN", "free")).await;
    let operator = app.operator().await;
    let owner = app.sign_in("owner@acme.test").await;
    let body = json!({"name": "acme", "slug": "acme"});
    let made = owner.post("/api/v1/agencies", body).await.created();
    let id = made["id"].as_str().unwrap().to_owned();
    // The one in the template was made where agencies pay nothing for everything.
    let bystander = app.bystander().id();
    let free = format!("/api/v1/admin/agencies/{bystander}/freemium");
    operator.delete(&free).await.no_content();
    (app, operator, Acme { id, owner: owner.in_agency("acme") })
}

fn path(acme: &Acme) -> String {
    format!("/api/v1/admin/agencies/{}/freemium", acme.id)
}

async fn tier(operator: &Client, acme: &Acme) -> Value {
    let shown = operator.get(&format!("/api/v1/admin/agencies/{}", acme.id)).await.ok();
    shown["subscription"]["effective_tier"].clone()
}

#[tokio::test]
async fn freemium_begins_and_ends_at_once_and_is_remembered() {
    let (app, operator, acme) = spawn().await;
    assert_eq!(tier(&operator, &acme).await, "free");
    let invitation = json!({"email": "grace@x.test", "role": "member"});
    acme.owner.post("/members", invitation.clone()).await.refused(403, "plan_limit_reached");

    let granted = operator.post(&path(&acme), json!({"reason": "partner"})).await.ok();

    assert_eq!(granted["is_in_force"], true);
    assert_eq!(granted["granted_by"], operator.user_id().to_string());
    assert_eq!(tier(&operator, &acme).await, "enterprise");
    acme.owner.post("/members", invitation).await.created();
    let twice = operator.post(&path(&acme), json!({"reason": "partner"})).await;
    twice.refused(409, "already_freemium");

    operator.delete(&path(&acme)).await.no_content();

    assert_eq!(tier(&operator, &acme).await, "free");
    operator.delete(&path(&acme)).await.refused(409, "not_freemium");
    let end = json!({"expires_at": null});
    operator.patch(&path(&acme), end).await.refused(409, "not_freemium");
    let shown = operator.get(&format!("/api/v1/admin/agencies/{}", acme.id)).await.ok();
    assert_eq!(shown["freemium"]["reason"], "partner");
    let log = audit(&operator, &format!("agency={}&action=freemium.", acme.id)).await;
    let actions: Vec<&Value> = log.iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["freemium.revoked", "freemium.granted"]);
    app.forget_jobs();
}

#[tokio::test]
async fn freemium_ends_by_itself() {
    let (app, operator, acme) = spawn().await;
    let in_days = |count| kernel::ports::clock::Clock::now(&app.clock) + days(count);
    let past = json!({"reason": "promotional", "expires_at": in_days(-1)});
    let past = operator.post(&path(&acme), past).await;
    assert_eq!(past.broken_rules()[0].0, "/expires_at");
    let until = json!({"reason": "promotional", "expires_at": in_days(10)});
    operator.post(&path(&acme), until).await.ok();
    let listed = async |query: &str| {
        let list = operator.get(&format!("/api/v1/admin/freemium?{query}")).await.ok();
        (list["data"].as_array().unwrap().len(), list["by_reason"].clone(), list["expired"].clone())
    };

    assert_eq!(listed("").await, (1, json!({"promotional": 1}), json!(0)));
    assert_eq!(listed("expiring_within=9").await.0, 0);
    assert_eq!(listed("expiring_within=11").await.0, 1);
    assert_eq!(listed("reason=partner").await.0, 0);
    let longer = json!({"expires_at": in_days(20)});
    operator.patch(&path(&acme), longer).await.ok();
    app.clock.advance(days(15));
    assert_eq!(tier(&operator, &acme).await, "enterprise");
    app.clock.advance(days(6));
    assert_eq!(tier(&operator, &acme).await, "free");
    assert_eq!(listed("").await, (1, json!({}), json!(1)));
    // What is over can be granted anew.
    operator.post(&path(&acme), json!({"reason": "internal"})).await.ok();
    assert_eq!(tier(&operator, &acme).await, "enterprise");
}
