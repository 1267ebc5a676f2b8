//! Agencies.

use entity::AgencyId;
use entity::agency::{self, SubscriptionStatus};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, UpdateMany};
use serde_json::{Value, json};

use super::audit;
use crate::steps::{self, token, visitor};
use crate::support::TestApp;

fn path(id: AgencyId) -> String {
    format!("/api/v1/admin/agencies/{id}")
}

/// Changes an agency's row as only other parts of the server can.
pub(super) async fn set(
    app: &TestApp,
    id: AgencyId,
    change: impl FnOnce(UpdateMany<agency::Entity>) -> UpdateMany<agency::Entity>,
) {
    let update = change(agency::Entity::update_many()).filter(agency::Column::Id.eq(id));
    app.on_server(|app| async move {
        let tx = app.store().begin_platform("an agency of a test").await.unwrap();
        tx.db().update_many(update).await.unwrap();
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_suspended_agency_is_closed_to_its_people_and_visitors_at_once() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let acme = app.agency("acme").await;
    let proposal = steps::sent_proposal(&acme.owner()).await;
    let invoice = steps::sent_invoice(&acme.owner()).await;
    app.run_jobs().await;
    let body = json!({"status": "suspended", "reason": "a complaint"});

    let changed = operator.patch(&path(acme.id()), body).await.ok();

    assert_eq!(changed["status"], "suspended");
    for caller in [acme.owner(), acme.admin(), acme.member()] {
        caller.get("/clients").await.refused(403, "agency_suspended");
    }
    let visitor = visitor(&app);
    let proposal = format!("/public/v1/proposals/{}", token(&proposal));
    visitor.get(&proposal).await.refused(404, "not_found");
    visitor.get(&format!("/public/v1/invoices/{}", token(&invoice))).await.ok();
    let log = audit(&operator, &format!("agency={}", acme.id())).await;
    let entry = log.iter().find(|entry| entry["action"] == "agency.status_changed").unwrap();
    assert_eq!(entry["old_values"], json!({"status": "active"}));
    assert_eq!(entry["new_values"], json!({"status": "suspended", "reason": "a complaint"}));
    assert_eq!(entry["metadata"]["source"], "super_admin");
    assert_eq!(entry["user_id"], operator.user_id().to_string());
    assert!(log.iter().any(|entry| entry["action"] == "security.agency_suspended"));

    operator.patch(&path(acme.id()), json!({"status": "active"})).await.ok();

    acme.owner().get("/clients").await.ok();
    visitor.get(&proposal).await.ok();
    // The agency reads in its own log what was done to it.
    let own = acme.owner().get("/activity?action=agency.status_changed").await.ok();
    assert_eq!(own["data"].as_array().unwrap().len(), 2);
    assert_eq!(own["data"][0]["source"], "super_admin");
}

#[tokio::test]
async fn what_changes_nothing_leaves_no_mark() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let acme = app.agency("acme").await;
    let before = operator.get(&path(acme.id())).await.etag();

    operator.patch(&path(acme.id()), json!({"status": "active"})).await.ok();

    assert_eq!(operator.get(&path(acme.id())).await.etag(), before);
    let log = audit(&operator, &format!("agency={}&action=agency.status", acme.id())).await;
    assert_eq!(log, Vec::<Value>::new());
}

#[tokio::test]
async fn a_tier_is_not_changed_against_a_subscription_in_force() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let acme = app.agency("acme").await;
    let tier = |tier: &str| json!({"subscription_tier": tier});
    operator.patch(&path(acme.id()), tier("growth")).await.ok();
    operator.patch(&path(acme.id()), tier("starter")).await.ok();
    set(&app, acme.id(), |row| {
        row.col_expr(agency::Column::SubscriptionId, Expr::value("sub_1"))
            .col_expr(agency::Column::SubscriptionStatus, Expr::value(SubscriptionStatus::Active))
    })
    .await;

    let refused = operator.patch(&path(acme.id()), tier("enterprise")).await;
    refused.refused(409, "subscription_in_force");
    let forced = json!({"subscription_tier": "enterprise", "force": true});
    let forced = operator.patch(&path(acme.id()), forced).await.ok();

    assert_eq!(forced["subscription"]["tier"], "enterprise");
    let log = audit(&operator, &format!("agency={}&action=subscription.", acme.id())).await;
    let actions: Vec<&Value> = log.iter().map(|entry| &entry["action"]).collect();
    assert_eq!(
        actions,
        ["subscription.upgraded", "subscription.downgraded", "subscription.upgraded"]
    );
    let stats = operator.get("/api/v1/admin/stats").await.ok();
    assert_eq!(stats["monthly_recurring_revenue"], 19_900);
}

