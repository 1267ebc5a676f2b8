//! Bad input gets the right problem document, and changes nothing.

use reqwest::Method;
use serde_json::{Value, json};

use crate::steps::{self, id, path, total, visitor};
use crate::support::{Client, Reply, TestApp, minutes};

/// What could have changed: how many entries each list of an agency has.
async fn counts(owner: &Client) -> Vec<(&'static str, u64)> {
    let mut counts = Vec::new();
    for list in ["clients", "packages", "addons", "proposals", "contracts", "invoices", "activity"]
    {
        counts.push((list, total(owner, list).await));
    }
    counts
}

/// Insists on a whole problem document.
#[track_caller]
fn is_problem(reply: &Reply, status: u16, code: &str) -> Value {
    let problem = reply.clone().refused(status, code);
    assert_eq!(problem["type"], json!(format!("urn:retainer:problem:{code}")));
    assert_eq!(problem["status"], status);
    assert_eq!(problem["instance"], json!(reply.path().split('?').next()));
    assert_eq!(problem["request_id"].as_str(), reply.header("x-request-id"));
    for words in ["title", "detail"] {
        assert!(!problem[words].as_str().unwrap().is_empty(), "{words} in {problem}");
    }
    problem
}

async fn raw(caller: &Client, path: &str, kind: Option<&str>, body: impl Into<Vec<u8>>) -> Reply {
    caller.send(Method::POST, path, kind, body.into()).await
}

const JSON: Option<&str> = Some("application/json");

#[tokio::test]
async fn what_is_no_json_is_refused_with_400() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let before = counts(&owner).await;

    for body in ["{", "", "{'business_name': 1}", "{\"business_name\": \"x\",}", "\u{0}"] {
        let problem = is_problem(&raw(&owner, "/clients", JSON, body).await, 400, "bad_request");
        assert_eq!(problem.get("errors"), None, "{problem}");
    }
    is_problem(&raw(&owner, "/clients", JSON, b"\"\xff\"".to_vec()).await, 400, "bad_request");

    assert_eq!(counts(&owner).await, before);
}

#[tokio::test]
async fn a_body_of_another_kind_is_refused_with_415() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let before = counts(&owner).await;
    let body = json!({"business_name": "Ada", "email": "ada@x.test"}).to_string();

    for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
        let reply = raw(&owner, "/clients", kind, body.clone()).await;
        is_problem(&reply, 415, "unsupported_media_type");
    }

    assert_eq!(counts(&owner).await, before);
}

#[tokio::test]
async fn an_unknown_member_is_refused_with_its_place() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let client = steps::client(&owner).await;
    let before = counts(&owner).await;
    let line = json!({"description": "x", "unit_price": 1, "price": 1, "a/b~c": 1});
    let new = json!({"client_id": id(&client), "lines": [line], "agency_id": "agc_x"});

    let reply = owner.post("/invoices", new).await;

    is_problem(&reply, 422, "validation_failed");
    let rule = |pointer: &str| (pointer.to_owned(), "unknown_field".to_owned());
    assert_eq!(
        reply.broken_rules(),
        [rule("/agency_id"), rule("/lines/0/a~1b~0c"), rule("/lines/0/price")]
    );
    assert_eq!(counts(&owner).await, before);
}

#[tokio::test]
async fn an_id_of_another_kind_is_404_in_a_path_and_422_in_a_body() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let client = steps::client(&owner).await;
    let invoice = steps::invoice(&owner).await;
    let before = counts(&owner).await;
    let bare = id(&invoice).trim_start_matches("inv_");

    for wrong in [
        format!("prop_{bare}"),
        format!("INV_{bare}"),
        bare.to_owned(),
        format!("inv_{}", bare.to_uppercase()),
        format!("inv_{bare}0"),
        "inv_".to_owned(),
        "1".to_owned(),
        "inv_%00".to_owned(),
    ] {
        is_problem(&owner.get(&format!("/invoices/{wrong}")).await, 404, "not_found");
        let line = json!([{"description": "x", "unit_price": 1}]);
        let body = json!({"client_id": wrong, "lines": line});
        let reply = owner.post("/invoices", body).await;
        is_problem(&reply, 422, "validation_failed");
    }
    let wrong_kind =
        json!({"client_id": id(&invoice), "lines": [{"description": "x", "unit_price": 1}]});
    let broken = owner.post("/invoices", wrong_kind).await.broken_rules();
    assert_eq!(broken[0].0, "/client_id");
    is_problem(&owner.get(&format!("/invoices/{}", id(&client))).await, 404, "not_found");

    assert_eq!(counts(&owner).await, before);
}

