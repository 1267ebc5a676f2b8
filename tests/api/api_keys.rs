//! API keys: making, using, changing, replacing and revoking them.

use entity::{agency, api_key, idempotency_key, security_event, user};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::steps::{self, id, listed};
use crate::support::{Agency, Client, Program, TestApp, TimeDelta, days, minutes};

/// A well-formed key that nobody has made.
const MADE_UP: &str = "rk_live_000000000000000000000000000000_3q7QnU";

/// Replaces one letter of a key by another.
fn forged(key: &str) -> String {
    let (start, end) = key.split_at(20);
    let letter = if end.starts_with('x') { "y" } else { "x" };
    format!("{start}{letter}{}", &end[1..])
}

/// The rows of keys, as the database has them.
async fn rows(app: &TestApp) -> Vec<api_key::Model> {
    app.on_server(|app| async move {
        app.store().platform("keys of a test").all(api_key::Entity::find()).await.unwrap()
    })
    .await
}

/// The reasons for which keys were refused, as the security log has them.
async fn refusals(app: &TestApp) -> Vec<String> {
    let query =
        security_event::Entity::find().filter(security_event::Column::Kind.eq("api_key_refused"));
    let rows = app.on_server(|app| async move {
        app.store().platform("the security log of a test").all(query).await.unwrap()
    });
    let reason = |row: security_event::Model| row.detail["reason"].as_str().unwrap().to_owned();
    let mut reasons: Vec<String> = rows.await.into_iter().map(reason).collect();
    reasons.sort();
    reasons
}

/// Changes an agency behind the API's back.
async fn change_agency(app: &TestApp, agency: &Agency, column: agency::Column, value: Expr) {
    let update = agency::Entity::update_many()
        .col_expr(column, value)
        .filter(agency::Column::Id.eq(agency.id()));
    app.on_server(|app| async move {
        let tx = app.store().begin_platform("a test changes an agency").await.unwrap();
        assert_eq!(tx.db().update_many(update).await.unwrap(), 1);
        tx.commit().await.unwrap();
    })
    .await;
}

async fn proposal(caller: &Client, title: &str) -> Value {
    let (client, package) = (steps::client(caller).await, steps::package(caller).await);
    let new = json!({"client_id": id(&client), "package_id": id(&package), "title": title});
    caller.post("/proposals", new).await.created()
}

#[tokio::test]
async fn a_key_is_shown_once_and_opens_what_its_scopes_name() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;

    let Program { client, key, made } =
        acme.program(&["client:view", "client:create", "client:view"]).await;

    assert!(key.starts_with("rk_live_"), "{key}");
    assert!(key.starts_with(made["prefix"].as_str().unwrap()));
    assert_eq!(made["scopes"], json!(["client:view", "client:create"]));
    assert_eq!(made["status"], "active");
    assert_eq!(made["created_by"], acme.owner().user_id().to_string());
    let path = format!("/api-keys/{}", id(&made));
    let read = acme.owner().get(&path).await.ok();
    let list = acme.owner().get("/api-keys").await.ok();
    for shown in [&read, &list["data"][0]] {
        assert_eq!(shown["prefix"], made["prefix"]);
        assert_eq!(shown["key"], Value::Null);
        assert!(!shown.to_string().contains(&key));
    }
    steps::client(&client).await;
    assert_eq!(steps::total(&client, "clients").await, 1);
    let problem = client.get("/packages").await.refused(403, "forbidden");
    assert_eq!(problem["permission"], "packages:view");
}

