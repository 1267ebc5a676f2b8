//! Sending proposals.

use chrono::Datelike;
use serde_json::{Value, json};

use crate::steps::{self, id, in_days, path, send, token, worked_example};
use crate::support::TestApp;

#[tokio::test]
async fn sending_draws_the_number_freezes_the_content_and_mails_the_link() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let draft = worked_example(&owner).await;

    let reply = owner.act(&format!("{}/send", path("proposals", &draft))).await;

    assert!(!reply.etag().is_empty());
    let sent = reply.ok();
    let number = format!("PROP-{}-0001", steps::today(&app).year());
    assert_eq!((&sent["number"], &sent["status"]), (&json!(number), &json!("sent")));
    assert_eq!(sent["valid_until"], json!(in_days(&app, 30)));
    assert_eq!(sent["content_hash"].as_str().unwrap().len(), 64);
    assert_eq!(token(&sent).len(), 22, "{}", sent["public_url"]);
    assert!(sent["public_url"].as_str().unwrap().starts_with(&format!("{}/p/", app.url())));
    app.run_jobs().await;
    let inbox = app.inbox().await;
    let mail = inbox.iter().find(|mail| mail.kind == "proposal_sent").unwrap();
    assert_eq!(mail.to, sent["client_email"].as_str().unwrap());
    assert_eq!(mail.subject, format!("Proposal {number} from acme"));
    let link = sent["public_url"].as_str().unwrap();
    for part in [link, "Hello Ada Lovelace,", "$4,455.00"] {
        assert!(mail.text.contains(part), "{part} in {}", mail.text);
    }
    assert!(mail.html.contains(&format!("href=\"{link}\"")), "{}", mail.html);
}

#[tokio::test]
async fn what_is_with_the_client_does_not_change() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let draft = worked_example(&owner).await;
    let place = path("proposals", &draft);
    let sent = send(&owner, &place, json!({})).await;

    let patch = json!({"title": "Other"});
    let problem = owner.if_match("*").patch(&place, patch).await.refused(409, "invalid_state");
    let package = sent["price"]["package"]["id"].as_str().unwrap();
    let dearer = json!({"setup_fee": 900_000, "name": "Dearer"});
    owner.patch(&format!("/packages/{package}"), dearer).await.ok();
    let client = format!("/clients/{}", draft["client_id"].as_str().unwrap());
    owner.patch(&client, json!({"business_name": "Renamed", "email": "new@x.test"})).await.ok();
    owner.patch("/profile", json!({"trading_name": "Acme Two", "tax_rate_bps": 2000})).await.ok();

    assert_eq!(problem["current"], "sent");
    assert_eq!(problem["allowed"], json!(["draft", "ready", "revision_requested"]));
    assert_eq!(owner.get(&place).await.ok(), sent);
    let seen = app.anonymous().get(&format!("/public/v1/proposals/{}", token(&sent))).await.ok();
    assert_eq!((&seen["price"], &seen["title"]), (&sent["price"], &sent["title"]));
    assert_eq!(seen["client"]["name"], sent["client_business_name"]);
}

#[tokio::test]
async fn sending_again_repeats_the_mail_and_nothing_else() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let place = path("proposals", &steps::proposal(&owner).await);
    let first = owner.act(&format!("{place}/send")).await.ok();
    app.clock.advance(crate::support::days(3));

    let second = owner.act(&format!("{place}/send")).await.ok();

    assert_eq!(second, first);
    app.run_jobs().await;
    let to = first["client_email"].as_str().unwrap();
    let mails = app.inbox().await.into_iter().filter(|mail| mail.to == to);
    assert_eq!(mails.map(|mail| mail.kind).collect::<Vec<_>>(), ["proposal_sent"; 2]);
    let log = steps::listed(&owner, "/activity?entity_type=proposal", "action").await;
    assert_eq!(log, ["proposal.resent", "proposal.sent", "proposal.created"]);
}

#[tokio::test]
async fn a_send_that_is_refused_uses_no_number_up() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let client = steps::client(&owner).await;
    let bare = json!({"client_id": id(&client)});
    let bare = path("proposals", &owner.post("/proposals", bare).await.created());
    let good = path("proposals", &steps::proposal(&owner).await);
    let refuse = async |place: &str, body: Value| {
        owner.post(&format!("{place}/send"), body).await.broken_rules()
    };

    let nothing_priced = refuse(&bare, json!({})).await;
    let yesterday = steps::today(&app).pred_opt().unwrap();
    let past = refuse(&good, json!({"valid_until": yesterday})).await;
    let long = refuse(&good, json!({"custom_message": "x".repeat(2001), "to": "x"})).await;
    owner.if_match("\"9\"").act(&format!("{good}/send")).await.refused(412, "precondition_failed");

    assert_eq!(nothing_priced, [("/package_id".to_owned(), "nothing_priced".to_owned())]);
    assert_eq!(past, [("/valid_until".to_owned(), "past".to_owned())]);
    assert_eq!(long.len(), 2, "{long:?}");
    let sent = send(&owner, &good, json!({})).await;
    assert!(sent["number"].as_str().unwrap().ends_with("-0001"), "{}", sent["number"]);
    assert_eq!(owner.get(&bare).await.ok()["number"], Value::Null);
}

#[tokio::test]
async fn a_link_may_be_shared_by_hand() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let until = in_days(&app, 3);

    let place = path("proposals", &steps::proposal(&owner).await);
    let sent = send(&owner, &place, json!({"deliver": false, "valid_until": until})).await;

    assert_eq!(app.run_jobs().await.done, 0);
    assert_eq!(sent["valid_until"], json!(until));
    app.anonymous().get(&format!("/public/v1/proposals/{}", token(&sent))).await.ok();
}

#[tokio::test]
async fn a_repeated_send_is_answered_once() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let place = format!("{}/send", path("proposals", &steps::proposal(&owner).await));
    let message = json!({"custom_message": "Dear <b>Ada</b>,\nsee below."});

    let first = owner.once("send-1").post(&place, message.clone()).await;
    let second = owner.once("send-1").post(&place, message).await;
    owner.once("send-1").post(&place, json!({})).await.refused(422, "validation_failed");

    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.ok(), second.ok());
    app.run_jobs().await;
    let inbox = app.inbox().await;
    let mails: Vec<_> = inbox.iter().filter(|mail| mail.kind == "proposal_sent").collect();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].text.contains("Dear <b>Ada</b>,\nsee below."), "{}", mails[0].text);
    assert!(mails[0].html.contains("Dear &lt;b&gt;Ada&lt;"), "{}", mails[0].html);
}

#[tokio::test]
async fn each_agency_counts_for_itself_and_each_kind_too() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let other = app.bystander().owner();
    let ending =
        |view: &Value| view["number"].as_str().unwrap().rsplit('-').next().unwrap().to_owned();

    let proposals = [steps::sent_proposal(&owner).await, steps::sent_proposal(&owner).await];
    let invoice = steps::sent_invoice(&owner).await;
    let theirs = steps::sent_proposal(&other).await;

    assert_eq!(proposals.each_ref().map(ending), ["0001", "0002"]);
    assert_eq!((ending(&invoice), ending(&theirs)), ("0001".to_owned(), "0001".to_owned()));
    assert!(invoice["number"].as_str().unwrap().starts_with("INV-"));
}
