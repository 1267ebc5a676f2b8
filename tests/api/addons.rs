//! The add-ons of the price list; what they have in common with packages is tested there.

use serde_json::{Value, json};

use crate::support::{Client, TestApp};

/// An add-on with this name that goes with the packages of these slugs.
fn addon(name: &str, packages: &[&str]) -> Value {
    json!({
        "name": name, "price": 25000, "pricing_type": "one_time", "available_packages": packages,
    })
}

/// Makes an add-on; answers with its id.
async fn make(caller: &Client, name: &str, packages: &[&str]) -> String {
    let made = caller.post("/addons", addon(name, packages)).await.created();
    made["id"].as_str().unwrap().to_owned()
}

/// Makes a package; answers with its path.
async fn make_package(caller: &Client, name: &str) -> String {
    caller.post("/packages", json!({"name": name, "pricing_model": "hybrid"})).await.location()
}

/// The slugs in a list.
async fn slugs(caller: &Client, path: &str) -> Vec<String> {
    let list = caller.get(path).await.ok();
    let data = list["data"].as_array().unwrap();
    data.iter().map(|entry| entry["slug"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_add_on_is_created_at_the_end_and_read_back() {
    let app = TestApp::spawn().await;
    let admin = app.agency("acme").await.admin();
    make_package(&admin, "Growth").await;
    make(&admin, "First", &[]).await;

    let reply = admin
        .post(
            "/addons",
            json!({
                "name": "Extra page", "price": 25000, "pricing_type": "per_unit",
                "unit_label": " page ", "available_packages": ["growth", "growth"],
            }),
        )
        .await;

    let path = reply.location();
    let made = reply.created();
    assert_eq!(made["slug"], "extra-page");
    assert_eq!((&made["price"], &made["currency"]), (&json!(25000), &json!("AUD")));
    assert_eq!(made["unit_label"], "page");
    assert_eq!(made["available_packages"], json!(["growth"]));
    assert_eq!(made["display_order"], 1);
    assert_eq!(made["is_active"], true);
    assert_eq!(admin.get(&path).await.ok(), made);
    assert_eq!(admin.get("/addons/extra-page").await.ok(), made);
}

#[tokio::test]
async fn every_broken_rule_of_a_new_add_on_is_named() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();

    let broken = owner
        .post(
            "/addons",
            json!({
                "name": "x", "slug": "order", "currency": "xyz", "price": -1,
                "pricing_type": "per_unit", "is_featured": true,
            }),
        )
        .await
        .broken_rules();

    let pointers: Vec<&str> = broken.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(pointers, ["/currency", "/is_featured", "/name", "/price", "/slug", "/unit_label"]);
    for wrong in [
        json!({"name": "No price", "pricing_type": "monthly"}),
        json!({"name": "Too dear", "pricing_type": "monthly", "price": 1_000_000_000_001_i64}),
        json!({"name": "Blank", "pricing_type": "per_unit", "price": 1, "unit_label": " "}),
        json!({"name": "Long", "pricing_type": "per_unit", "price": 1, "unit_label": "x".repeat(51)}),
    ] {
        owner.post("/addons", wrong).await.refused(422, "validation_failed");
    }
    assert_eq!(slugs(&owner, "/addons?include_inactive=true").await, Vec::<String>::new());
}

#[tokio::test]
async fn its_packages_must_exist_and_be_on() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    make_package(&owner, "On").await;
    let off = make_package(&owner, "Off").await;
    owner.delete(&off).await.no_content();
    make_package(&app.bystander().owner(), "Foreign").await;
    let path = format!("/addons/{}", make(&owner, "Extra", &["on"]).await);

    let slugs = json!(["on", "off", "foreign", "a\"b%_"]);
    let created = owner
        .post(
            "/addons",
            json!({"name": "Extra", "price": 1, "pricing_type": "monthly",
            "available_packages": slugs}),
        )
        .await
        .broken_rules();
    let changed = owner.patch(&path, json!({"available_packages": slugs})).await.broken_rules();

    let unknown = |index: u8| (format!("/available_packages/{index}"), "unknown".to_owned());
    assert_eq!(created, [unknown(1), unknown(2), unknown(3)]);
    assert_eq!(changed, created);
    assert_eq!(owner.get(&path).await.ok()["available_packages"], json!(["on"]));
}

#[tokio::test]
async fn a_list_can_be_narrowed_to_a_package() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    make_package(&owner, "Pro").await;
    make_package(&owner, "Pro plus").await;
    make(&owner, "For all", &[]).await;
    make(&owner, "For pro", &["pro"]).await;
    make(&owner, "For plus", &["pro-plus"]).await;
    make(&owner, "For both", &["pro-plus", "pro"]).await;

    let of_pro = slugs(&owner, "/addons?package_slug=pro").await;
    let of_plus = slugs(&owner, "/addons?package_slug=pro-plus&limit=2").await;

    assert_eq!(of_pro, ["for-all", "for-pro", "for-both"]);
    assert_eq!(of_plus, ["for-all", "for-plus"]);
    assert_eq!(slugs(&owner, "/addons?package_slug=nothing").await, ["for-all"]);
    for wrong in ["package_slug=%25", "package_slug=a_b", "package_slug=%22", "colour=red"] {
        owner.get(&format!("/addons?{wrong}")).await.refused(422, "validation_failed");
    }
}

