//! What the client answers to a proposal.

use serde_json::{Value, json};

use crate::steps::{
    self, id, in_days, listed, mails, move_to_end_of, path, send, token, visitor, worked_example,
};
use crate::support::{Reply, TestApp, minutes};

/// Answers a sent proposal.
async fn answer(app: &TestApp, sent: &Value, how: &str, body: Value) -> Reply {
    let path = format!("/public/v1/proposals/{}/{how}", token(sent));
    visitor(app).post(&path, body).await
}

#[tokio::test]
async fn accepting_makes_the_contract_and_tells_both_sides() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let draft = worked_example(&owner).await;
    let sent = send(&owner, &path("proposals", &draft), json!({})).await;

    let accepted =
        answer(&app, &sent, "accept", json!({"comments": " Looking forward! "})).await.ok();

    assert_eq!(accepted["status"], "accepted");
    assert_eq!(accepted["allowed_actions"], json!([]));
    // The contract is a draft: its link is not known yet.
    assert_eq!(accepted["contract_token"], Value::Null);
    let proposal = owner.get(&path("proposals", &sent)).await.ok();
    assert_eq!(proposal["client_comments"], "Looking forward!");
    assert_ne!(proposal["responded_at"], Value::Null);
    let contract = proposal["contract_id"].as_str().unwrap();
    let contract = owner.get(&format!("/contracts/{contract}")).await.ok();
    assert_eq!((&contract["status"], &contract["total"]), (&json!("draft"), &json!(445_500)));
    assert_eq!((&contract["subtotal"], &contract["tax"]), (&json!(405_000), &json!(40_500)));
    assert_eq!(contract["proposal_id"], proposal["id"]);
    assert_eq!(
        contract["payment_terms"],
        "$4,455.00 including GST is due on signing.\n\
         $108.90 including GST is billed each month in advance.\n\
         The minimum term is 12 months."
    );
    app.run_jobs().await;
    let client = sent["client_email"].as_str().unwrap().to_owned();
    assert_eq!(
        mails(&app, sent["number"].as_str().unwrap()).await,
        [
            ("proposal_accepted_agency".to_owned(), "owner@acme.test".to_owned()),
            ("proposal_accepted_client".to_owned(), client),
        ]
    );
}

#[tokio::test]
async fn an_answer_is_final() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let (accepted, declined) =
        (steps::sent_proposal(&owner).await, steps::sent_proposal(&owner).await);
    answer(&app, &accepted, "accept", json!({})).await.ok();
    answer(&app, &declined, "decline", json!({"reason": "Next year."})).await.ok();

    for (sent, state) in [(&accepted, "accepted"), (&declined, "declined")] {
        for how in ["accept", "decline", "request-revision"] {
            let body = if how == "request-revision" {
                json!({"notes": "Change this, please."})
            } else {
                json!({})
            };
            let problem = answer(&app, sent, how, body).await.refused(409, "invalid_state");
            assert_eq!(problem["current"], state, "{how}");
        }
        let place = path("proposals", sent);
        owner.act(&format!("{place}/send")).await.refused(409, "invalid_state");
        owner
            .if_match("*")
            .patch(&place, json!({"title": "x"}))
            .await
            .refused(409, "invalid_state");
    }

    assert_eq!(steps::total(&owner, "contracts").await, 1);
    let read = owner.get(&path("proposals", &declined)).await.ok();
    assert_eq!(
        (&read["decline_reason"], &read["contract_id"]),
        (&json!("Next year."), &Value::Null)
    );
    app.run_jobs().await;
    let number = declined["number"].as_str().unwrap();
    assert_eq!(
        mails(&app, number).await,
        [("proposal_declined_agency".to_owned(), "owner@acme.test".to_owned())]
    );
}

#[tokio::test]
async fn a_requested_change_is_sent_as_the_next_revision_under_the_same_number_and_link() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let first = steps::sent_proposal(&owner).await;
    let place = path("proposals", &first);
    let notes = "Please add a booking form.";
    let asked = answer(&app, &first, "request-revision", json!({"notes": notes})).await.ok();
    assert_eq!(asked["status"], "revision_requested");
    let patch = json!({"custom_pricing": {"one_time_price": 200_000}, "title": "With booking"});
    let changed = owner.if_match("*").patch(&place, patch).await.ok();
    assert_eq!(changed["revision_request_notes"], notes);
    // Until it is sent, the client sees what was sent.
    let seen = visitor(&app).get(&format!("/public/v1/proposals/{}", token(&first))).await.ok();
    assert_eq!((&seen["price"], &seen["revision"]), (&first["price"], &json!(1)));
    assert_eq!(seen["allowed_actions"], json!([]));

    let second = send(&owner, &place, json!({})).await;

    assert_eq!((&first["revision"], &second["revision"]), (&json!(1), &json!(2)));
    for same in ["number", "public_url", "sent_at"] {
        assert_eq!(second[same], first[same], "{same}");
    }
    assert_ne!(second["content_hash"], first["content_hash"]);
    let accepted = answer(&app, &second, "accept", json!({})).await.ok();
    assert_eq!((&accepted["revision"], &accepted["title"]), (&json!(2), &json!("With booking")));
    app.run_jobs().await;
    assert_eq!(owner.get("/contracts").await.ok()["data"][0]["total"], 220_000);
    let kinds: Vec<String> = mails(&app, first["number"].as_str().unwrap())
        .await
        .into_iter()
        .map(|(kind, _)| kind)
        .collect();
    assert_eq!(
        kinds,
        [
            "proposal_accepted_agency",
            "proposal_accepted_client",
            "proposal_revision_requested_agency"
        ]
    );
}

