//! Contracts, from the draft to the signature.

use entity::DocumentId;
use kernel::text::sha256_hex;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::steps::{
    self, BROWSER, id, in_days, listed, mails, members_of, move_to_end_of, path, send,
    sent_contract, signature, token, visitor,
};
use crate::support::{Reply, TestApp, minutes};

fn link(sent: &Value) -> String {
    format!("/public/v1/contracts/{}", token(sent))
}

/// Signs a sent contract.
async fn sign(app: &TestApp, sent: &Value, body: Value) -> Reply {
    visitor(app).post(&format!("{}/sign", link(sent)), body).await
}

#[tokio::test]
async fn a_contract_without_terms_is_sent_only_when_that_is_meant() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let place = path("contracts", &steps::contract(&app, &owner).await);

    let broken = owner.act(&format!("{place}/send")).await.broken_rules();
    assert_eq!(broken, [("/without_terms".to_owned(), "no_terms".to_owned())]);
    owner.if_match("*").patch(&place, json!({"terms": " \n "})).await.ok();
    owner.act(&format!("{place}/send")).await.refused(422, "validation_failed");
    let terms = json!({"terms": "1. The agency delivers.\n\n2. The client pays."});
    owner.if_match("*").patch(&place, terms).await.ok();
    let sent = send(&owner, &place, json!({})).await;

    assert_eq!(sent["status"], "sent");
    let other = path("contracts", &steps::contract(&app, &owner).await);
    let bare = send(&owner, &other, json!({"without_terms": true})).await;
    assert!(bare["number"].as_str().unwrap().ends_with("-0002"), "{}", bare["number"]);
}

#[tokio::test]
async fn sending_signs_for_the_agency_and_mails_the_link() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let draft = steps::contract(&app, &owner).await;
    assert_eq!((&draft["number"], &draft["public_url"]), (&Value::Null, &Value::Null));

    let how = json!({"without_terms": true, "custom_message": "Please sign by Friday."});
    let sent = owner.post(&format!("{}/send", path("contracts", &draft)), how).await.ok();

    let number = sent["number"].as_str().unwrap();
    assert!(number.starts_with("CON-") && number.ends_with("-0001"), "{number}");
    assert_ne!(sent["agency_signatory_name"], "");
    assert_ne!(sent["agency_signed_at"], Value::Null);
    assert_eq!(sent["valid_until"], json!(in_days(&app, 30)));
    assert_eq!(sent["signature"], Value::Null);
    app.run_jobs().await;
    let client = sent["client_email"].as_str().unwrap().to_owned();
    assert_eq!(mails(&app, number).await, [("contract_sent".to_owned(), client)]);
    let inbox = app.inbox().await;
    assert_eq!(inbox[0].subject, "Contract from acme - Please Review and Sign");
    for part in ["Please sign by Friday.", sent["public_url"].as_str().unwrap()] {
        assert!(inbox[0].text.contains(part), "{part}");
    }
}

#[tokio::test]
async fn a_signature_keeps_who_when_from_where_and_exactly_what() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let sent = sent_contract(&app, &owner).await;

    let signed = sign(&app, &sent, signature()).await.ok();

    assert_eq!(
        (&signed["status"], &signed["client_signatory_name"]),
        (&json!("signed"), &json!("Ada Lovelace"))
    );
    assert_eq!(signed["allowed_actions"], json!([]));
    let read = owner.get(&path("contracts", &sent)).await.ok();
    let evidence = &read["signature"];
    assert_eq!(
        (&evidence["name"], &evidence["title"]),
        (&json!("Ada Lovelace"), &json!("Director"))
    );
    assert_eq!((&evidence["ip"], &evidence["user_agent"]), (&json!("127.0.0.1"), &json!(BROWSER)));
    assert_eq!(evidence["consent_text"], signed["consent_text"]);
    assert_eq!(evidence["signed_at"], signed["client_signed_at"]);
    assert_eq!(evidence["content_hash"], read["content_hash"]);
    assert_eq!(read["content_hash"], sent["content_hash"]);
    let stored = stored_content(&app, &sent).await;
    assert_eq!(evidence["content_hash"], json!(sha256_hex(&stored)));
    for part in [sent["number"].as_str().unwrap(), "\"total\":110000", "\"revision\":1"] {
        assert!(stored.contains(part), "{part} in {stored}");
    }
    app.run_jobs().await;
    let client = sent["client_email"].as_str().unwrap().to_owned();
    assert_eq!(
        mails(&app, sent["number"].as_str().unwrap()).await,
        [
            ("contract_signed_agency".to_owned(), "owner@acme.test".to_owned()),
            ("contract_signed_client".to_owned(), client),
        ]
    );
}

