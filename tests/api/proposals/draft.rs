//! Proposals that are being written.

use serde_json::{Value, json};

use crate::steps::{self, id, listed, path, worked_example};
use crate::support::TestApp;

#[tokio::test]
async fn a_proposal_is_priced_as_the_worked_example_of_the_specification() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();

    let made = worked_example(&owner).await;

    let upfront = json!({
        "subtotal": 450_000, "discount": 45_000, "net": 405_000, "tax": 40_500, "total": 445_500
    });
    assert_eq!(made["price"]["upfront"], upfront);
    assert_eq!(made["price"]["monthly"], json!({"net": 9_900, "tax": 990, "total": 10_890}));
    assert_eq!(made["price"]["minimum_contract_value"], 445_500 + 12 * 10_890);
    assert_eq!((&made["total"], &made["currency"]), (&json!(445_500), &json!("AUD")));
    assert_eq!((&made["status"], &made["revision"]), (&json!("draft"), &json!(1)));
    for nothing in ["number", "content_hash", "public_url", "sent_at", "valid_until"] {
        assert_eq!(made[nothing], Value::Null, "{nothing}");
    }
    let read = owner.get(&path("proposals", &made)).await;
    assert!(!read.etag().is_empty());
    assert_eq!(read.ok(), made);
}

#[tokio::test]
async fn a_change_is_priced_anew_and_leaves_the_rest() {
    let app = TestApp::spawn().await;
    let admin = app.agency("acme").await.admin();
    let made = worked_example(&admin).await;
    let place = path("proposals", &made);
    let first = admin.get(&place).await.etag();

    let changed = admin.if_match(&first).patch(&place, json!({"custom_pricing": null})).await;

    let second = changed.etag();
    let changed = changed.ok();
    assert_eq!((&changed["total"], &changed["title"]), (&json!(495_000), &made["title"]));
    assert_ne!(second, first);
    admin
        .if_match(&first)
        .patch(&place, json!({"title": "Lost"}))
        .await
        .refused(412, "precondition_failed");
    admin.patch(&place, json!({"title": "Lost"})).await.refused(428, "precondition_required");
    let patch =
        json!({"package_id": null, "addons": [], "title": "Bare", "valid_until": "2031-01-31"});
    let bare = admin.if_match(&second).patch(&place, patch).await.ok();
    assert_eq!((&bare["total"], &bare["title"]), (&json!(0), &json!("Bare")));
    assert_eq!(bare["valid_until"], "2031-01-31");
    assert_eq!(admin.get(&place).await.ok(), bare);
}

#[tokio::test]
async fn the_price_follows_the_agency_s_tax_and_the_quantity_of_extras() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    owner.patch("/profile", json!({"tax_registered": false})).await.ok();
    let per_page =
        json!({"name": "Page", "price": 333, "pricing_type": "per_unit", "unit_label": "page"});
    let per_page = owner.post("/addons", per_page).await.created();
    let monthly = json!({"name": "Care", "price": 5_000, "pricing_type": "monthly"});
    let monthly = owner.post("/addons", monthly).await.created();
    let client = steps::client(&owner).await;

    let new = json!({
        "client_id": id(&client),
        "addons": [{"addon_id": id(&per_page), "quantity": "1.5"}, {"addon_id": id(&monthly), "quantity": "9"}],
    });
    let made = owner.post("/proposals", new).await.created();

    // 499.5 is rounded away from zero; a quantity counts only for extras priced per unit.
    assert_eq!(made["price"]["upfront"]["total"], 500);
    assert_eq!(made["price"]["monthly"], json!({"net": 5_000, "tax": 0, "total": 5_000}));
    assert_eq!(made["price"]["lines"][0]["description"], "Page (per page)");
}

