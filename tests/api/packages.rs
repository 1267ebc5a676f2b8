//! The packages of the price list, and what all entries of it have in common.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Client, TestApp};

/// A package with this name.
fn package(name: &str) -> Value {
    json!({"name": name, "pricing_model": "lump_sum"})
}

/// Makes a package; answers with its id.
async fn make(caller: &Client, name: &str) -> String {
    let made = caller.post("/packages", package(name)).await.created();
    made["id"].as_str().unwrap().to_owned()
}

/// One member of each entry of a list.
async fn listed(caller: &Client, path: &str, member: &str) -> Vec<String> {
    let list = caller.get(path).await.ok();
    let data = list["data"].as_array().unwrap();
    data.iter().map(|entry| entry[member].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_package_is_created_at_the_end_with_the_agency_s_currency() {
    let app = TestApp::spawn().await;
    let admin = app.agency("acme").await.admin();
    make(&admin, "Starter").await;

    let reply = admin.post("/packages", package("  Growth & More ")).await;

    let path = reply.location();
    let made = reply.created();
    assert_eq!(made["name"], "Growth & More");
    assert_eq!(made["slug"], "growth-more");
    assert_eq!(made["currency"], "AUD");
    assert_eq!(made["display_order"], 1);
    assert_eq!(made["minimum_term_months"], 12);
    assert_eq!(made["cancellation_fee_type"], "none");
    assert_eq!(made["included_features"], json!([]));
    assert_eq!(made["max_pages"], Value::Null);
    for amount in
        ["setup_fee", "monthly_price", "one_time_price", "hosting_fee", "cancellation_fee_amount"]
    {
        assert_eq!(made[amount], 0, "{amount}");
    }
    assert_eq!((&made["is_active"], &made["is_featured"]), (&json!(true), &json!(false)));
    assert_eq!(admin.get(&path).await.ok(), made);
    assert_eq!(admin.get("/packages/growth-more").await.ok(), made);
    assert_eq!(listed(&admin, "/packages", "slug").await, ["starter", "growth-more"]);
}

#[tokio::test]
async fn everything_a_package_is_given_comes_back() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let given = json!({
        "name": "Growth",
        "slug": "growth-2026",
        "description": "Ten pages.",
        "pricing_model": "hybrid",
        "currency": "NZD",
        "setup_fee": 1_000_000_000_000_i64,
        "monthly_price": 29900,
        "one_time_price": 1,
        "hosting_fee": 4900,
        "minimum_term_months": 0,
        "cancellation_fee_type": "fixed",
        "cancellation_fee_amount": 50000,
        "included_features": ["Ten pages", "\"Quoted\", ünïcode"],
        "max_pages": 10,
        "is_featured": true,
    });

    let made = owner.post("/packages", given.clone()).await.created();

    for (member, value) in given.as_object().unwrap() {
        assert_eq!(&made[member], value, "{member}");
    }
}

#[tokio::test]
async fn every_broken_rule_of_a_new_package_is_named() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();

    let broken = owner
        .post(
            "/packages",
            json!({
                "name": "x",
                "slug": "Not A Slug",
                "description": "x".repeat(10_001),
                "pricing_model": "hybrid",
                "currency": "XYZ",
                "setup_fee": -1,
                "monthly_price": 1_000_000_000_001_i64,
                "one_time_price": -1,
                "hosting_fee": -1,
                "minimum_term_months": -1,
                "cancellation_fee_amount": -1,
                "included_features": ["fine", ""],
                "max_pages": 0,
                "display_order": 3,
            }),
        )
        .await
        .broken_rules();

    let pointers: Vec<&str> = broken.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/cancellation_fee_amount",
            "/currency",
            "/description",
            "/display_order",
            "/hosting_fee",
            "/included_features/1",
            "/max_pages",
            "/minimum_term_months",
            "/monthly_price",
            "/name",
            "/one_time_price",
            "/setup_fee",
            "/slug",
        ]
    );
    for wrong in [
        json!({"name": "No model"}),
        json!({"name": "Model", "pricing_model": "barter"}),
        json!({"name": "Float", "pricing_model": "hybrid", "setup_fee": 1.5}),
        json!({"name": "Text", "pricing_model": "hybrid", "setup_fee": "1"}),
        json!({"name": "Reserved", "pricing_model": "hybrid", "slug": "order"}),
        json!({"name": "x".repeat(101), "pricing_model": "hybrid"}),
    ] {
        owner.post("/packages", wrong).await.refused(422, "validation_failed");
    }
    assert_eq!(
        listed(&owner, "/packages?include_inactive=true", "slug").await,
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_slug_that_is_asked_for_must_be_free_and_a_drawn_one_is() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    make(&owner, "Starter").await;

    let taken = json!({"name": "Other", "slug": "starter", "pricing_model": "hybrid"});
    let problem = owner.post("/packages", taken).await.refused(409, "conflict");

    assert_eq!(problem["field"], "slug");
    make(&owner, "STARTER!").await;
    make(&owner, "Order").await;
    make(&owner, "日本").await;
    assert_eq!(
        listed(&owner, "/packages", "slug").await,
        ["starter", "starter-2", "order-2", "package"]
    );
}

