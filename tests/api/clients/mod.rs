//! The agency's clients.

mod lists;

use std::collections::BTreeSet;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use crate::support::{Client, TestApp};

/// A client with this name and address.
fn client(name: &str, email: &str) -> Value {
    json!({"business_name": name, "email": email})
}

/// Makes a client; answers with its id.
async fn make(caller: &Client, name: &str, email: &str) -> String {
    let made = caller.post("/clients", client(name, email)).await.created();
    made["id"].as_str().unwrap().to_owned()
}

/// The names in a list.
async fn names(caller: &Client, path: &str) -> Vec<String> {
    let list = caller.get(path).await.ok();
    let data = list["data"].as_array().unwrap();
    data.iter().map(|entry| entry["business_name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_client_is_created_and_read_back() {
    let app = TestApp::spawn().await;
    let member = app.agency("acme").await.member();

    let reply = member
        .post(
            "/clients",
            json!({
                "business_name": "  Riverbend Plumbing ",
                "email": " Office@Riverbend.Example ",
                "phone": "+61 2 5550 1234",
                "contact_name": "Ada Nguyen",
                "address": "12 Quay Street\nSydney",
                "business_number": "51 824 753 556",
                "notes": "  ",
            }),
        )
        .await;

    let (location, etag) = (reply.location(), reply.etag());
    let made = reply.created();
    assert_eq!(made["business_name"], "Riverbend Plumbing");
    assert_eq!(made["email"], "office@riverbend.example");
    assert_eq!(made["address"], "12 Quay Street\nSydney");
    assert_eq!(made["notes"], Value::Null);
    assert_eq!(made["status"], "active");
    assert_eq!(made["created_by"], member.user_id().to_string());
    let read = member.get(&location).await;
    assert_eq!(read.etag(), etag);
    assert_eq!(read.ok(), made);
    assert_eq!(member.with("If-None-Match", etag).get(&location).await.code(), 304);
}

#[tokio::test]
async fn every_broken_rule_of_a_new_client_is_named() {
    let app = TestApp::spawn().await;
    let member = app.agency("acme").await.member();
    let (long, longer) = ("x".repeat(256), "x".repeat(10_001));

    let broken = member
        .post(
            "/clients",
            json!({
                "business_name": " ",
                "email": "nobody",
                "phone": long,
                "contact_name": long,
                "address": longer,
                "business_number": long,
                "notes": longer,
                "status": "archived",
            }),
        )
        .await
        .broken_rules();

    let pointers: Vec<&str> = broken.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/address",
            "/business_name",
            "/business_number",
            "/contact_name",
            "/email",
            "/notes",
            "/phone",
            "/status",
        ]
    );
    let too_long = client(&long, "a@x.test");
    member.post("/clients", too_long).await.refused(422, "validation_failed");
    member.post("/clients", client("a\0b", "a@x.test")).await.refused(422, "validation_failed");
    member.post("/clients", json!({"email": "a@x.test"})).await.refused(422, "validation_failed");
    assert_eq!(member.get("/clients/count").await.ok()["count"], 0);
}

#[tokio::test]
async fn a_second_client_with_the_same_address_is_refused() {
    let app = TestApp::spawn().await;
    let agency = app.agency("acme").await;
    let id = make(&agency.member(), "Ada", "ada@x.test").await;

    let problem =
        agency.owner().post("/clients", client("B", "ADA@x.test")).await.refused(409, "conflict");

    assert_eq!(problem["field"], "email");
    assert!(problem["detail"].as_str().unwrap().contains(&id), "{problem}");
    agency.owner().act(&format!("/clients/{id}/archive")).await.ok();
    let problem =
        agency.owner().post("/clients", client("B", "ada@x.test")).await.refused(409, "conflict");
    assert!(problem["detail"].as_str().unwrap().contains("restore"), "{problem}");
    // Another agency's clients do not collide, and are not named.
    app.bystander().owner().post("/clients", client("Ada", "ada@x.test")).await.created();
}

#[tokio::test]
async fn a_repeated_creation_is_answered_once() {
    let app = TestApp::spawn().await;
    let member = app.agency("acme").await.member().once("key-1");

    let first = member.post("/clients", client("Ada", "ada@x.test")).await;
    let second = member.post("/clients", client("Ada", "ada@x.test")).await;

    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(second.created(), first.created());
    let other = member.post("/clients", client("Eve", "eve@x.test")).await;
    other.refused(422, "validation_failed");
}