#[tokio::test]
async fn every_broken_rule_of_a_new_proposal_is_named() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let client = steps::client(&owner).await;

    let bad = json!({
        "client_id": id(&client),
        "title": "",
        "custom_pricing": {
            "setup_fee": -1, "one_time_price": 1_000_000_000_001_i64, "discount_bps": 10_001,
            "discount_note": "x".repeat(256),
        },
        "executive_summary": "x".repeat(20_001),
        "timeline": [{"week": "", "title": "x"}],
        "next_steps": [{"text": ""}],
        "total": 1,
    });
    let broken = owner.post("/proposals", bad).await.broken_rules();

    let pointers: Vec<&str> = broken.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/custom_pricing/discount_bps",
            "/custom_pricing/discount_note",
            "/custom_pricing/one_time_price",
            "/custom_pricing/setup_fee",
            "/executive_summary",
            "/next_steps/0/text",
            "/timeline/0/week",
            "/title",
            "/total",
        ]
    );
    for wrong in [
        json!({}),
        json!({"client_id": id(&client), "title": null}),
        json!({"client_id": id(&client), "custom_pricing": {"setup_fee": 1.5}}),
        json!({"client_id": id(&client), "valid_until": "2026-02-30"}),
        json!({"client_id": id(&client), "valid_until": "2026-02-03T00:00:00Z"}),
        json!({"client_id": "prop_01jd3k9v5xe8rt2m4n6p8q0s2v"}),
    ] {
        owner.post("/proposals", wrong).await.refused(422, "validation_failed");
    }
    assert_eq!(steps::total(&owner, "proposals").await, 0);
}

#[tokio::test]
async fn what_is_chosen_must_be_the_agency_s_and_in_use() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let other = app.bystander().owner();
    let client = steps::client(&owner).await;
    let (package, addon) = (steps::package(&owner).await, steps::addon(&owner).await);
    let archived = steps::client(&owner).await;
    owner.act(&format!("/clients/{}/archive", id(&archived))).await.ok();
    let in_euro =
        json!({"name": "Euro", "currency": "EUR", "price": 1, "pricing_type": "one_time"});
    let in_euro = owner.post("/addons", in_euro).await.created();
    let (their_client, their_package, their_addon) =
        (steps::client(&other).await, steps::package(&other).await, steps::addon(&other).await);
    let refuse = async |new: Value, pointer: &str, code: &str| {
        let mut body = json!({"client_id": id(&client)});
        for (name, value) in new.as_object().unwrap() {
            body[name] = value.clone();
        }
        let broken = owner.post("/proposals", body).await.broken_rules();
        assert_eq!(broken, [(pointer.to_owned(), code.to_owned())], "{new}");
    };

    refuse(json!({"client_id": id(&archived)}), "/client_id", "unknown").await;
    refuse(json!({"client_id": id(&their_client)}), "/client_id", "unknown").await;
    refuse(json!({"package_id": id(&their_package)}), "/package_id", "unknown").await;
    refuse(json!({"addons": [{"addon_id": id(&their_addon)}]}), "/addons/0/addon_id", "unknown")
        .await;
    let twice = json!({"addons": [{"addon_id": id(&addon)}, {"addon_id": id(&addon)}]});
    refuse(twice, "/addons", "duplicate").await;
    let mixed = json!({"package_id": id(&package), "addons": [{"addon_id": id(&in_euro)}]});
    refuse(mixed, "/addons/0", "currency_mismatch").await;
    owner.delete(&path("packages", &package)).await.no_content();
    refuse(json!({"package_id": id(&package)}), "/package_id", "inactive").await;
    assert_eq!(steps::total(&owner, "proposals").await, 0);
}

#[tokio::test]
async fn members_see_and_change_only_their_own_proposals() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let (member, admin) = (acme.member(), acme.admin());
    let (own, other) = (steps::proposal(&member).await, steps::proposal(&admin).await);

    assert_eq!(listed(&member, "/proposals", "id").await, [id(&own)]);
    assert_eq!(listed(&admin, "/proposals", "id").await, [id(&other), id(&own)]);
    assert_eq!(member.get("/proposals?include=total").await.ok()["total"], 1);
    let hidden = path("proposals", &other);
    let anything = member.if_match("*");
    for reply in [
        member.get(&hidden).await,
        member.get(&format!("{hidden}/pdf")).await,
        anything.patch(&hidden, json!({"title": "Mine"})).await,
        anything.delete(&hidden).await,
        member.act(&format!("{hidden}/send")).await,
    ] {
        reply.refused(404, "not_found");
    }
    let body = json!({"proposal_id": id(&other)});
    member.post("/contracts", body).await.refused(422, "validation_failed");
    admin.get(&path("proposals", &own)).await.ok();
    anything.patch(&path("proposals", &own), json!({"title": "Mine"})).await.ok();
}