#[tokio::test]
async fn the_database_keeps_no_key() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let new = json!({"name": "Import", "scopes": ["client:view"]});
    let once = acme.owner().once("make the key");

    let made = once.post("/api-keys", new.clone()).await.created();
    let again = once.post("/api-keys", new).await;

    // A caller that did not get the answer asks again, and gets the same key.
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.json(), made);
    let key = made["key"].as_str().unwrap();
    let secret = &key[16..];
    let [row] = rows(&app).await.try_into().unwrap();
    assert!(!format!("{row:?}").contains(secret));
    let kept = app.on_server(|app| async move {
        let platform = app.store().platform("kept answers of a test");
        platform.all(idempotency_key::Entity::find()).await.unwrap()
    });
    for answer in kept.await {
        let body = answer.body.unwrap_or_default();
        assert!(!body.windows(secret.len()).any(|part| part == secret.as_bytes()));
    }
}

#[tokio::test]
async fn what_breaks_a_rule_is_named_all_at_once() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let rules = async |body: Value| owner.post("/api-keys", body).await.broken_rules();
    let pointers = async |body: Value| -> Vec<String> {
        rules(body).await.into_iter().map(|(pointer, _)| pointer).collect()
    };

    let bad = json!({
        "name": " ", "scopes": ["client:view", "client:fly", "api_key:manage"],
        "requests_per_minute": 121, "colour": "red",
    });
    assert_eq!(
        pointers(bad).await,
        ["/colour", "/name", "/requests_per_minute", "/scopes/1", "/scopes/2"]
    );
    assert_eq!(
        pointers(json!({"name": "x".repeat(101), "scopes": []})).await,
        ["/name", "/scopes"]
    );
    let scopes = json!(["client:view"]);
    for end in ["2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"] {
        let body = json!({"name": "Import", "scopes": scopes, "expires_at": end});
        assert_eq!(rules(body).await, [("/expires_at".to_owned(), "out_of_range".to_owned())]);
    }
    for personal in ["agency:delete", "member:transfer_ownership", "sso:manage"] {
        assert_eq!(pointers(json!({"name": "Import", "scopes": [personal]})).await, ["/scopes/0"]);
    }
    assert_eq!(steps::total(&owner, "api-keys").await, 0);
}

#[tokio::test]
async fn a_malformed_key_is_refused_without_asking_the_database() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let program = acme.program(&["client:view"]).await;
    let wrong = [
        forged(&program.key),
        "rk_live_".to_owned(),
        "rk_live_x_y".to_owned(),
        format!("{}x", program.key),
        program.key.replace('_', "-").replacen("rk-live-", "rk_live_", 1),
    ];

    app.run_jobs().await;
    app.forget_jobs();
    app.on_server(|app| async move { app.store().close().await.unwrap() }).await;

    for key in wrong {
        acme.owner().with_token(&key).get("/clients").await.refused(401, "unauthenticated");
    }
    // A key that could be one is looked for, and the database is away.
    program.client.get("/clients").await.refused(503, "unavailable");
}

#[tokio::test]
async fn an_unknown_key_is_refused_and_logged() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let program = acme.program(&["client:view"]).await;
    // Well-formed: the same name, another secret.
    let other = kernel::tenancy::NewKey::with_prefix(
        &kernel::ports::clock::SystemRng,
        program.made["prefix"].as_str().unwrap().to_owned(),
    );
    let other = secrecy::ExposeSecret::expose_secret(&other.secret).to_owned();

    let reply = acme.owner().with_token(&other).get("/clients").await;

    assert!(reply.header("www-authenticate").is_some());
    reply.refused(401, "unauthenticated");
    assert_eq!(refusals(&app).await, ["unknown"]);
}

#[tokio::test]
async fn a_key_opens_its_own_agency_alone() {
    let app = TestApp::spawn().await;
    let (acme, bolt) = (app.agency("acme").await, app.agency("bolt").await);
    let program = acme.program(&["client:view", "agency:view"]).await;

    let foreign = program.client.in_agency("bolt").get("/clients").await;
    let made_up = program.client.in_agency("no-such-agency").get("/clients").await;

    let told = |mut problem: Value| {
        for varying in ["request_id", "instance"] {
            problem.as_object_mut().unwrap().remove(varying);
        }
        problem
    };
    assert_eq!(told(foreign.refused(404, "not_found")), told(made_up.refused(404, "not_found")));
    let theirs = bolt.program(&["client:view"]).await;
    acme.owner().get(&theirs.path()).await.refused(404, "not_found");
    acme.owner().delete(&theirs.path()).await.refused(404, "not_found");
    theirs.client.get("/clients").await.ok();
}