#[tokio::test]
async fn a_change_is_partial_and_counts_the_version_up() {
    let app = TestApp::spawn().await;
    let member = app.agency("acme").await.member();
    let new = json!({"business_name": "Ada", "email": "ada@x.test", "phone": "1", "notes": "n"});
    let reply = member.post("/clients", new).await;
    let (path, first) = (reply.location(), reply.etag());

    let changed = member
        .if_match(&first)
        .patch(&path, json!({"business_name": "Zoë", "email": "Zoe@x.test", "phone": null}))
        .await;

    assert_ne!(changed.etag(), first);
    let changed = changed.ok();
    assert_eq!(changed["business_name"], "Zoë");
    assert_eq!(changed["email"], "zoe@x.test");
    assert_eq!(changed["phone"], Value::Null);
    assert_eq!(changed["notes"], "n");
    let stale = member.if_match(&first).patch(&path, json!({"notes": "lost"})).await;
    stale.refused(412, "precondition_failed");
    assert_eq!(member.get(&path).await.ok(), changed);
    let unchanged = member.patch(&path, json!({})).await;
    assert_eq!(unchanged.ok(), changed);
}

#[tokio::test]
async fn a_change_obeys_the_rules_and_the_other_clients_addresses() {
    let app = TestApp::spawn().await;
    let member = app.agency("acme").await.member();
    let holder = make(&member, "Ada", "ada@x.test").await;
    let path = format!("/clients/{}", make(&member, "Bob", "bob@x.test").await);

    let taken = member.patch(&path, json!({"email": "Ada@x.test"})).await.refused(409, "conflict");
    let broken = member
        .patch(&path, json!({"business_name": "", "email": "x", "phone": "1".repeat(51)}))
        .await
        .broken_rules();

    assert_eq!(taken["field"], "email");
    assert!(taken["detail"].as_str().unwrap().contains(&holder), "{taken}");
    let pointers: BTreeSet<&str> = broken.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(pointers, BTreeSet::from(["/business_name", "/email", "/phone"]));
    for null in ["business_name", "email"] {
        member.patch(&path, json!({null: null})).await.refused(422, "validation_failed");
    }
    assert_eq!(member.get(&path).await.ok()["email"], "bob@x.test");
    // Its own address is no conflict.
    member.patch(&path, json!({"email": "bob@x.test"})).await.ok();
}

#[tokio::test]
async fn members_may_not_archive_or_restore() {
    let app = TestApp::spawn().await;
    let agency = app.agency("acme").await;
    let path = format!("/clients/{}", make(&agency.member(), "Ada", "ada@x.test").await);

    for action in ["archive", "restore"] {
        let refused = agency.member().act(&format!("{path}/{action}")).await;
        assert_eq!(refused.refused(403, "forbidden")["permission"], format!("client:{action}"));
    }

    assert_eq!(agency.owner().get(&path).await.ok()["status"], "active");
}

#[tokio::test]
async fn getting_or_creating_leaves_an_existing_client_untouched() {
    let app = TestApp::spawn().await;
    let agency = app.agency("acme").await;
    let member = agency.member();
    let new = json!({"business_name": "Ada", "email": "ada@x.test", "phone": "1"});

    let first = member.post("/clients/get-or-create", new).await;
    let etag = first.etag();
    let first = first.created();
    agency.admin().act(&format!("/clients/{}/archive", first["id"].as_str().unwrap())).await.ok();
    let second = member.post("/clients/get-or-create", client("Other", "ADA@x.test")).await;

    assert_ne!(second.etag(), etag);
    let second = second.ok();
    assert_eq!(second["id"], first["id"]);
    assert_eq!(second["business_name"], "Ada");
    assert_eq!(second["phone"], "1");
    assert_eq!(second["status"], "archived");
}

#[tokio::test]
async fn of_parallel_calls_one_creates_and_the_others_find() {
    let app = TestApp::spawn().await;
    let member = app.agency("acme").await.member();

    let calls = (0..12).map(|number| {
        let member = member.clone();
        async move {
            let new = client(&format!("Ada {number}"), "ada@x.test");
            let reply = member.post("/clients/get-or-create", new).await;
            (reply.code(), reply.json()["id"].clone())
        }
    });
    let answers = futures_util::future::join_all(calls).await;

    let created = answers.iter().filter(|(code, _)| *code == 201).count();
    let ids: BTreeSet<String> = answers.iter().map(|(_, id)| id.to_string()).collect();
    assert!(answers.iter().all(|(code, _)| [200, 201].contains(code)), "{answers:?}");
    assert_eq!((created, ids.len()), (1, 1));
}