#[tokio::test]
async fn a_negative_amount_is_refused_with_its_place() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let client = steps::client(&owner).await;
    let before = counts(&owner).await;
    let line = |price: Value| json!([{"description": "x", "unit_price": price}]);

    for (path, body, pointer) in [
        (
            "/invoices",
            json!({"client_id": id(&client), "lines": line(json!(-1))}),
            "/lines/0/unit_price",
        ),
        (
            "/invoices",
            json!({"client_id": id(&client), "lines": line(json!(1.5))}),
            "/lines/0/unit_price",
        ),
        (
            "/invoices",
            json!({"client_id": id(&client), "lines": line(json!("1"))}),
            "/lines/0/unit_price",
        ),
        (
            "/invoices",
            json!({"client_id": id(&client), "lines": line(json!(9.3e18))}),
            "/lines/0/unit_price",
        ),
        (
            "/invoices",
            json!({"client_id": id(&client), "lines": line(json!(1)), "discount": -1}),
            "/discount",
        ),
        (
            "/proposals",
            json!({"client_id": id(&client), "custom_pricing": {"setup_fee": -1}}),
            "/custom_pricing/setup_fee",
        ),
        (
            "/packages",
            json!({"name": "Minus", "pricing_model": "hybrid", "monthly_price": -1}),
            "/monthly_price",
        ),
        ("/addons", json!({"name": "Minus", "pricing_type": "one_time", "price": -1}), "/price"),
    ] {
        let reply = owner.post(path, body).await;
        is_problem(&reply, 422, "validation_failed");
        assert_eq!(reply.broken_rules()[0].0, pointer, "{path}");
    }

    assert_eq!(counts(&owner).await, before);
}

#[tokio::test]
async fn another_agency_s_id_is_the_same_as_one_that_was_made_up() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let other = app.bystander().owner();
    let (theirs, foreign) = (steps::client(&other).await, steps::invoice(&other).await);
    let (before, before_there) = (counts(&owner).await, counts(&other).await);
    let told = async |reply: Reply, status: u16, code: &str| {
        let mut problem = is_problem(&reply, status, code);
        for own in ["request_id", "instance"] {
            problem[own] = Value::Null;
        }
        problem
    };
    let body = |client: &str| json!({"client_id": client, "lines": [{"description": "x", "unit_price": 1}]});

    let real =
        told(owner.post("/invoices", body(id(&theirs))).await, 422, "validation_failed").await;
    let made_up = "cli_00000000000000000000000000";
    let invented =
        told(owner.post("/invoices", body(made_up)).await, 422, "validation_failed").await;
    assert_eq!(real, invented);
    let real = told(owner.get(&path("invoices", &foreign)).await, 404, "not_found").await;
    let invented = owner.get("/invoices/inv_00000000000000000000000000").await;
    assert_eq!(real, told(invented, 404, "not_found").await);
    let there = owner.root().get("/api/v1/agencies/bystander/invoices").await;
    let nowhere = owner.root().get("/api/v1/agencies/no-such-agency/invoices").await;
    assert_eq!(told(there, 404, "not_found").await, told(nowhere, 404, "not_found").await);

    assert_eq!(counts(&owner).await, before);
    assert_eq!(counts(&other).await, before_there);
}

#[tokio::test]
async fn eleven_megabytes_are_refused_with_413() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let client = steps::client(&owner).await;
    let before = counts(&owner).await;
    let long = json!({"client_id": id(&client), "executive_summary": "x".repeat(11 * 1024 * 1024)});

    is_problem(&owner.post("/proposals", long.clone()).await, 413, "payload_too_large");
    let with_key = owner.once("large").post("/proposals", long).await;
    is_problem(&with_key, 413, "payload_too_large");
    // A key that was sent with it has not been used up.
    let new = json!({"client_id": id(&client)});
    assert_eq!(counts(&owner).await, before);
    owner.once("large").post("/proposals", new).await.created();
}

#[tokio::test]
async fn a_stale_or_missing_version_is_refused() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let place = path("invoices", &steps::invoice(&owner).await);
    let stale = owner.get(&place).await.etag();
    owner.if_match(&stale).patch(&place, json!({"notes": "one"})).await.ok();
    let (before, read) = (counts(&owner).await, owner.get(&place).await);

    for wrong in [stale.as_str(), "\"\"", "W/\"2\"", "\"x\", \"y\""] {
        let reply = owner.if_match(wrong).patch(&place, json!({"notes": "two"})).await;
        is_problem(&reply, 412, "precondition_failed");
        let reply = owner.if_match(wrong).delete(&place).await;
        is_problem(&reply, 412, "precondition_failed");
    }
    is_problem(&owner.patch(&place, json!({"notes": "two"})).await, 428, "precondition_required");
    is_problem(&owner.delete(&place).await, 428, "precondition_required");

    assert_eq!(counts(&owner).await, before);
    let after = owner.get(&place).await;
    assert_eq!((after.etag(), after.ok()), (read.etag(), read.ok()));
}