#[tokio::test]
async fn add_ons_follow_the_new_slug_of_their_package() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let package = make_package(&owner, "Pro").await;
    make_package(&owner, "Pro plus").await;
    let named = format!("/addons/{}", make(&owner, "Named", &["pro-plus", "pro"]).await);
    let other = format!("/addons/{}", make(&owner, "Other", &["pro-plus"]).await);

    owner.patch(&package, json!({"slug": "expert"})).await.ok();

    let reply = owner.get(&named).await;
    assert_eq!(reply.etag(), "\"2\"");
    assert_eq!(reply.ok()["available_packages"], json!(["pro-plus", "expert"]));
    let reply = owner.get(&other).await;
    assert_eq!(reply.etag(), "\"1\"");
    assert_eq!(reply.ok()["available_packages"], json!(["pro-plus"]));
}

#[tokio::test]
async fn no_add_on_is_left_behind_by_a_package_that_is_renamed_meanwhile() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let package = make_package(&owner, "Pro").await;

    let creations =
        (0..8).map(|number| {
            let owner = owner.clone();
            async move {
                owner.post("/addons", addon(&format!("Extra {number}"), &["pro"])).await.code()
            }
        });
    let renaming = owner.patch(&package, json!({"slug": "expert"}));
    let (codes, renamed) = tokio::join!(futures_util::future::join_all(creations), renaming);

    renamed.ok();
    assert!(codes.iter().all(|code| [201, 422].contains(code)), "{codes:?}");
    let made = owner.get("/addons").await.ok();
    let made = made["data"].as_array().unwrap();
    assert_eq!(made.len(), codes.iter().filter(|code| **code == 201).count());
    assert!(made.iter().all(|addon| addon["available_packages"] == json!(["expert"])), "{made:?}");
}

#[tokio::test]
async fn a_price_per_unit_keeps_its_label() {
    let app = TestApp::spawn().await;
    let admin = app.agency("acme").await.admin();
    let path = format!("/addons/{}", make(&admin, "Extra", &[]).await);

    let unlabelled = admin.patch(&path, json!({"pricing_type": "per_unit"})).await.broken_rules();
    let labelled = json!({"pricing_type": "per_unit", "unit_label": "hour"});
    admin.patch(&path, labelled).await.ok();
    let cleared = admin.patch(&path, json!({"unit_label": null})).await.broken_rules();
    let blank = admin.patch(&path, json!({"unit_label": " "})).await.broken_rules();

    let rule = [("/unit_label".to_owned(), "required".to_owned())];
    assert_eq!([unlabelled, cleared, blank], [rule.clone(), rule.clone(), rule]);
    let changed = admin.patch(&path, json!({"pricing_type": "monthly", "unit_label": null})).await;
    assert_eq!(changed.ok()["unit_label"], Value::Null);
}