#[tokio::test]
async fn parallel_creations_of_one_name_all_succeed() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();

    let calls = (0..12).map(|_| {
        let owner = owner.clone();
        async move { owner.post("/packages", package("Starter")).await.created() }
    });
    let made = futures_util::future::join_all(calls).await;

    let slugs: BTreeSet<&str> = made.iter().map(|made| made["slug"].as_str().unwrap()).collect();
    let places: BTreeSet<i64> =
        made.iter().map(|made| made["display_order"].as_i64().unwrap()).collect();
    assert_eq!(slugs.len(), 12);
    assert!(slugs.contains("starter") && slugs.contains("starter-12"), "{slugs:?}");
    assert_eq!(places, (0..12).collect());
}

#[tokio::test]
async fn repeated_creations_and_copies_are_answered_once() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let once = owner.once("key-1");

    let first = once.post("/packages", package("Starter")).await.created();
    let second = once.post("/packages", package("Starter")).await.created();
    let copy = format!("/packages/{}/duplicate", first["id"].as_str().unwrap());
    let first_copy = once.act(&copy).await.created();
    let second_copy = once.act(&copy).await.created();

    assert_eq!((second, second_copy), (first, first_copy));
    assert_eq!(listed(&owner, "/packages?include_inactive=true", "slug").await.len(), 2);
}

#[tokio::test]
async fn a_change_is_partial_and_a_stale_one_is_refused() {
    let app = TestApp::spawn().await;
    let admin = app.agency("acme").await.admin();
    let new = json!({"name": "Starter", "pricing_model": "hybrid", "setup_fee": 5, "max_pages": 3});
    let reply = admin.post("/packages", new).await;
    let (path, first) = (reply.location(), reply.etag());

    let changed = admin
        .if_match(&first)
        .patch(&path, json!({"monthly_price": 100, "max_pages": null, "is_active": false}))
        .await;

    assert_eq!(changed.etag(), "\"2\"");
    let changed = changed.ok();
    assert_eq!((&changed["setup_fee"], &changed["monthly_price"]), (&json!(5), &json!(100)));
    assert_eq!((&changed["max_pages"], &changed["is_active"]), (&Value::Null, &json!(false)));
    let stale = admin.if_match(&first).patch(&path, json!({"setup_fee": 9})).await;
    stale.refused(412, "precondition_failed");
    let broken = admin
        .patch(&path, json!({"setup_fee": -1, "slug": "-", "included_features": ["x".repeat(501)]}))
        .await
        .broken_rules();
    let pointers: BTreeSet<&str> = broken.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(pointers, BTreeSet::from(["/included_features/0", "/setup_fee", "/slug"]));
    for null in ["name", "setup_fee", "is_active", "included_features"] {
        admin.patch(&path, json!({null: null})).await.refused(422, "validation_failed");
    }
    assert_eq!(admin.get(&path).await.ok(), changed);
}