#[tokio::test]
async fn every_broken_rule_of_an_answer_is_named_and_changes_nothing() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let sent = steps::sent_proposal(&owner).await;
    let long = "x".repeat(2001);

    for (how, body, pointer) in [
        ("accept", json!({"comments": long}), "/comments"),
        ("accept", json!({"comments": 1}), "/comments"),
        ("accept", json!({"comment": "x"}), "/comment"),
        ("decline", json!({"reason": long}), "/reason"),
        ("request-revision", json!({"notes": long}), "/notes"),
        ("request-revision", json!({"notes": "too short"}), "/notes"),
        ("request-revision", json!({"notes": "          "}), "/notes"),
        ("request-revision", json!({}), "/notes"),
    ] {
        let broken = answer(&app, &sent, how, body).await.broken_rules();
        assert_eq!(broken[0].0, pointer, "{how}");
    }

    assert_eq!(owner.get(&path("proposals", &sent)).await.ok(), sent);
    assert_eq!(steps::total(&owner, "contracts").await, 0);
}

#[tokio::test]
async fn a_proposal_expires_with_its_last_day_and_can_be_sent_anew() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let place = path("proposals", &steps::proposal(&owner).await);
    let last_day = in_days(&app, 2);
    let sent = send(&owner, &place, json!({"valid_until": last_day})).await;
    let status = async || owner.get(&place).await.ok()["status"].clone();

    move_to_end_of(&app, last_day, minutes(-1));
    assert_eq!(status().await, "sent");
    let before = owner.get(&place).await.etag();
    move_to_end_of(&app, last_day, minutes(1));

    assert_eq!(status().await, "expired");
    assert_ne!(owner.get(&place).await.etag(), before);
    for how in ["accept", "decline"] {
        let problem = answer(&app, &sent, how, json!({})).await.refused(409, "invalid_state");
        assert_eq!(problem["current"], "expired");
    }
    let seen = visitor(&app).get(&format!("/public/v1/proposals/{}", token(&sent))).await.ok();
    assert_eq!((&seen["status"], &seen["allowed_actions"]), (&json!("expired"), &json!([])));
    assert_eq!(listed(&owner, "/proposals?status=expired", "id").await, [id(&sent)]);
    assert_eq!(listed(&owner, "/proposals?status=sent", "id").await, Vec::<String>::new());

    let again = send(&owner, &place, json!({})).await;
    assert_eq!((&again["status"], &again["revision"]), (&json!("sent"), &json!(2)));
    assert_eq!(again["valid_until"], json!(in_days(&app, 30)));
    assert_eq!(listed(&owner, "/proposals?status=expired", "id").await, Vec::<String>::new());
    answer(&app, &again, "accept", json!({})).await.ok();
    app.run_jobs().await;
}

#[tokio::test]
async fn an_answer_given_in_time_does_not_expire() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let sent = steps::sent_proposal(&owner).await;
    steps::accept(&app, &sent).await;

    app.clock.advance(crate::support::days(400));

    assert_eq!(owner.get(&path("proposals", &sent)).await.ok()["status"], "accepted");
    assert_eq!(listed(&owner, "/proposals?status=accepted", "id").await, [id(&sent)]);
}

#[tokio::test]
async fn accepting_a_proposal_that_has_a_contract_makes_no_second_one() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let sent = steps::sent_proposal(&owner).await;
    let body = json!({"proposal_id": id(&sent)});
    let contract = owner.post("/contracts", body.clone()).await.created();

    answer(&app, &sent, "accept", json!({})).await.ok();

    app.run_jobs().await;
    assert_eq!(listed(&owner, "/contracts", "id").await, [id(&contract)]);
    assert_eq!(owner.get(&path("proposals", &sent)).await.ok()["contract_id"], contract["id"]);
    let problem = owner.post("/contracts", body).await.refused(409, "has_contract");
    assert_eq!(problem["field"], "proposal_id");
}