#[tokio::test]
async fn parallel_creations_with_one_address_have_one_winner() {
    let app = TestApp::spawn().await;
    let member = app.agency("acme").await.member();

    let calls = (0..12).map(|_| {
        let member = member.clone();
        async move { member.post("/clients", client("Ada", "ada@x.test")).await.code() }
    });
    let mut codes = futures_util::future::join_all(calls).await;

    codes.sort_unstable();
    assert_eq!(codes[..2], [201, 409]);
    assert_eq!(codes[11], 409);
}

#[tokio::test]
async fn of_parallel_changes_of_one_version_one_is_kept() {
    let app = TestApp::spawn().await;
    let member = app.agency("acme").await.member();
    let reply = member.post("/clients", client("Ada", "ada@x.test")).await;
    let (path, etag) = (reply.location(), reply.etag());

    let calls = (0..12).map(|number| {
        let (member, path) = (member.if_match(&etag), path.clone());
        async move { member.patch(&path, json!({"notes": number.to_string()})).await }
    });
    let replies = futures_util::future::join_all(calls).await;

    let kept: Vec<Value> =
        replies.iter().filter(|reply| reply.code() == 200).map(|reply| reply.json()).collect();
    assert_eq!(kept.len(), 1);
    assert!(replies.iter().all(|reply| [200, 412].contains(&reply.code())));
    assert_eq!(member.get(&path).await.ok(), kept[0]);
}

#[tokio::test]
async fn what_happens_to_a_client_is_recorded_and_announced() {
    let app = TestApp::spawn().await;
    let agency = app.agency("acme").await;
    let owner = agency.owner();
    let id = make(&owner, "Ada", "ada@x.test").await;
    let path = format!("/clients/{id}");
    owner.patch(&path, json!({"phone": "1", "business_name": "Ada"})).await.ok();
    owner.act(&format!("{path}/archive")).await.ok();
    owner.act(&format!("{path}/restore")).await.ok();
    // Refused and repeated requests leave no trace.
    owner.post("/clients", client("B", "ada@x.test")).await.refused(409, "conflict");
    owner.post("/clients/get-or-create", client("B", "ada@x.test")).await.ok();
    owner.patch(&path, json!({})).await.ok();

    let agency_id = agency.id();
    let (activities, events) = app
        .on_server(move |app| async move {
            let context = kernel::tenancy::system_context(&app, agency_id, "a test looks").await;
            let db = context.unwrap().db();
            let query = entity::activity::Entity::find()
                .filter(entity::activity::Column::EntityType.eq("client"))
                .order_by_asc(entity::activity::Column::Id);
            let activities = db.all(query).await.unwrap();
            (activities, kernel::events::after(&db, 0, 100).await.unwrap())
        })
        .await;

    let actions: Vec<&str> = activities.iter().map(|row| row.action.as_str()).collect();
    let expected = ["client.created", "client.updated", "client.archived", "client.restored"];
    assert_eq!(actions, expected);
    assert_eq!(activities[1].old_values, Some(json!({"phone": null})));
    assert_eq!(activities[1].new_values, Some(json!({"phone": "1"})));
    assert!(activities.iter().all(|row| row.user_id == Some(owner.user_id())));
    let announced: Vec<(&str, &Value)> = events
        .iter()
        .filter(|event| event.event_type.starts_with("client."))
        .map(|event| (event.event_type.as_str(), &event.data))
        .collect();
    assert_eq!(
        announced,
        [
            ("client.created", &json!({"id": id})),
            ("client.updated", &json!({"id": id})),
            ("client.archived", &json!({"id": id, "status": "archived"})),
            ("client.restored", &json!({"id": id, "status": "active"})),
        ]
    );
}

#[tokio::test]
async fn another_agency_s_client_does_not_exist() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let foreign = make(&app.bystander().owner(), "Ada", "ada@x.test").await;
    let path = format!("/clients/{foreign}");

    for reply in [
        owner.get(&path).await,
        owner.patch(&path, json!({"notes": "x"})).await,
        owner.act(&format!("{path}/archive")).await,
        owner.act(&format!("{path}/restore")).await,
        owner.get("/clients/cli_00000000000000000000000000").await,
        owner.get("/clients/inv_00000000000000000000000000").await,
        owner.get("/clients/nonsense").await,
    ] {
        reply.refused(404, "not_found");
    }
    assert_eq!(names(&owner, "/clients?status=all&search=ada").await, Vec::<String>::new());
}