#[tokio::test]
async fn a_key_never_does_what_needs_a_person() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let all = kernel::Permission::ALL.iter().filter(|permission| permission.is_open_to_keys());
    let all: Vec<&str> = all.map(|permission| permission.key()).collect();
    let Program { client, .. } = acme.program(&all).await;
    let member = steps::listed(&acme.owner(), "/members", "id").await.pop().unwrap();

    let refused = [
        client.get("/api/v1/me").await,
        client.get("/api/v1/me/agencies").await,
        client.post("/api/v1/agencies", json!({"name": "Mine"})).await,
        client.act("/api/v1/auth/logout").await,
        client.get("/api-keys").await,
        client.post("/api-keys", json!({"name": "Other", "scopes": ["client:view"]})).await,
        client.post("/ownership-transfer", json!({"member_id": member})).await,
        client.patch("/members/me", json!({"display_name": "Robot"})).await,
        client.act("/members/leave").await,
    ];

    for reply in refused {
        reply.refused(403, "api_key_not_allowed");
    }
    assert_eq!(steps::total(&acme.owner(), "api-keys").await, 1);
    assert_eq!(steps::total(&acme.owner(), "members").await, 3);
}

#[tokio::test]
async fn what_a_key_makes_is_its_person_s_and_says_so_in_the_log() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let scopes = ["client:create", "packages:create", "proposal:create", "proposal:view_own"];
    let program = acme.program(&scopes).await;

    let made = proposal(&program.client, "By a program").await;

    assert_eq!(made["created_by"], acme.owner().user_id().to_string());
    let log = acme.owner().get("/activity?action=proposal.created").await.ok();
    let entry = &log["data"][0];
    assert_eq!(entry["source"], "api_key");
    assert_eq!(entry["api_key_id"], program.made["id"]);
    assert_eq!(entry["user_id"], acme.owner().user_id().to_string());
    let by_hand = acme.owner().get("/activity?action=security.api_key_generated").await.ok();
    assert_eq!(by_hand["data"][0]["source"], "api");
    assert_eq!(by_hand["data"][0]["api_key_id"], Value::Null);
    assert!(!by_hand.to_string().contains(&program.key));
}

#[tokio::test]
async fn without_view_all_a_key_sees_its_person_s_rows_only() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let mine = proposal(&acme.owner(), "Mine").await;
    let other = proposal(&acme.admin(), "Another's").await;
    let own = acme.program(&["proposal:view_own", "activity:view"]).await.client;
    let all =
        acme.program(&["proposal:view_own", "proposal:view_all", "activity:view"]).await.client;

    assert_eq!(listed(&own, "/proposals", "title").await, ["Mine"]);
    own.get(&steps::path("proposals", &mine)).await.ok();
    own.get(&steps::path("proposals", &other)).await.refused(404, "not_found");
    let mut titles = listed(&all, "/proposals", "title").await;
    titles.sort();
    assert_eq!(titles, ["Another's", "Mine"]);
    // The log follows, kind by kind.
    let entries = "activity?action=proposal.";
    assert_eq!(listed(&own, &format!("/{entries}"), "action").await.len(), 1);
    assert_eq!(listed(&all, &format!("/{entries}"), "action").await.len(), 2);
    let other_kind = acme.program(&["invoice:view_all", "activity:view"]).await.client;
    assert_eq!(listed(&other_kind, &format!("/{entries}"), "action").await.len(), 1);
}