#[tokio::test]
async fn a_new_slug_must_be_free() {
    let app = TestApp::spawn().await;
    let admin = app.agency("acme").await.admin();
    make(&admin, "Starter").await;
    let path = format!("/packages/{}", make(&admin, "Growth").await);

    let problem = admin.patch(&path, json!({"slug": "starter"})).await.refused(409, "conflict");

    assert_eq!(problem["field"], "slug");
    assert_eq!(admin.get(&path).await.ok()["slug"], "growth");
}

#[tokio::test]
async fn deleting_switches_off_and_can_be_repeated() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    make(&owner, "Starter").await;
    let path = format!("/packages/{}", make(&owner, "Growth").await);

    owner.if_match("\"9\"").delete(&path).await.refused(412, "precondition_failed");
    owner.if_match("\"1\"").delete(&path).await.no_content();
    owner.delete(&path).await.no_content();

    assert_eq!(listed(&owner, "/packages", "slug").await, ["starter"]);
    assert_eq!(
        listed(&owner, "/packages?include_inactive=true", "slug").await,
        ["starter", "growth"]
    );
    let read = owner.get(&path).await;
    assert_eq!(read.etag(), "\"2\"");
    assert_eq!(read.ok()["is_active"], false);
    owner.patch(&path, json!({"is_active": true})).await.ok();
    assert_eq!(listed(&owner, "/packages", "slug").await, ["starter", "growth"]);
}

#[tokio::test]
async fn the_order_is_set_in_one_go() {
    let app = TestApp::spawn().await;
    let admin = app.agency("acme").await.admin();
    let [a, b, c] =
        [make(&admin, "Alpha").await, make(&admin, "Beta").await, make(&admin, "Gamma").await];
    let order = json!({"entries": [
        {"id": a, "display_order": 7}, {"id": b, "display_order": 1}, {"id": c, "display_order": 0},
    ]});

    let answer = admin.put("/packages/order", order.clone()).await.ok();

    assert_eq!(answer, order);
    assert_eq!(listed(&admin, "/packages", "slug").await, ["gamma", "beta", "alpha"]);
    // Only what moved is a new version.
    let tags = [
        admin.get(&format!("/packages/{a}")).await.etag(),
        admin.get(&format!("/packages/{b}")).await.etag(),
    ];
    assert_eq!(tags, ["\"2\"", "\"1\""]);
    make(&admin, "Delta").await;
    assert_eq!(listed(&admin, "/packages", "slug").await, ["gamma", "beta", "alpha", "delta"]);
}

#[tokio::test]
async fn an_order_with_a_foreign_or_repeated_id_changes_nothing() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let [a, b] = [make(&owner, "Alpha").await, make(&owner, "Beta").await];
    let foreign = make(&app.bystander().owner(), "Foreign").await;

    let broken = owner
        .put(
            "/packages/order",
            json!({"entries": [
                {"id": b, "display_order": 0},
                {"id": a, "display_order": 5},
                {"id": foreign, "display_order": 9},
                {"id": "pkg_00000000000000000000000000", "display_order": 9},
                {"id": b, "display_order": 1},
            ]}),
        )
        .await
        .broken_rules();

    let rule = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    assert_eq!(
        broken,
        [
            rule("/entries/2/id", "unknown"),
            rule("/entries/3/id", "unknown"),
            rule("/entries/4/id", "repeated"),
        ]
    );
    for wrong in [
        json!({"entries": []}),
        json!({"entries": [{"id": a, "display_order": -1}]}),
        json!({"entries": [{"id": "add_00000000000000000000000000", "display_order": 1}]}),
        json!({"entries": [{"id": a}]}),
    ] {
        owner.put("/packages/order", wrong).await.refused(422, "validation_failed");
    }
    assert_eq!(listed(&owner, "/packages", "slug").await, ["alpha", "beta"]);
}

