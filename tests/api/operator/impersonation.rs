//! Acting inside an agency.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use entity::agency::{self, AgencyStatus};
use entity::{AgencyId, activity, client, document, job, membership, security_event};
use kernel::tenancy::system_context;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use uuid::Uuid;

use super::agencies::set;
use super::{audit, person, second_operator};
use crate::race::{self, race, statuses};
use crate::steps::{self, id, token, visitor};
use crate::support::{Agency, Client, TestApp, minutes};

const REASON: &str = "ticket 4711: an invoice shows the wrong tax";

fn path(acme: &Agency) -> String {
    format!("/api/v1/admin/agencies/{}/impersonate", acme.id())
}

/// Enters an agency; the owner's mail goes out.
async fn enter(app: &TestApp, operator: &Client, acme: &Agency) -> (Client, Value) {
    let grant = operator.post(&path(acme), json!({"reason": REASON})).await.created();
    app.run_jobs().await;
    (operator.in_agency(acme.slug()), grant)
}

/// Every entry of an agency's activity log, oldest first.
async fn entries(app: &TestApp, agency_id: AgencyId) -> Vec<activity::Model> {
    app.on_server(move |app| async move {
        let ctx = system_context(&app, agency_id, "the log of a test").await.unwrap();
        let query = activity::Entity::find().order_by_asc(activity::Column::Id);
        ctx.db().all(query).await.unwrap()
    })
    .await
}

/// The ids of the rows of an agency that say who made them, with who did.
async fn made(app: &TestApp, agency_id: AgencyId) -> Vec<(Uuid, Option<entity::UserId>)> {
    app.on_server(move |app| async move {
        let ctx = system_context(&app, agency_id, "the rows of a test").await.unwrap();
        let db = ctx.db();
        let clients = db.all(client::Entity::find()).await.unwrap();
        let documents = db.all(document::Entity::find()).await.unwrap();
        let members = db.all(membership::Entity::find()).await.unwrap();
        let clients = clients.into_iter().map(|row| (row.id.uuid(), row.created_by));
        let documents = documents.into_iter().map(|row| (row.id.uuid(), row.created_by));
        let members = members.into_iter().map(|row| (row.id.uuid(), row.invited_by));
        clients.chain(documents).chain(members).collect()
    })
    .await
}