/// The canonical content as it is stored.
async fn stored_content(app: &TestApp, sent: &Value) -> String {
    let contract: entity::ContractId = id(sent).parse().unwrap();
    let id = DocumentId::from(contract);
    let row = app.on_server(move |app| async move {
        let find = entity::document::Entity::find().filter(entity::document::Column::Id.eq(id));
        app.store().platform("the stored content of a test").one(find).await
    });
    row.await.unwrap().unwrap().issued_content.unwrap()
}

#[tokio::test]
async fn every_broken_rule_of_a_signature_is_named_and_nothing_is_signed() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let sent = sent_contract(&app, &owner).await;
    let with = |name: &str, value: Value| {
        let mut body = signature();
        body[name] = value;
        body
    };

    for (body, pointer) in [
        (with("signatory_name", json!("")), "/signatory_name"),
        (with("signatory_name", json!("  ")), "/signatory_name"),
        (with("signatory_name", json!("x".repeat(256))), "/signatory_name"),
        (with("signatory_title", json!("x".repeat(101))), "/signatory_title"),
        (with("agreed", json!(false)), "/agreed"),
        (with("agreed", json!("true")), "/agreed"),
        (with("ip", json!("10.0.0.1")), "/ip"),
        (with("version", Value::Null), "/version"),
    ] {
        assert_eq!(sign(&app, &sent, body).await.broken_rules()[0].0, pointer);
    }
    let problem =
        sign(&app, &sent, with("version", json!(2))).await.refused(409, "version_changed");

    assert_eq!(problem["field"], "version");
    assert_eq!(owner.get(&path("contracts", &sent)).await.ok(), sent);
    assert_eq!(app.run_jobs().await.done, 0);
}

#[tokio::test]
async fn a_position_is_required_where_the_contract_says_so() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let place = path("contracts", &steps::contract(&app, &owner).await);
    owner.if_match("*").patch(&place, json!({"require_client_title": true})).await.ok();
    let sent = send(&owner, &place, json!({"without_terms": true})).await;
    let untitled =
        json!({"signatory_name": "Ada", "signatory_title": "  ", "agreed": true, "version": 1});

    let broken = sign(&app, &sent, untitled).await.broken_rules();

    assert_eq!(broken, [("/signatory_title".to_owned(), "required".to_owned())]);
    sign(&app, &sent, signature()).await.ok();
    app.run_jobs().await;
}

#[tokio::test]
async fn a_contract_is_signed_once_and_stays_as_it_was_signed() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let signed = steps::signed_contract(&app, &owner).await;
    let place = path("contracts", &signed);

    let again = json!({"signatory_name": "Eve", "agreed": true, "version": 1});
    let problem = sign(&app, &signed, again).await.refused(409, "invalid_state");
    assert_eq!(problem["current"], "signed");
    let change = owner.if_match("*").patch(&place, json!({"terms": "Others."})).await;
    change.refused(409, "invalid_state");
    owner.act(&format!("{place}/send")).await.refused(409, "invalid_state");
    app.clock.advance(crate::support::days(400));

    assert_eq!(owner.get(&place).await.ok(), signed);
    let seen = visitor(&app).get(&link(&signed)).await.ok();
    assert_eq!(
        (&seen["status"], &seen["client_signatory_name"]),
        (&json!("signed"), &json!("Ada Lovelace"))
    );
    assert_eq!(app.run_jobs().await.done, 0);
}

