//! What a person decides about their own account: a copy of what is kept, and the end of it.

use entity::{UserId, activity, api_key, document, recovery_code, second_factor, session, user};
use reqwest::Method;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::steps;
use crate::support::{Client, Reply, TestApp, minutes};

const ME: &str = "/api/v1/me";

async fn delete(person: &Client) -> Reply {
    person.call(Method::DELETE, ME, Some(json!({"confirm": person.email()}))).await
}

fn entries<'v>(export: &'v Value, list: &str) -> &'v [Value] {
    export[list].as_array().unwrap_or_else(|| panic!("no list {list}"))
}

/// How many rows still say something of a person: theirs alone, and those that name them.
async fn rows_about(app: &TestApp, id: UserId) -> [usize; 7] {
    app.on_server(|app| async move {
        let db = app.store().platform("what a test finds of a person");
        let people = user::Entity::find().filter(user::Column::Id.eq(id));
        let sessions = session::Entity::find().filter(session::Column::UserId.eq(id));
        let factors = second_factor::Entity::find().filter(second_factor::Column::UserId.eq(id));
        let codes = recovery_code::Entity::find().filter(recovery_code::Column::UserId.eq(id));
        let keys = api_key::Entity::find().filter(api_key::Column::CreatedBy.eq(id));
        let documents = document::Entity::find().filter(document::Column::CreatedBy.eq(id));
        let activity = activity::Entity::find().filter(activity::Column::UserId.eq(id));
        [
            db.all(people).await.unwrap().len(),
            db.all(sessions).await.unwrap().len(),
            db.all(factors).await.unwrap().len(),
            db.all(codes).await.unwrap().len(),
            db.all(keys).await.unwrap().len(),
            db.all(documents).await.unwrap().len(),
            db.all(activity).await.unwrap().len(),
        ]
    })
    .await
}

#[tokio::test]
async fn an_account_that_is_deleted_is_gone_and_what_it_made_stays() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let (ada, heir) = (acme.owner(), acme.admin());
    let proposal = steps::proposal(&ada).await;
    let new = json!({"name": "Import", "scopes": ["invoice:view_all"]});
    let made = ada.post("/api-keys", new).await;
    let key = made.created()["key"].as_str().unwrap().to_owned();
    let members = ada.get("/members").await.ok();
    let next = entries(&members, "data").iter().find(|row| row["role"] == "admin").unwrap();
    ada.post("/ownership-transfer", json!({"member_id": next["id"]})).await.ok();
    ada.root().act("/api/v1/me/second-factor/totp").await.ok();
    assert_eq!(rows_about(&app, ada.user_id()).await[..6], [1, 1, 1, 0, 1, 1]);

    let body = json!({"confirm": " Owner@ACME.test "});
    let reply = ada.call(Method::DELETE, ME, Some(body)).await;

    assert_eq!(reply.cookie("refresh_token"), Some(""));
    reply.no_content();
    assert_eq!(rows_about(&app, ada.user_id()).await, [0; 7]);
    assert_eq!(ada.get(ME).await.code(), 401);
    let program = app.anonymous().with_token(&key).in_agency("acme");
    assert_eq!(program.get("/invoices").await.code(), 401);
    heir.get(&steps::path("proposals", &proposal)).await.ok();
    let left = steps::listed(&heir, "/members", "role").await;
    assert_eq!(left, ["owner", "member"]);
    let log = heir.get("/activity?limit=100").await.ok();
    let log = entries(&log, "data");
    let created = log.iter().find(|entry| entry["action"] == "proposal.created").unwrap();
    assert_eq!((&created["user_id"], &created["actor"]), (&Value::Null, &json!("Unknown")));
    assert!(log.iter().any(|entry| entry["action"] == "member.left"), "{log:?}");
    // Whoever signs in with the address is somebody new.
    let newcomer = app.sign_in("owner@acme.test").await;
    assert_ne!(newcomer.user_id(), ada.user_id());
    assert_eq!(newcomer.in_agency("acme").get("").await.code(), 404);
}

#[tokio::test]
async fn an_account_goes_only_when_its_own_address_confirms_it() {
    let app = TestApp::spawn().await;
    let ada = app.sign_in("ada@x.test").await;
    let with = async |body: Value| ada.call(Method::DELETE, ME, Some(body)).await;

    let mismatch = with(json!({"confirm": "grace@x.test"})).await.broken_rules();
    let empty = with(json!({"confirm": ""})).await.broken_rules();
    let nothing = ada.unchecked().delete(ME).await;

    assert_eq!(mismatch, [("/confirm".to_owned(), "mismatch".to_owned())]);
    assert_eq!(empty[0].0, "/confirm");
    assert!([400, 415, 422].contains(&nothing.code()), "{}", nothing.status());
    ada.get(ME).await.ok();
}