#[tokio::test]
async fn everything_an_operator_does_inside_carries_the_mark() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let acme = app.agency("acme").await;
    let before = entries(&app, acme.id()).await.len();
    let rows_before: BTreeSet<Uuid> =
        made(&app, acme.id()).await.into_iter().map(|(id, _)| id).collect();
    let (inside, grant) = enter(&app, &operator, &acme).await;

    // The whole pipeline, and what stands beside it.
    let example = steps::worked_example(&inside).await;
    let sent = steps::send(&inside, &steps::path("proposals", &example), json!({})).await;
    visitor(&app).get(&format!("/public/v1/proposals/{}", token(&sent))).await.ok();
    steps::accept(&app, &sent).await;
    let contract = steps::path("contracts", &inside.get("/contracts").await.ok()["data"][0]);
    inside.if_match("*").patch(&contract, json!({"terms": "1. All of it."})).await.ok();
    let contract = steps::send(&inside, &contract, json!({})).await;
    let place = format!("/public/v1/contracts/{}", token(&contract));
    visitor(&app).post(&format!("{place}/sign"), steps::signature()).await.ok();
    let body = json!({"contract_id": id(&contract)});
    let invoice = inside.post("/invoices/from-contract", body).await.created();
    let invoice = steps::path("invoices", &invoice);
    inside.act(&format!("{invoice}/send")).await.ok();
    inside.post(&format!("{invoice}/payments"), json!({"method": "card"})).await.created();
    inside.post("/members", json!({"email": "new@x.test", "role": "member"})).await.created();
    inside.patch("", json!({"phone": "+61 2 5550 1234"})).await.ok();
    inside.patch("/branding", json!({"primary_color": "#0F766E"})).await.ok();
    inside.patch("/profile", json!({"tax_rate_bps": 1000, "city": "Sydney"})).await.ok();
    let client = steps::path("clients", &steps::client(&inside).await);
    inside.patch(&client, json!({"phone": "123"})).await.ok();
    inside.act(&format!("{client}/archive")).await.ok();
    app.run_jobs().await;

    let (grant_id, by) = (id(&grant).to_owned(), operator.user_id());
    let written = entries(&app, acme.id()).await.split_off(before);
    let source = |entry: &activity::Model| entry.metadata["source"].as_str().unwrap().to_owned();
    let (mut marked, mut others) = (0, BTreeSet::new());
    for entry in &written {
        match source(entry).as_str() {
            "super_admin" if entry.action == "security.impersonation_started" => {}
            "super_admin" => {
                assert_eq!(entry.user_id, Some(by), "{entry:?}");
                assert_eq!(entry.metadata["impersonated_by"], by.to_string(), "{entry:?}");
                assert_eq!(entry.metadata["impersonation_grant_id"], grant_id, "{entry:?}");
                marked += 1;
            }
            // What clients and the server itself did meanwhile is theirs.
            other => {
                assert_eq!(entry.user_id, None, "{entry:?}");
                others.insert(other.to_owned());
            }
        }
    }
    assert!(marked >= 15, "{marked} marked of {}", written.len());
    assert_eq!(others, BTreeSet::from(["public".to_owned(), "system".to_owned()]));
    // Every row that was made has its entry, and names the operator or nobody: never the owner.
    let told: BTreeSet<Uuid> = written.iter().filter_map(|entry| entry.entity_id).collect();
    let new = made(&app, acme.id()).await;
    let new: Vec<_> = new.into_iter().filter(|(id, _)| !rows_before.contains(id)).collect();
    assert!(new.len() >= 5, "{new:?}");
    for (row, creator) in new {
        assert!(told.contains(&row), "a row without an entry: {row}");
        assert!(creator.is_none_or(|creator| creator == by), "{row} was made by {creator:?}");
    }
    // The agency reads in its own log who it was.
    let shown = acme.owner().get("/activity?action=client.archived").await.ok();
    assert_eq!(shown["data"][0]["source"], "super_admin");
    let log = audit(&operator, &format!("agency={}&action=client.archived", acme.id())).await;
    assert_eq!(log[0]["metadata"]["impersonated_by"], by.to_string());
}

#[tokio::test]
async fn an_agency_is_closed_to_an_operator_without_leave() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let (acme, umbrella) = (app.agency("acme").await, app.agency("umbrella").await);
    operator.in_agency("acme").get("/clients").await.refused(404, "not_found");

    let (inside, _) = enter(&app, &operator, &acme).await;

    inside.get("/clients").await.ok();
    operator.in_agency(umbrella.slug()).get("/clients").await.refused(404, "not_found");
    let second = second_operator(&app, &operator).await;
    second.in_agency("acme").get("/clients").await.refused(404, "not_found");
}

#[tokio::test]
async fn leave_ends_after_four_hours_or_when_it_is_given_back() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let acme = app.agency("acme").await;
    let (inside, grant) = enter(&app, &operator, &acme).await;
    let me = operator.get("/api/v1/me").await.ok();
    assert_eq!(me["impersonations"][0]["id"], grant["id"]);
    assert_eq!(me["impersonations"][0]["agency_slug"], "acme");
    assert_eq!(me["impersonations"][0]["expires_at"], grant["expires_at"]);

    app.clock.advance(minutes(239));
    inside.get("/clients").await.ok();
    app.clock.advance(minutes(2));

    inside.get("/clients").await.refused(403, "impersonation_grant_expired");
    let new = json!({"business_name": "Late", "email": "late@x.test"});
    inside.post("/clients", new).await.refused(403, "impersonation_grant_expired");
    assert_eq!(operator.get("/api/v1/me").await.ok()["impersonations"], json!([]));

    // Another leave, given back.
    enter(&app, &operator, &acme).await;
    inside.get("/clients").await.ok();
    let stopped = operator.act("/api/v1/admin/impersonation/stop").await.ok();
    assert_eq!(stopped["stopped"], 1);
    inside.get("/clients").await.refused(403, "impersonation_grant_expired");
    let again = operator.act("/api/v1/admin/impersonation/stop").await.ok();
    assert_eq!(again["stopped"], 0);
    let log = audit(&operator, &format!("agency={}&action=security.", acme.id())).await;
    let told = log.iter().filter(|entry| entry["id"].as_str().unwrap().starts_with("act_"));
    let told: Vec<&Value> = told.map(|entry| &entry["action"]).collect();
    assert_eq!(
        told,
        [
            "security.impersonation_stopped",
            "security.impersonation_started",
            "security.impersonation_started"
        ]
    );
}