#[tokio::test]
async fn a_change_takes_the_contract_back_until_it_is_sent_anew() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let first = sent_contract(&app, &owner).await;
    let place = path("contracts", &first);
    visitor(&app).get(&link(&first)).await.ok();

    let changed = owner.if_match("*").patch(&place, json!({"terms": "1. New terms."})).await.ok();

    assert_eq!(changed["status"], "draft");
    visitor(&app).get(&link(&first)).await.refused(404, "not_found");
    visitor(&app).get(&format!("{}/pdf", link(&first))).await.refused(404, "not_found");
    sign(&app, &first, signature()).await.refused(404, "not_found");
    let second = send(&owner, &place, json!({})).await;
    assert_eq!((&second["revision"], &second["status"]), (&json!(2), &json!("sent")));
    for same in ["number", "public_url", "sent_at"] {
        assert_eq!(second[same], first[same], "{same}");
    }
    assert_ne!(second["content_hash"], first["content_hash"]);
    sign(&app, &second, signature()).await.refused(409, "version_changed");
    let mut right = signature();
    right["version"] = json!(2);
    let signed = sign(&app, &second, right).await.ok();
    assert_eq!((&signed["version"], &signed["terms"]), (&json!(2), &json!("1. New terms.")));
    app.run_jobs().await;
}

#[tokio::test]
async fn a_contract_expires_with_its_last_day() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let place = path("contracts", &steps::contract(&app, &owner).await);
    let last_day = in_days(&app, 1);
    let how = json!({"without_terms": true, "valid_until": last_day});
    let sent = send(&owner, &place, how).await;

    move_to_end_of(&app, last_day, minutes(1));

    let problem = sign(&app, &sent, signature()).await.refused(409, "invalid_state");
    assert_eq!(problem["current"], "expired");
    assert_eq!(listed(&owner, "/contracts?status=expired", "id").await, [id(&sent)]);
    let again = send(&owner, &place, json!({"without_terms": true})).await;
    assert_eq!((&again["status"], &again["revision"]), (&json!("sent"), &json!(2)));
}

#[tokio::test]
async fn outsiders_see_what_is_meant_for_them_and_nothing_else() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let sent = sent_contract(&app, &owner).await;

    let reply = visitor(&app).get(&link(&sent)).await;

    assert_eq!(reply.header("x-robots-tag"), Some("noindex"));
    let seen = reply.ok();
    assert_eq!(
        members_of(&seen),
        [
            "agency",
            "agency_signatory_name",
            "agency_signatory_title",
            "agency_signed_at",
            "allowed_actions",
            "client",
            "client_signatory_name",
            "client_signatory_title",
            "client_signed_at",
            "commencement_date",
            "completion_date",
            "consent_text",
            "content_hash",
            "currency",
            "issued_on",
            "number",
            "payment_terms",
            "require_client_title",
            "services_description",
            "special_conditions",
            "status",
            "subtotal",
            "tax",
            "tax_label",
            "terms",
            "title",
            "total",
            "valid_until",
            "version",
        ]
    );
    assert_eq!((&seen["status"], &seen["version"]), (&json!("viewed"), &json!(1)));
    assert_eq!(seen["allowed_actions"], json!(["sign"]));
    assert_eq!(owner.get(&path("contracts", &sent)).await.ok()["view_count"], 1);
    // The accepted proposal leads on to it.
    let proposal =
        owner.get(&format!("/proposals/{}", sent["proposal_id"].as_str().unwrap())).await.ok();
    let from = visitor(&app).get(&format!("/public/v1/proposals/{}", token(&proposal))).await.ok();
    assert_eq!(from["contract_token"], json!(token(&sent)));
}