#[tokio::test]
async fn a_key_is_told_what_it_may_do() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let program = acme.program(&["agency:view", "invoice:refund"]).await;

    let agency = program.client.get("").await.ok();
    let matrix = program.client.get("/permissions").await.ok();

    // In the order of the matrix.
    assert_eq!(agency["permissions"], json!(["invoice:refund", "agency:view"]));
    assert_eq!(matrix["permissions"], agency["permissions"]);
    let etag = program.client.get("").await.etag();
    assert_ne!(etag, acme.owner().get("").await.etag());
}

#[tokio::test]
async fn a_revoked_key_stops_at_once_and_stays_in_the_list() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let program = acme.program(&["client:view"]).await;
    program.client.get("/clients").await.ok();

    acme.owner().delete(&program.path()).await.no_content();

    program.client.get("/clients").await.refused(401, "api_key_revoked");
    let read = acme.owner().get(&program.path()).await.ok();
    assert_eq!(read["status"], "revoked");
    assert_eq!(listed(&acme.owner(), "/api-keys", "status").await, ["revoked"]);
    acme.owner().delete(&program.path()).await.no_content();
    let change = acme.owner().patch(&program.path(), json!({"name": "Again"})).await;
    assert_eq!(change.refused(409, "invalid_state")["current"], "revoked");
    acme.owner().act(&format!("{}/rotate", program.path())).await.refused(409, "invalid_state");
    assert_eq!(refusals(&app).await, ["revoked"]);
    let actions = steps::listed(&acme.owner(), "/activity?action=security.", "action").await;
    assert_eq!(actions, ["security.api_key_revoked", "security.api_key_generated"]);
}

#[tokio::test]
async fn a_key_ends_with_its_time_and_comes_back_with_a_later_end() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let end = kernel::ports::clock::Clock::now(&app.clock) + days(7);
    let key = json!({"name": "Import", "scopes": ["client:view"], "expires_at": end});
    let program = acme.program_with(key).await;

    app.clock.advance(days(7) - minutes(1));
    program.client.get("/clients").await.ok();
    app.clock.advance(minutes(2));

    program.client.get("/clients").await.refused(401, "api_key_expired");
    assert_eq!(acme.owner().get(&program.path()).await.ok()["status"], "expired");
    let later = acme.owner().patch(&program.path(), json!({"expires_at": null})).await.ok();
    assert_eq!(later["status"], "active");
    program.client.get("/clients").await.ok();
}

#[tokio::test]
async fn a_change_of_scopes_holds_from_the_next_request() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let program = acme.program(&["client:view"]).await;
    let read = acme.owner().get(&program.path()).await;
    let etag = read.etag();

    let patch = json!({"name": " Export ", "scopes": ["packages:view"], "requests_per_minute": 30});
    let changed = acme.owner().if_match(&etag).patch(&program.path(), patch).await.ok();

    assert_eq!(changed["name"], "Export");
    assert_eq!(changed["requests_per_minute"], 30);
    program.client.get("/clients").await.refused(403, "forbidden");
    program.client.get("/packages").await.ok();
    let stale = acme.owner().if_match(&etag).patch(&program.path(), json!({"name": "B"})).await;
    stale.refused(412, "precondition_failed");
    let owner = acme.owner();
    assert_eq!(
        owner
            .patch(&program.path(), json!({"scopes": [], "name": null}))
            .await
            .broken_rules()
            .len(),
        1
    );
    let log = owner.get("/activity?action=security.api_key_updated").await.ok();
    assert_eq!(log["data"][0]["old_values"]["scopes"], json!(["client:view"]));
}