#[tokio::test]
async fn leave_that_is_used_after_its_end_is_in_the_security_log() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let (acme, umbrella) = (app.agency("acme").await, app.agency("umbrella").await);
    let refused = async || {
        app.on_server(|app| async move {
            let query = security_event::Entity::find()
                .filter(security_event::Column::Kind.eq("impersonation_refused"))
                .order_by_asc(security_event::Column::Id);
            app.store().platform("a test reads the security log").all(query).await.unwrap()
        })
        .await
    };
    let (inside, first) = enter(&app, &operator, &acme).await;
    inside.get("/clients").await.ok();
    app.clock.advance(minutes(241));
    assert!(refused().await.is_empty(), "nothing was tried");

    for _ in 0..3 {
        inside.get("/clients").await.refused(403, "impersonation_grant_expired");
    }

    let rows = refused().await;
    assert_eq!(rows.len(), 1, "one a minute");
    assert_eq!(rows[0].user_id, Some(operator.user_id()));
    assert_eq!(rows[0].agency_id, Some(acme.id()));
    assert_eq!(rows[0].detail, json!({"grant_id": first["id"], "reason": "expired"}));
    assert_eq!(rows[0].ip.as_deref(), Some("127.0.0.1"));

    // In the same minute, but by other leaves: given back, and of another agency.
    let (_, second) = enter(&app, &operator, &acme).await;
    operator.act("/api/v1/admin/impersonation/stop").await.ok();
    inside.get("/clients").await.refused(403, "impersonation_grant_expired");
    app.clock.advance(TimeDelta::seconds(1));
    let (elsewhere, third) = enter(&app, &operator, &umbrella).await;
    operator.act("/api/v1/admin/impersonation/stop").await.ok();
    elsewhere.get("/clients").await.refused(403, "impersonation_grant_expired");
    let rows = refused().await.split_off(1);
    let told: Vec<_> = rows.iter().map(|row| (row.agency_id, row.detail.clone())).collect();
    assert_eq!(
        told,
        [
            (Some(acme.id()), json!({"grant_id": second["id"], "reason": "stopped"})),
            (Some(umbrella.id()), json!({"grant_id": third["id"], "reason": "stopped"})),
        ]
    );

    app.clock.advance(minutes(1));
    inside.get("/clients").await.refused(403, "impersonation_grant_expired");
    assert_eq!(refused().await.len(), 4);
    let shown = audit(&operator, "action=security.impersonation_refused").await;
    assert_eq!(shown.len(), 4, "{shown:?}");
}

#[tokio::test]
async fn the_owner_is_told_who_came_in_and_why() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let acme = app.agency("acme").await;

    let short = operator.post(&path(&acme), json!({"reason": " because "})).await;
    assert_eq!(short.broken_rules()[0].0, "/reason");
    enter(&app, &operator, &acme).await;

    let inbox = app.inbox().await;
    let mails: Vec<_> = inbox.iter().filter(|m| m.kind == "impersonation_started").collect();
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    assert_eq!(mail.to, "owner@acme.test");
    assert!(mail.text.contains(REASON), "{}", mail.text);
    let shown = acme.owner().get("/activity?action=security.impersonation_started").await.ok();
    assert_eq!(shown["data"][0]["new_values"]["reason"], REASON);
    assert_eq!(shown["data"][0]["source"], "super_admin");
}

