//! Which tier holds as time passes (spec §2.4–2.6).

use std::sync::Arc;

use entity::agency::{self, FreemiumReason, SubscriptionStatus, Tier};
use entity::usage_counter;
use kernel::ports::clock::{Clock, SystemClock, TimeOrderedIds};
use kernel::store::{self, Store};
use migrations::Migrator;
use sea_orm::EntityTrait;
use sea_orm_migration::MigratorTrait;
use serde_json::json;

use super::{Terms, paid, put_on};
use crate::steps;
use crate::support::database::Database;
use crate::support::{Agency, TestApp, days, minutes};

async fn tier(agency: &Agency) -> String {
    agency.owner().get("/usage").await.ok()["tier"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn freemium_is_everything_until_it_ends_and_then_what_is_paid_for() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let until = Some(app.clock.now() + days(30));
    let terms = Terms { is_freemium: true, freemium_until: until, ..paid(Tier::Starter) };
    put_on(&app, acme.id(), terms).await;

    assert_eq!(tier(&acme).await, "enterprise");
    app.clock.advance(days(30) - minutes(1));
    assert_eq!(tier(&acme).await, "enterprise");
    app.clock.advance(minutes(2));
    assert_eq!(tier(&acme).await, "starter");

    put_on(&app, acme.id(), Terms { is_freemium: true, ..paid(Tier::Free) }).await;
    app.clock.advance(days(3650));
    assert_eq!(tier(&acme).await, "enterprise");
}

#[tokio::test]
async fn a_failed_payment_keeps_the_plan_for_two_days_and_then_it_is_the_free_one() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let invoice = steps::sent_invoice(&acme.owner()).await;
    let place = format!("/invoices/{}/pdf", steps::id(&invoice));
    let end = Some(app.clock.now() + days(1));
    let terms = Terms { status: SubscriptionStatus::PastDue, end, ..paid(Tier::Growth) };
    put_on(&app, acme.id(), terms).await;

    app.clock.advance(days(3) - minutes(1));
    assert_eq!(tier(&acme).await, "growth");
    acme.owner().get(&place).await.expect(200);

    app.clock.advance(minutes(2));
    assert_eq!(tier(&acme).await, "free");
    acme.owner().get(&place).await.refused(403, "feature_not_in_plan");

    // Paid after all.
    let end = Some(app.clock.now() + days(30));
    put_on(&app, acme.id(), Terms { end, ..paid(Tier::Growth) }).await;
    assert_eq!(tier(&acme).await, "growth");
    // What is active does not lapse: a notice may be late.
    app.clock.advance(days(60));
    assert_eq!(tier(&acme).await, "growth");
}

#[tokio::test]
async fn a_new_agency_begins_as_the_installation_says() {
    let usual = TestApp::spawn().await;
    assert_eq!(tier(&usual.agency("acme").await).await, "enterprise");

    for (setting, expected) in [("free", "free"), ("freemium", "enterprise")] {
        let app = TestApp::spawn_with(|options| options.set("NEW_AGENCY_PLAN", setting)).await;
        let founder = app.sign_in("founder@solo.test").await;
        founder.post("/api/v1/agencies", json!({"name": "Solo", "slug": "solo"})).await.created();

        let usage = founder.in_agency("solo").get("/usage").await.ok();

        assert_eq!(usage["tier"], expected);
    }
}

/// The newest migration before there were plans.
const BEFORE: &str = "m20261121_000009_plans_and_usage";

#[tokio::test]
async fn agencies_from_before_there_were_plans_keep_everything_and_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::create(folder.path()).await;
    let config = database.config();
    let names: Vec<String> =
        Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    let since = names.iter().position(|name| name == BEFORE).expect("the migration");
    let steps = u32::try_from(names.len() - since).unwrap();

    store::rollback(&config, steps).await.unwrap();
    store::migrate(&config).await.unwrap();

    let clock = Arc::new(SystemClock);
    let store = Store::connect(&config, clock, Arc::new(TimeOrderedIds::default())).await.unwrap();
    let platform = store.platform("what a migration has made");
    let agencies = platform.all(agency::Entity::find()).await.unwrap();
    let counters = platform.all(usage_counter::Entity::find()).await.unwrap();
    drop(platform);
    store.close().await.unwrap();
    database.remove().await;
    let [bystander] = <[agency::Model; 1]>::try_from(agencies).unwrap();
    assert!(bystander.is_freemium);
    assert_eq!(bystander.freemium_reason, Some(FreemiumReason::EarlySignup));
    assert_eq!((bystander.freemium_expires_at, bystander.subscription_tier), (None, Tier::Free));
    assert_eq!(bystander.freemium_granted_at, Some(bystander.created_at));
    let counters: Vec<_> =
        counters.iter().map(|row| (row.metric.as_str(), row.period.as_str(), row.used)).collect();
    assert_eq!(counters, [("members", "total", 3)]);
}