#[tokio::test]
async fn a_rotated_key_is_replaced_at_once_or_after_its_grace() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let program = acme.program(&["client:view"]).await;
    let rotate = format!("{}/rotate", program.path());

    let second = acme.owner().post(&rotate, json!({"grace_s": 3600})).await.ok();

    assert_eq!(second["prefix"], program.made["prefix"]);
    assert_eq!(second["id"], program.made["id"]);
    let second_key = second["key"].as_str().unwrap();
    assert_ne!(second_key, program.key);
    let with_second = acme.owner().with_token(second_key);
    with_second.get("/clients").await.ok();
    program.client.get("/clients").await.ok();
    let read = acme.owner().get(&program.path()).await.ok();
    assert_ne!(read["previous_valid_until"], Value::Null);

    app.clock.advance(TimeDelta::seconds(3601));
    program.client.get("/clients").await.refused(401, "api_key_expired");
    let read = acme.owner().get(&program.path()).await.ok();
    assert_eq!(read["previous_valid_until"], Value::Null);
    let third = acme.owner().act(&rotate).await.ok();
    with_second.get("/clients").await.refused(401, "api_key_expired");
    acme.owner().with_token(third["key"].as_str().unwrap()).get("/clients").await.ok();
    // Of the first nothing is kept any more.
    program.client.get("/clients").await.refused(401, "unauthenticated");
    let long = acme.owner().post(&rotate, json!({"grace_s": 86_401})).await;
    assert_eq!(long.broken_rules(), [("/grace_s".to_owned(), "invalid".to_owned())]);
}

#[tokio::test]
async fn a_key_does_no_more_than_its_person_may() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let program = acme.program(&["packages:delete", "packages:view", "packages:create"]).await;
    let package = steps::package(&program.client).await;
    let members = acme.owner().get("/members").await.ok();
    let find = |role: &str| {
        let mut members = members["data"].as_array().unwrap().iter();
        members.find(|member| member["role"] == role).unwrap()["id"].clone()
    };

    let heir = json!({"member_id": find("admin")});
    acme.owner().post("/ownership-transfer", heir).await.ok();

    // Its person is an admin now, who deletes no package.
    let deletion = program.client.delete(&steps::path("packages", &package)).await;
    assert_eq!(deletion.refused(403, "forbidden")["permission"], "packages:delete");
    program.client.get("/packages").await.ok();
    let owner = find("owner").as_str().unwrap().to_owned();
    acme.admin().delete(&format!("/members/{owner}")).await.no_content();
    program.client.get("/packages").await.refused(403, "api_key_inactive");
    app.forget_jobs();
}

#[tokio::test]
async fn a_key_of_a_suspended_person_stops() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let program = acme.program(&["client:view"]).await;
    let now = kernel::ports::clock::Clock::now(&app.clock);
    let update = user::Entity::update_many()
        .col_expr(user::Column::SuspendedAt, Expr::value(now))
        .filter(user::Column::Id.eq(acme.owner().user_id()));

    app.on_server(|app| async move {
        let tx = app.store().begin_platform("a test suspends a person").await.unwrap();
        tx.db().update_many(update).await.unwrap();
        tx.commit().await.unwrap();
    })
    .await;

    program.client.get("/clients").await.refused(403, "api_key_inactive");
}

#[tokio::test]
async fn keys_stop_with_the_plan_and_can_still_be_taken_back() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let program = acme.program(&["client:view"]).await;

    change_agency(&app, &acme, agency::Column::IsFreemium, Expr::value(false)).await;

    let problem = program.client.get("/clients").await.refused(403, "feature_not_in_plan");
    assert_eq!(problem["feature"], "api_access");
    let new = json!({"name": "Other", "scopes": ["client:view"]});
    acme.owner().post("/api-keys", new).await.refused(403, "feature_not_in_plan");
    let rotate = format!("{}/rotate", program.path());
    acme.owner().act(&rotate).await.refused(403, "feature_not_in_plan");
    assert_eq!(listed(&acme.owner(), "/api-keys", "status").await, ["active"]);
    acme.owner().delete(&program.path()).await.no_content();
}

#[tokio::test]
async fn a_key_of_a_suspended_agency_opens_nothing() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let program = acme.program(&["client:view"]).await;

    change_agency(&app, &acme, agency::Column::Status, Expr::value("suspended")).await;

    program.client.get("/clients").await.refused(403, "agency_suspended");
}