#[tokio::test]
async fn what_is_the_agency_s_alone_stays_with_its_people() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let acme = app.agency("acme").await;
    let members = acme.owner().get("/members").await.ok();
    let admin = members["data"].as_array().unwrap().iter().find(|m| m["role"] == "admin").unwrap();
    let admin = id(admin).to_owned();
    let (inside, _) = enter(&app, &operator, &acme).await;

    let refused = [
        inside.post("/ownership-transfer", json!({"member_id": admin})).await,
        inside.act("/members/leave").await,
        inside.patch("/members/me", json!({"display_name": "Owner"})).await,
        inside.post("/api-keys", json!({"name": "x", "scopes": ["client:view"]})).await,
        inside.get("/api-keys").await,
        inside.get("/profile?reveal=true").await,
        inside.patch("/profile", json!({"bank_account_number": "123456"})).await,
        inside.patch("/profile", json!({"bank_bsb": "062-000"})).await,
    ];

    for reply in refused {
        reply.refused(403, "impersonation_not_allowed");
    }
    let shown = inside.get("").await.ok();
    assert_eq!(shown["role"], "owner");
    let permissions = shown["permissions"].as_array().unwrap();
    for kept in ["agency:delete", "api_key:manage", "billing:manage", "data:export"] {
        assert!(!permissions.contains(&json!(kept)), "{kept}");
    }
    let matrix = inside.get("/permissions").await.ok();
    assert_eq!(&matrix["permissions"], &shown["permissions"]);
}

#[tokio::test]
async fn a_suspended_agency_can_be_entered_a_deleted_one_cannot() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let acme = app.agency("acme").await;
    set(&app, acme.id(), |row| {
        row.col_expr(agency::Column::Status, Expr::value(AgencyStatus::Suspended))
    })
    .await;
    let (inside, _) = enter(&app, &operator, &acme).await;
    acme.owner().get("/clients").await.refused(403, "agency_suspended");
    steps::client(&inside).await;

    let now = kernel::ports::clock::Clock::now(&app.clock);
    set(&app, acme.id(), |row| row.col_expr(agency::Column::DeletedAt, Expr::value(now))).await;

    inside.get("/clients").await.refused(410, "gone");
}

#[tokio::test]
async fn an_operator_who_is_one_no_longer_is_out() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let acme = app.agency("acme").await;
    let second = second_operator(&app, &operator).await;
    let (inside, _) = enter(&app, &second, &acme).await;
    inside.get("/clients").await.ok();

    let access = format!("{}/access", person(second.user_id()));
    operator.patch(&access, json!({"super_admin": false})).await.ok();

    inside.get("/clients").await.refused(404, "not_found");
}

#[tokio::test]
async fn an_operator_who_enters_their_own_agency_leaves_the_mark_there_too() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let body = json!({"name": "House", "slug": "house"});
    let house = operator.post("/api/v1/agencies", body).await.created();
    let inside = operator.in_agency("house");
    let agency_id: AgencyId = id(&house).parse().unwrap();
    steps::client(&inside).await;
    let path = format!("/api/v1/admin/agencies/{agency_id}/impersonate");
    operator.post(&path, json!({"reason": REASON})).await.created();
    steps::client(&inside).await;
    operator.act("/api/v1/admin/impersonation/stop").await.ok();
    steps::client(&inside).await;

    let all = entries(&app, agency_id).await;
    let clients = all.iter().filter(|entry| entry.action == "client.created");
    let sources: Vec<&Value> = clients.map(|entry| &entry.metadata["source"]).collect();
    assert_eq!(sources, ["api", "super_admin", "api"]);
    app.run_jobs().await;
}

#[tokio::test]
async fn of_many_who_enter_at_once_with_one_account_one_does() {
    let app = race::spawn().await;
    let operator = app.operator().await;
    let acme = app.agency("acme").await;

    let replies = race(10, |_| {
        let (operator, path) = (operator.clone(), path(&acme));
        async move { operator.post(&path, json!({"reason": REASON})).await }
    })
    .await;

    let statuses = statuses(&replies);
    assert_eq!((statuses.get(&201), statuses.get(&409)), (Some(&1), Some(&9)), "{statuses:?}");
    let queued = app.on_server(|app| async move {
        let jobs = app.store().platform("the queue of a test");
        jobs.all(job::Entity::find()).await.unwrap()
    });
    let told = queued.await.into_iter().filter(|job| job.name.contains("impersonation"));
    assert_eq!(told.count(), 1);
    app.run_jobs().await;
}