#[tokio::test]
async fn an_account_goes_only_within_a_quarter_of_an_hour_of_a_sign_in() {
    let app = TestApp::spawn().await;
    let ada = app.sign_in("ada@x.test").await;
    let anonymous = app.anonymous();
    anonymous.post("/api/v1/auth/magic-link", json!({"email": "ada@x.test"})).await.accepted();
    app.run_jobs().await;
    let token = app.magic_link_token("ada@x.test").await;
    let old = anonymous.post("/api/v1/auth/magic-link/verify", json!({"token": token})).await.ok();
    app.clock.advance(minutes(16));
    let refresh = json!({"refresh_token": old["refresh_token"]});
    let renewed = anonymous.post("/api/v1/auth/refresh", refresh).await.ok();
    let stale = anonymous.with_token(renewed["access_token"].as_str().unwrap());

    let body = json!({"confirm": "ada@x.test"});
    let refused = stale.call(Method::DELETE, ME, Some(body)).await;

    refused.refused(403, "recent_sign_in_required");
    // This client signs in anew once its token is over.
    delete(&ada).await.no_content();
}

#[tokio::test]
async fn the_only_owner_of_agencies_is_told_which() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let (owner, admin) = (acme.owner(), acme.admin());
    let body = json!({"name": "Umbrella", "slug": "umbrella"});
    owner.root().post("/api/v1/agencies", body).await.created();

    let refusal = delete(&owner).await.refused(409, "sole_owner");

    let detail = refusal["detail"].as_str().unwrap();
    assert!(detail.ends_with("acme, umbrella"), "{detail}");
    owner.get("").await.ok();
    // An agency that is handed over stands in the way no more.
    let members = owner.get("/members").await.ok();
    let heir = entries(&members, "data").iter().find(|row| row["role"] == "admin").unwrap();
    let transfer = json!({"member_id": heir["id"]});
    owner.post("/ownership-transfer", transfer).await.ok();
    let refusal = delete(&owner).await.refused(409, "sole_owner");
    assert!(refusal["detail"].as_str().unwrap().ends_with("owner: umbrella"), "{refusal}");
    assert_eq!(admin.get("").await.ok()["role"], "owner");
}

#[tokio::test]
async fn a_suspended_agency_keeps_nobody() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let acme = app.agency("acme").await;
    let place = format!("/api/v1/admin/agencies/{}", acme.id());
    operator.if_match("*").patch(&place, json!({"status": "suspended"})).await.ok();

    delete(&acme.member()).await.no_content();

    assert_eq!(rows_about(&app, acme.member().user_id()).await, [0; 7]);
}

#[tokio::test]
async fn an_operator_stops_being_one_first() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;

    delete(&operator).await.refused(403, "super_admin_protected");

    operator.get("/api/v1/admin/stats").await.ok();
}

#[tokio::test]
async fn a_person_gets_a_file_of_what_is_kept_about_them() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let member = acme.member();
    let client = steps::client(&member).await;

    let reply = member.get("/api/v1/me/export").await;

    assert_eq!(reply.header("content-disposition"), Some("attachment; filename=\"account.json\""));
    assert!(reply.header("cache-control").unwrap().contains("no-store"));
    let export = reply.ok();
    assert_eq!(export["account"]["email"], "member@acme.test");
    assert_eq!(export["account"]["id"], member.user_id().to_string());
    let [membership] = entries(&export, "memberships") else { panic!("one membership: {export}") };
    assert_eq!(membership["agency_name"], "acme");
    assert_eq!((&membership["role"], &membership["status"]), (&json!("member"), &json!("active")));
    assert_eq!(entries(&export, "sessions")[0]["ip"], "127.0.0.1");
    assert_eq!(entries(&export, "identities"), [] as [Value; 0]);
    assert_eq!(export["second_factor"]["totp_enabled_at"], Value::Null);
    let logins = entries(&export, "security_events").iter();
    assert_eq!(logins.filter(|event| event["kind"] == "login").count(), 1);
    let done = entries(&export, "activity");
    let created = done.iter().find(|entry| entry["action"] == "client.created").unwrap();
    assert_eq!(created["agency_id"], acme.id().to_string());
    assert_eq!(created["ip_address"], "127.0.0.1");
    // Nothing of the client's, nor of colleagues.
    let text = export.to_string();
    for other in [client["email"].as_str().unwrap(), "owner@acme.test", "admin@acme.test"] {
        assert!(!text.contains(other), "{other} in {text}");
    }
}

#[tokio::test]
async fn the_file_has_no_secrets_and_no_one_else_s_sign_ins() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let ada = app.sign_in("ada@x.test").await;
    let grace = app.sign_in("grace@x.test").await;
    let setup = ada.act("/api/v1/me/second-factor/totp").await.ok();
    let place = format!("/api/v1/admin/users/{}", ada.user_id());
    let program = operator.with("User-Agent", "the operator's own");
    program.post(&format!("{place}/suspend"), json!({"reason": "by mistake"})).await.ok();
    program.act(&format!("{place}/unsuspend")).await.ok();
    let ada = app.sign_in("ada@x.test").await;

    let export = ada.get("/api/v1/me/export").await.ok();

    assert_eq!(entries(&export, "sessions").len(), 2);
    assert_eq!(entries(&export, "sessions")[1]["ended_because"], "suspended");
    let events = entries(&export, "security_events");
    let kinds: Vec<&str> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    for kind in ["user_suspended", "session_revoked", "user_reinstated"] {
        assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
    }
    let text = export.to_string();
    let operator_id = operator.user_id().to_string();
    let grace_id = grace.user_id().to_string();
    let secret = setup["secret"].as_str().unwrap();
    for never in [secret, &operator_id, &grace_id, "the operator's own", "_hash", "token"] {
        assert!(!text.contains(never), "{never} in {text}");
    }
}