#[tokio::test]
async fn a_copy_is_off_not_featured_and_at_the_end() {
    let app = TestApp::spawn().await;
    let admin = app.agency("acme").await.admin();
    let new = json!({"name": "Growth", "pricing_model": "hybrid", "setup_fee": 5, "is_featured": true,
        "included_features": ["One"]});
    let source = admin.post("/packages", new).await.created();
    make(&admin, "Starter").await;
    let path = format!("/packages/{}/duplicate", source["id"].as_str().unwrap());

    let reply = admin.act(&path).await;

    assert_eq!(reply.etag(), "\"1\"");
    let copy = reply.created();
    assert_eq!(copy["name"], "Growth (Copy)");
    assert_eq!(copy["slug"], "growth-copy");
    assert_eq!((&copy["is_active"], &copy["is_featured"]), (&json!(false), &json!(false)));
    assert_eq!((&copy["setup_fee"], &copy["included_features"]), (&json!(5), &json!(["One"])));
    assert_eq!(copy["display_order"], 2);
    assert_eq!(admin.act(&path).await.created()["slug"], "growth-copy-2");
    assert_eq!(admin.get("/packages/growth").await.ok(), source);
}

#[tokio::test]
async fn the_name_of_a_copy_is_cut_to_fit() {
    let app = TestApp::spawn().await;
    let admin = app.agency("acme").await.admin();
    let id = make(&admin, &"é".repeat(100)).await;

    let copy = admin.act(&format!("/packages/{id}/duplicate")).await.created();

    assert_eq!(copy["name"], format!("{} (Copy)", "é".repeat(93)));
    admin.patch(&format!("/packages/{id}"), json!({"name": copy["name"]})).await.ok();
}

#[tokio::test]
async fn pages_lose_and_repeat_nothing_where_places_are_tied() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let mut made = Vec::new();
    for number in 0..7 {
        let id = make(&owner, &format!("Package {number}")).await;
        owner.patch(&format!("/packages/{id}"), json!({"display_order": number % 2})).await.ok();
        made.push((number % 2, id));
    }

    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = owner.get(&format!("/packages?limit=2{cursor}")).await.ok();
        seen.extend(page["data"].as_array().unwrap().iter().map(|entry| entry["id"].clone()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }

    made.sort();
    assert_eq!(seen, made.into_iter().map(|(_, id)| json!(id)).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_each_role_may_do_with_packages() {
    let app = TestApp::spawn().await;
    let agency = app.agency("acme").await;
    let path = format!("/packages/{}", make(&agency.admin(), "Starter").await);
    let id = path.trim_start_matches("/packages/");
    let member = agency.member();

    let order = json!({"entries": [{"id": id, "display_order": 4}]});
    for (reply, permission) in [
        (member.post("/packages", package("No")).await, "packages:create"),
        (member.patch(&path, json!({"setup_fee": 1})).await, "packages:edit"),
        (member.put("/packages/order", order).await, "packages:edit"),
        (member.act(&format!("{path}/duplicate")).await, "packages:create"),
        (member.delete(&path).await, "packages:delete"),
        (agency.admin().delete(&path).await, "packages:delete"),
    ] {
        assert_eq!(reply.refused(403, "forbidden")["permission"], permission);
    }

    let read = member.get(&path).await;
    assert_eq!(read.etag(), "\"1\"");
    assert_eq!(listed(&member, "/packages", "slug").await, ["starter"]);
}

#[tokio::test]
async fn another_agency_s_package_does_not_exist() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let path = format!("/packages/{}", make(&app.bystander().owner(), "Foreign").await);

    for reply in [
        owner.get(&path).await,
        owner.get("/packages/foreign").await,
        owner.get("/packages/%00").await,
        owner.patch(&path, json!({"setup_fee": 1})).await,
        owner.delete(&path).await,
        owner.act(&format!("{path}/duplicate")).await,
        owner.delete("/packages/pkg_00000000000000000000000000").await,
    ] {
        reply.refused(404, "not_found");
    }
}