#[tokio::test]
async fn a_change_is_partial_and_a_stale_one_is_refused() {
    let app = TestApp::spawn().await;
    let admin = app.agency("acme").await.admin();
    make(&admin, "Other", &[]).await;
    let path = format!("/addons/{}", make(&admin, "Extra", &[]).await);

    let changed =
        admin.if_match("\"1\"").patch(&path, json!({"price": 0, "currency": "USD"})).await;

    assert_eq!(changed.etag(), "\"2\"");
    let changed = changed.ok();
    assert_eq!((&changed["price"], &changed["name"]), (&json!(0), &json!("Extra")));
    let stale = admin.if_match("\"1\"").patch(&path, json!({"price": 9})).await;
    stale.refused(412, "precondition_failed");
    admin.patch(&path, json!({"price": -1})).await.refused(422, "validation_failed");
    let taken = admin.patch(&path, json!({"slug": "other"})).await.refused(409, "conflict");
    assert_eq!(taken["field"], "slug");
    assert_eq!(admin.get(&path).await.ok(), changed);
}

#[tokio::test]
async fn a_repeated_creation_is_answered_once() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let once = owner.once("key-1");

    let first = once.post("/addons", addon("Extra", &[])).await;
    let second = once.post("/addons", addon("Extra", &[])).await;

    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(second.created(), first.created());
    assert_eq!(slugs(&owner, "/addons").await, ["extra"]);
}

#[tokio::test]
async fn add_ons_are_ordered_copied_and_switched_off() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let [a, b] = [make(&owner, "Alpha", &[]).await, make(&owner, "Beta", &[]).await];

    let order = json!({"entries": [{"id": a, "display_order": 1}, {"id": b, "display_order": 0}]});
    owner.put("/addons/order", order).await.ok();
    let copy = owner.act(&format!("/addons/{a}/duplicate")).await.created();
    owner.delete(&format!("/addons/{b}")).await.no_content();

    assert_eq!((&copy["name"], &copy["slug"]), (&json!("Alpha (Copy)"), &json!("alpha-copy")));
    assert_eq!((&copy["is_active"], &copy["display_order"]), (&json!(false), &json!(2)));
    assert_eq!(slugs(&owner, "/addons").await, ["alpha"]);
    let all = slugs(&owner, "/addons?include_inactive=true").await;
    assert_eq!(all, ["beta", "alpha", "alpha-copy"]);
    let package = make_package(&owner, "Pro").await;
    let id = package.rsplit('/').next().unwrap();
    let foreign_kind = json!({"entries": [{"id": id, "display_order": 1}]});
    owner.put("/addons/order", foreign_kind).await.refused(422, "validation_failed");
}

#[tokio::test]
async fn what_each_role_may_do_with_add_ons() {
    let app = TestApp::spawn().await;
    let agency = app.agency("acme").await;
    let id = make(&agency.admin(), "Extra", &[]).await;
    let path = format!("/addons/{id}");
    let member = agency.member();

    let order = json!({"entries": [{"id": id, "display_order": 4}]});
    for (reply, permission) in [
        (member.post("/addons", addon("No", &[])).await, "addons:create"),
        (member.patch(&path, json!({"price": 1})).await, "addons:edit"),
        (member.put("/addons/order", order).await, "addons:edit"),
        (member.act(&format!("{path}/duplicate")).await, "addons:create"),
        (member.delete(&path).await, "addons:delete"),
        (agency.admin().delete(&path).await, "addons:delete"),
    ] {
        assert_eq!(reply.refused(403, "forbidden")["permission"], permission);
    }

    assert_eq!(member.get(&path).await.etag(), "\"1\"");
}

#[tokio::test]
async fn another_agency_s_add_on_does_not_exist() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let id = make(&app.bystander().owner(), "Foreign", &[]).await;
    let path = format!("/addons/{id}");

    for reply in [
        owner.get(&path).await,
        owner.get("/addons/foreign").await,
        owner.patch(&path, json!({"price": 1})).await,
        owner.delete(&path).await,
        owner.act(&format!("{path}/duplicate")).await,
    ] {
        reply.refused(404, "not_found");
    }
    let order = json!({"entries": [{"id": id, "display_order": 4}]});
    owner.put("/addons/order", order).await.refused(422, "validation_failed");
}