#[tokio::test]
async fn agencies_are_listed_with_their_owner_and_found_by_name() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let acme = app.agency("acme").await;
    app.agency("umbrella").await;
    operator.patch(&path(acme.id()), json!({"status": "cancelled"})).await.ok();
    let found = async |query: &str| {
        let list = operator.get(&format!("/api/v1/admin/agencies?{query}")).await.ok();
        let data = list["data"].as_array().unwrap().clone();
        data.iter().map(|a| a["slug"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };

    assert_eq!(found("").await, ["umbrella", "acme", app.bystander().slug()]);
    assert_eq!(found("search=CM").await, ["acme"]);
    assert_eq!(found("status=cancelled").await, ["acme"]);
    assert_eq!(found("tier=enterprise").await, Vec::<String>::new());
    let list = operator.get("/api/v1/admin/agencies?search=acme&limit=1").await.ok();
    let entry = &list["data"][0];
    assert_eq!(entry["owner"]["email"], "owner@acme.test");
    assert_eq!(entry["member_count"], 3);
    let page = operator.get("/api/v1/admin/agencies?limit=2&include=total").await.ok();
    assert_eq!((&page["total"], &page["has_more"]), (&json!(3), &json!(true)));
    let cursor = page["next_cursor"].as_str().unwrap();
    assert_eq!(found(&format!("limit=2&cursor={cursor}")).await, [app.bystander().slug()]);
}

#[tokio::test]
async fn an_agency_is_shown_with_its_people_documents_and_usage() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let acme = app.agency("acme").await;
    steps::proposal(&acme.owner()).await;
    steps::invoice(&acme.owner()).await;

    let shown = operator.get(&path(acme.id())).await.ok();

    let roles: Vec<&Value> =
        shown["members"].as_array().unwrap().iter().map(|m| &m["role"]).collect();
    assert_eq!(roles, ["owner", "admin", "member"]);
    assert_eq!(shown["documents"]["proposal"], 1);
    assert_eq!(shown["documents"]["invoice"], 1);
    assert_eq!(shown["documents"]["contract"], 0);
    assert_eq!(shown["usage"][0]["resource"], "members");
    assert_eq!(shown["usage"][0]["current"], 3);
    let stats = operator.get("/api/v1/admin/stats").await.ok();
    assert_eq!(stats["agencies"], json!({"total": 2, "active": 2, "suspended": 0, "cancelled": 0}));
    assert_eq!(stats["users"]["super_admins"], 1);
    assert_eq!(stats["recent_sign_ups"][0]["email"], "member@acme.test");
}

#[tokio::test]
async fn a_deleted_agency_is_shown_but_not_changed() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let acme = app.agency("acme").await;
    let now = kernel::ports::clock::Clock::now(&app.clock);
    set(&app, acme.id(), |row| row.col_expr(agency::Column::DeletedAt, Expr::value(now))).await;

    assert!(operator.get(&path(acme.id())).await.ok()["deleted_at"].is_string());
    operator.patch(&path(acme.id()), json!({"status": "suspended"})).await.refused(410, "gone");
    let reason = json!({"reason": "to look around in it"});
    let entered = operator.post(&format!("{}/impersonate", path(acme.id())), reason).await;
    entered.refused(410, "gone");
    let free = json!({"reason": "partner"});
    operator.post(&format!("{}/freemium", path(acme.id())), free).await.refused(410, "gone");
}