#[tokio::test]
async fn the_last_use_is_noted_at_most_once_a_minute() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let program = acme.program(&["client:view"]).await;
    let noted = async || {
        let key = acme.owner().get(&program.path()).await.ok();
        (key["last_used_at"].clone(), key["last_used_ip"].clone())
    };
    assert_eq!(noted().await, (Value::Null, Value::Null));

    program.client.get("/clients").await.ok();
    let first = noted().await;
    app.clock.advance(TimeDelta::seconds(20));
    program.client.get("/clients").await.ok();
    let second = noted().await;
    app.clock.advance(TimeDelta::seconds(50));
    program.client.get("/clients").await.ok();
    let third = noted().await;

    assert_eq!(first.1, "127.0.0.1");
    assert_eq!(first, second);
    assert_ne!(first.0, third.0);
    // A use is no change.
    assert_eq!(rows(&app).await[0].version, 1);
}

#[tokio::test]
async fn every_key_has_a_budget_of_its_own() {
    let app = TestApp::spawn_with(|options| options.real_rate_limits()).await;
    let acme = app.agency("acme").await;
    let (first, second) =
        (acme.program(&["client:view"]).await, acme.program(&["client:view"]).await);

    for _ in 0..120 {
        first.client.get("/clients/count").await.ok();
    }
    let beyond = first.client.get("/clients/count").await;

    assert!(beyond.header("retry-after").is_some());
    beyond.refused(429, "rate_limited");
    let other = second.client.get("/clients/count").await;
    assert!(other.header("ratelimit-policy").unwrap().contains("\"api_key\";q=120;w=60"));
    other.ok();
    acme.owner().get("/clients/count").await.ok();
    app.clock.advance(minutes(1));
    first.client.get("/clients/count").await.ok();
}

#[tokio::test]
async fn a_key_may_have_a_smaller_budget() {
    let app = TestApp::spawn_with(|options| options.real_rate_limits()).await;
    let acme = app.agency("acme").await;
    let key = json!({"name": "Slow", "scopes": ["client:view"], "requests_per_minute": 3});
    let program = acme.program_with(key).await;

    for _ in 0..3 {
        program.client.get("/clients/count").await.ok();
    }
    program.client.get("/clients/count").await.refused(429, "rate_limited");
    app.clock.advance(minutes(1));
    let reply = program.client.get("/clients/count").await;

    assert!(reply.header("ratelimit-policy").unwrap().contains("q=3;w=60"));
    reply.ok();
}

#[tokio::test]
async fn a_key_and_its_person_do_not_share_idempotency_keys() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let program = acme.program(&["client:create"]).await;
    let new = |name: &str| json!({"business_name": name, "email": format!("{name}@x.test")});

    let by_key = program.client.once("one").post("/clients", new("a")).await.created();
    let again = program.client.once("one").post("/clients", new("a")).await;
    let by_person = acme.owner().once("one").post("/clients", new("b")).await.created();

    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.json(), by_key);
    assert_ne!(id(&by_person), id(&by_key));
}

#[tokio::test]
async fn of_parallel_rotations_one_key_works() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let program = acme.program(&["client:view"]).await;
    let rotate = format!("{}/rotate", program.path());

    let owner = acme.owner();
    let replies = crate::race::race(5, |_| async { owner.act(&rotate).await }).await;

    let mut working = 0;
    for reply in replies {
        match reply.code() {
            200 => {
                let key = reply.ok()["key"].as_str().unwrap().to_owned();
                working +=
                    usize::from(acme.owner().with_token(&key).get("/clients").await.code() == 200);
            }
            412 => {}
            _ => reply.wrong("expected 200 or 412"),
        }
    }
    assert_eq!(working, 1);
}

#[tokio::test]
async fn anybody_s_operations_take_no_notice_of_a_key() {
    let app = TestApp::spawn().await;

    app.anonymous().with_token(MADE_UP).get("/health").await.ok();
    app.anonymous().with_token(MADE_UP).get("/api/v1/auth/providers").await.ok();
}