#[tokio::test]
async fn an_expired_token_is_refused_with_its_own_code() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let ask = json!({"email": owner.email()});
    app.anonymous().post("/api/v1/auth/magic-link", ask).await.accepted();
    app.run_jobs().await;
    let link = app.magic_link_token(owner.email()).await;
    let tokens =
        app.anonymous().post("/api/v1/auth/magic-link/verify", json!({"token": link})).await.ok();
    let holder = app.anonymous().with_token(tokens["access_token"].as_str().unwrap());
    let before = counts(&owner).await;
    let place = "/api/v1/agencies/acme/clients";
    holder.get(place).await.ok();

    app.clock.advance(minutes(16));
    let new = json!({"business_name": "Late", "email": "late@x.test"});
    let reply = holder.post(place, new).await;

    let challenge = reply.header("www-authenticate").unwrap();
    assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    is_problem(&reply, 401, "token_expired");
    assert_eq!(counts(&owner).await, before);
}

#[tokio::test]
async fn a_page_that_is_none_is_refused_with_its_parameter() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    steps::invoice(&owner).await;
    let whole = owner.get("/proposals?limit=1").await.ok();
    assert_eq!(whole["next_cursor"], Value::Null);

    for (query, pointer) in [
        ("limit=0", "?limit"),
        ("limit=101", "?limit"),
        ("limit=-1", "?"),
        ("limit=ten", "?"),
        ("cursor=", "?cursor"),
        ("cursor=%00", "?"),
        ("cursor=bm9uc2Vuc2U", "?cursor"),
        ("include=everything", "?include"),
        ("offset=10", "?"),
        ("limit=1&limit=2", "?"),
    ] {
        for list in ["proposals", "contracts", "invoices", "activity"] {
            let reply = owner.get(&format!("/{list}?{query}")).await;
            is_problem(&reply, 422, "validation_failed");
            let broken = reply.broken_rules();
            assert_eq!(broken[0].0, pointer, "{list}?{query}: {broken:?}");
        }
    }
    let both = owner.get("/invoices?limit=0&cursor=x").await.broken_rules();
    assert_eq!(both.len(), 2, "{both:?}");
    // A cursor of another list does not fit either.
    steps::client(&owner).await;
    steps::client(&owner).await;
    let clients = owner.get("/clients?limit=1").await.ok();
    let cursor = clients["next_cursor"].as_str().unwrap();
    let reply = owner.get(&format!("/invoices?cursor={cursor}")).await;
    is_problem(&reply, 422, "validation_failed");
}

#[tokio::test]
async fn an_address_or_a_method_that_is_not_there_is_refused() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let invoice = path("invoices", &steps::invoice(&owner).await);
    let before = counts(&owner).await;

    for nowhere in ["/quotes", "/invoices/", &format!("{invoice}/refunds"), "/api/v2/me"] {
        is_problem(&owner.get(nowhere).await, 404, "not_found");
    }
    for (method, path, allowed) in [
        (Method::PUT, invoice.as_str(), "DELETE, GET, PATCH"),
        (Method::DELETE, "/invoices", "GET, POST"),
        (Method::GET, &format!("{invoice}/send"), "POST"),
        (Method::PATCH, &format!("{invoice}/payments"), "GET, POST"),
    ] {
        let reply = owner.call(method, path, None).await;
        let mut found: Vec<_> = reply.header("allow").unwrap().split(", ").collect();
        found.sort_unstable();
        assert_eq!(found.join(", "), allowed, "{path}");
        is_problem(&reply, 405, "method_not_allowed");
    }
    let link = visitor(&app).call(Method::DELETE, "/public/v1/invoices/x", None).await;
    is_problem(&link, 405, "method_not_allowed");

    assert_eq!(counts(&owner).await, before);
}

#[tokio::test]
async fn an_idempotency_key_that_is_none_is_refused() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let before = counts(&owner).await;
    let new = json!({"business_name": "Ada", "email": "ada@x.test"});

    for key in ["", &"x".repeat(256)] {
        let reply = owner.once(key).post("/clients", new.clone()).await;
        assert!(matches!(reply.code(), 400 | 422), "{}", reply.status());
        reply.problem();
    }

    assert_eq!(counts(&owner).await, before);
}