#[tokio::test]
async fn another_agency_s_proposal_does_not_exist() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let foreign = path("proposals", &steps::proposal(&app.bystander().owner()).await);
    let nothing = "/proposals/prop_00000000000000000000000000".to_owned();

    for place in [foreign, nothing] {
        let anything = owner.if_match("*");
        for reply in [
            owner.get(&place).await,
            owner.get(&format!("{place}/pdf")).await,
            anything.patch(&place, json!({"title": "x"})).await,
            anything.delete(&place).await,
            owner.act(&format!("{place}/send")).await,
        ] {
            reply.refused(404, "not_found");
        }
    }
}

#[tokio::test]
async fn a_repeated_creation_is_answered_once() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let new = json!({"client_id": id(&steps::client(&owner).await)});

    let first = owner.once("key-1").post("/proposals", new.clone()).await;
    let second = owner.once("key-1").post("/proposals", new).await;

    assert_eq!(first.header("idempotency-replayed"), None);
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!((first.location(), first.etag()), (second.location(), second.etag()));
    assert_eq!(first.created(), second.created());
    assert_eq!(steps::total(&owner, "proposals").await, 1);
}

#[tokio::test]
async fn a_proposal_is_taken_away_with_its_link() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let sent = steps::sent_proposal(&owner).await;
    let place = path("proposals", &sent);
    let link = format!("/public/v1/proposals/{}", steps::token(&sent));

    owner.delete(&place).await.refused(428, "precondition_required");
    owner.if_match("\"1\"").delete(&place).await.refused(412, "precondition_failed");
    let etag = owner.get(&place).await.etag();
    owner.if_match(etag).delete(&place).await.no_content();

    owner.get(&place).await.refused(404, "not_found");
    steps::visitor(&app).get(&link).await.refused(404, "not_found");
    steps::visitor(&app).act(&format!("{link}/accept")).await.refused(404, "not_found");
    assert_eq!(steps::total(&owner, "proposals").await, 0);
    // Its number stays taken.
    let next = steps::sent_proposal(&owner).await;
    assert!(next["number"].as_str().unwrap().ends_with("-0002"), "{next}");
}

#[tokio::test]
async fn a_proposal_that_led_to_a_contract_stays() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let anything = owner.if_match("*");
    let accepted = steps::sent_proposal(&owner).await;
    steps::accept(&app, &accepted).await;
    let draft = steps::proposal(&owner).await;
    owner.post("/contracts", json!({"proposal_id": id(&draft)})).await.created();

    let problem =
        anything.delete(&path("proposals", &accepted)).await.refused(409, "invalid_state");
    anything.delete(&path("proposals", &draft)).await.refused(409, "has_contract");

    assert_eq!(problem["current"], "accepted");
    assert_eq!(steps::total(&owner, "proposals").await, 2);
}

#[tokio::test]
async fn the_list_is_narrowed_and_paged() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let (first, second) = (steps::sent_proposal(&owner).await, steps::proposal(&owner).await);
    let third = worked_example(&owner).await;
    let (first, second, third) = (id(&first), id(&second), id(&third));
    let client = owner.get(&format!("/proposals/{second}")).await.ok()["client_id"].clone();

    let narrowed = async |query: &str| listed(&owner, &format!("/proposals?{query}"), "id").await;

    assert_eq!(narrowed("").await, [third, second, first]);
    assert_eq!(narrowed("status=sent").await, [first]);
    assert_eq!(narrowed("status=draft").await, [third, second]);
    assert_eq!(narrowed("search=REDESIGN").await, [third]);
    assert_eq!(narrowed("search=-0001").await, [first]);
    assert_eq!(narrowed("search=%25").await, Vec::<String>::new());
    assert_eq!(narrowed(&format!("client_id={}", client.as_str().unwrap())).await, [second]);
    let page = owner.get("/proposals?limit=2&include=total").await.ok();
    assert_eq!((&page["has_more"], &page["total"]), (&json!(true), &json!(3)));
    let next = page["next_cursor"].as_str().unwrap();
    assert_eq!(narrowed(&format!("limit=2&cursor={next}")).await, [first]);
    for bad in ["status=lost", "status=SENT", "client_id=x", "state=sent"] {
        owner.get(&format!("/proposals?{bad}")).await.refused(422, "validation_failed");
    }
}