#[tokio::test]
async fn a_changed_contract_obeys_the_rules() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let place = path("contracts", &steps::contract(&app, &owner).await);
    let first = owner.get(&place).await.etag();

    owner.patch(&place, json!({"title": "x"})).await.refused(428, "precondition_required");
    let dates = json!({"commencement_date": "2027-02-01", "completion_date": "2027-06-30"});
    let changed = owner.if_match(&first).patch(&place, dates).await.ok();
    assert_eq!(changed["completion_date"], "2027-06-30");
    owner
        .if_match(&first)
        .patch(&place, json!({"title": "x"}))
        .await
        .refused(412, "precondition_failed");
    for (patch, pointer) in [
        (json!({"completion_date": "2027-01-31"}), "/completion_date"),
        (json!({"title": ""}), "/title"),
        (json!({"terms": "x".repeat(100_001)}), "/terms"),
        (json!({"terms": null}), "/terms"),
        (json!({"total": 1}), "/total"),
        (json!({"valid_until": null}), "/valid_until"),
    ] {
        let broken = owner.if_match("*").patch(&place, patch).await.broken_rules();
        assert_eq!(broken[0].0, pointer);
    }
    assert_eq!(owner.get(&place).await.ok(), changed);
    let cleared = json!({"commencement_date": null, "completion_date": null});
    let cleared = owner.if_match("*").patch(&place, cleared).await.ok();
    assert_eq!(cleared["commencement_date"], Value::Null);
}

#[tokio::test]
async fn members_see_only_the_contracts_of_their_own_proposals() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let (own, other) =
        (steps::contract(&app, &acme.member()).await, steps::contract(&app, &acme.admin()).await);
    let member = acme.member();

    assert_eq!(listed(&member, "/contracts", "id").await, [id(&own)]);
    assert_eq!(listed(&acme.owner(), "/contracts", "id").await, [id(&other), id(&own)]);
    let hidden = path("contracts", &other);
    for reply in [
        member.get(&hidden).await,
        member.get(&format!("{hidden}/pdf")).await,
        member.if_match("*").patch(&hidden, json!({"title": "Mine"})).await,
        member.act(&format!("{hidden}/send")).await,
    ] {
        reply.refused(404, "not_found");
    }
    send(&member, &path("contracts", &own), json!({"without_terms": true})).await;
}

#[tokio::test]
async fn another_agency_s_contract_does_not_exist() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let theirs = steps::contract(&app, &app.bystander().owner()).await;
    let foreign = path("contracts", &theirs);

    for reply in [
        owner.get(&foreign).await,
        owner.get(&format!("{foreign}/pdf")).await,
        owner.if_match("*").patch(&foreign, json!({"title": "x"})).await,
        owner.act(&format!("{foreign}/send")).await,
    ] {
        reply.refused(404, "not_found");
    }
    for proposal in [theirs["proposal_id"].clone(), json!("prop_00000000000000000000000000")] {
        let broken =
            owner.post("/contracts", json!({"proposal_id": proposal})).await.broken_rules();
        assert_eq!(broken, [("/proposal_id".to_owned(), "unknown".to_owned())]);
    }
}

#[tokio::test]
async fn a_contract_can_be_made_from_any_proposal_once() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let proposal = steps::proposal(&owner).await;
    let body = json!({"proposal_id": id(&proposal)});

    let first = owner.once("key-1").post("/contracts", body.clone()).await;
    let second = owner.once("key-1").post("/contracts", body.clone()).await;
    let third = owner.post("/contracts", body).await.refused(409, "has_contract");

    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    let made = first.created();
    assert_eq!(second.created(), made);
    assert_eq!((&made["status"], &made["total"]), (&json!("draft"), &json!(110_000)));
    assert!(third["detail"].as_str().unwrap().contains(id(&made)), "{third}");
    assert_eq!(
        listed(&owner, &format!("/contracts?proposal_id={}", id(&proposal)), "id").await,
        [id(&made)]
    );
}
