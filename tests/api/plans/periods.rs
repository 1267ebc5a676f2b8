//! Months, where the agency is (DEC-01).

use chrono::{DateTime, TimeDelta, Utc};
use entity::agency::Tier;
use kernel::calendar::zone;
use kernel::ports::clock::Clock;
use kernel::quota::{self, Period};
use kernel::tenancy::Limit;
use serde_json::json;

use super::{acting, paid, put_on, used};
use crate::support::{Agency, TestApp};

/// Makes a consultation, as far as counting goes; tells whether there was room.
async fn consult(app: &TestApp, agency: &Agency) -> bool {
    acting(app, agency.id(), |context| async move {
        let tx = context.begin().await.unwrap();
        match quota::take(&context, &tx, Limit::Consultations, 1).await {
            Ok(()) => tx.commit().await.map(|()| true).unwrap(),
            Err(error) => {
                assert_eq!(error.code(), "plan_limit_reached");
                false
            }
        }
    })
    .await
}

/// When the next month begins in a time zone.
fn end_of_month(app: &TestApp, name: &str) -> DateTime<Utc> {
    let zone = zone(name);
    Period::month_of(app.clock.now(), zone).end(zone).unwrap()
}

#[tokio::test]
async fn a_month_begins_anew_at_midnight_where_the_agency_is() {
    let app = TestApp::spawn().await;
    let sydney = app.agency("sydney").await;
    let utc = app.agency("greenwich").await;
    utc.owner().patch("/profile", json!({"timezone": "UTC"})).await.ok();
    let begins = end_of_month(&app, "Australia/Sydney");
    app.clock.advance(begins - app.clock.now() - TimeDelta::minutes(5));
    for agency in [&sydney, &utc] {
        put_on(&app, agency.id(), paid(Tier::Free)).await;
        for _ in 0..10 {
            assert!(consult(&app, agency).await);
        }
        assert!(!consult(&app, agency).await);
    }
    let resets = sydney.owner().get("/usage").await.ok();
    let resets = resets["usage"]["consultations"]["resets_at"].as_str().unwrap().to_owned();
    assert_eq!(resets.parse::<DateTime<Utc>>().unwrap(), begins);

    app.clock.advance(begins - app.clock.now() + TimeDelta::minutes(1));

    // Sydney is hours ahead.
    assert_eq!(used(&sydney, "consultations").await, 0);
    assert!(consult(&app, &sydney).await);
    assert_eq!(used(&utc, "consultations").await, 10);
    assert!(!consult(&app, &utc).await);
    let ends = end_of_month(&app, "UTC");
    assert!(ends > begins && ends - begins < TimeDelta::hours(12));
    app.clock.advance(ends - app.clock.now() + TimeDelta::minutes(1));
    assert!(consult(&app, &utc).await);
    assert_eq!(used(&sydney, "consultations").await, 1);
}

#[tokio::test]
async fn work_that_ends_in_the_next_month_is_counted_in_its_own() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    put_on(&app, acme.id(), paid(Tier::Free)).await;
    let begins = end_of_month(&app, "Australia/Sydney");
    app.clock.advance(begins - app.clock.now() - TimeDelta::minutes(5));
    let reserved = acting(&app, acme.id(), |context| async move {
        quota::reserve(&context, Limit::AiGenerations, 1, TimeDelta::minutes(10)).await.unwrap()
    })
    .await;
    assert_eq!(used(&acme, "ai_generations").await, 1);

    app.clock.advance(begins - app.clock.now() + TimeDelta::minutes(1));
    assert_eq!(used(&acme, "ai_generations").await, 0);
    acting(
        &app,
        acme.id(),
        move |context| async move { reserved.release(&context).await.unwrap() },
    )
    .await;

    assert_eq!(used(&acme, "ai_generations").await, 0);
    let drift = acting(&app, acme.id(), |context| async move { quota::drift(&context).await });
    assert_eq!(drift.await.unwrap(), []);
}
