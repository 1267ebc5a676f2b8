//! What everybody reads of plans, and members of their own.

use entity::agency::Tier;
use serde_json::{Value, json};

use super::{agency_on, paid, put_on};
use crate::support::TestApp;

#[tokio::test]
async fn the_plans_are_read_by_anybody_and_kept_for_an_hour() {
    let app = TestApp::spawn().await;

    let reply = app.anonymous().get("/public/v1/plans").await.expect(200);

    assert_eq!(reply.header("cache-control"), Some("public, max-age=3600"));
    let plans = reply.json();
    let of = |member: &str| -> Vec<Value> {
        plans["data"].as_array().unwrap().iter().map(|plan| plan[member].clone()).collect()
    };
    assert_eq!(of("tier"), ["free", "starter", "growth", "enterprise"]);
    assert_eq!(of("monthly_price"), [0, 2_900, 7_900, 19_900]);
    assert_eq!(of("yearly_price"), [0, 29_000, 79_000, 199_000]);
    assert_eq!(of("currency"), ["AUD"; 4]);
    assert_eq!(plans["data"][3]["limits"]["max_members"], -1);
    assert_eq!(plans["data"][0]["features"], json!(["basic_proposals", "ai_proposal_generation"]));
    let known = app.anonymous().with("If-None-Match", reply.etag());
    let again = known.get("/public/v1/plans").await.expect(304);
    assert_eq!(again.header("cache-control"), Some("public, max-age=3600"));
    assert!(again.bytes().is_empty());
}

#[tokio::test]
async fn a_member_reads_what_is_used_of_the_plan() {
    let app = TestApp::spawn().await;
    let acme = agency_on(&app, "acme", Tier::Starter).await;

    let reply = acme.member().get("/usage").await.expect(200);

    let usage = reply.json();
    assert_eq!((&usage["tier"], &usage["next_tier"]), (&json!("starter"), &json!("growth")));
    assert_eq!(usage["limits"]["max_storage_mb"], 1024);
    assert_eq!(
        usage["usage"]["members"],
        json!({"current": 3, "limit": 3, "percentage": 100, "resets_at": null})
    );
    for month in ["consultations", "ai_generations"] {
        let meter = &usage["usage"][month];
        assert_eq!((&meter["current"], &meter["limit"]), (&json!(0), &json!(25)));
        assert!(meter["resets_at"].is_string());
    }
    assert_eq!(usage["plans"].as_array().unwrap().len(), 4);
    // The same where the specification has it.
    assert_eq!(acme.member().get("/billing/usage").await.ok(), usage);
    let known = acme.member().with("If-None-Match", reply.etag());
    known.get("/usage").await.expect(304);
    put_on(&app, acme.id(), paid(Tier::Enterprise)).await;
    let usage = known.get("/usage").await.ok();
    assert_eq!((&usage["tier"], &usage["next_tier"]), (&json!("enterprise"), &Value::Null));
    assert_eq!(usage["usage"]["members"]["limit"], -1);
    assert_eq!(usage["usage"]["members"]["percentage"], 0);
}
