//! The activity log.

use serde_json::{Value, json};

use crate::steps::{self, id, listed, path, token, visitor};
use crate::support::TestApp;

/// Who did what, oldest first.
async fn story(caller: &crate::support::Client, query: &str) -> Vec<(String, String)> {
    let log = caller.get(&format!("/activity?limit=100&{query}")).await.ok();
    let text = |entry: &Value, member: &str| entry[member].as_str().unwrap().to_owned();
    let entries = log["data"].as_array().unwrap().iter().rev();
    entries.map(|entry| (text(entry, "action"), text(entry, "source"))).collect()
}

#[tokio::test]
async fn each_step_of_the_pipeline_leaves_its_entry() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let before = steps::total(&owner, "activity").await;
    let proposal = steps::sent_proposal(&owner).await;
    visitor(&app).get(&format!("/public/v1/proposals/{}", token(&proposal))).await.ok();
    steps::accept(&app, &proposal).await;
    let contract = path("contracts", &owner.get("/contracts").await.ok()["data"][0]);
    owner.if_match("*").patch(&contract, json!({"terms": "1. All of it."})).await.ok();
    let contract = steps::send(&owner, &contract, json!({})).await;
    let place = format!("/public/v1/contracts/{}", token(&contract));
    visitor(&app).get(&place).await.ok();
    visitor(&app).post(&format!("{place}/sign"), steps::signature()).await.ok();
    let body = json!({"contract_id": id(&contract)});
    let invoice = owner.post("/invoices/from-contract", body).await.created();
    let invoice = path("invoices", &invoice);
    owner.act(&format!("{invoice}/send")).await.ok();
    owner.act(&format!("{invoice}/send")).await.ok();
    owner.post(&format!("{invoice}/payments"), json!({"method": "card"})).await.created();

    let story = story(&owner, "").await.split_off(usize::try_from(before).unwrap());

    let story: Vec<(&str, &str)> =
        story.iter().map(|(action, source)| (action.as_str(), source.as_str())).collect();
    let (mails, mut steps): (Vec<_>, Vec<_>) =
        story.into_iter().partition(|(action, _)| *action == "email_sent");
    // What one unit of work records has no order of its own.
    steps[4..6].sort_unstable();
    assert_eq!(mails, [("email_sent", "system"); 2]);
    assert_eq!(
        steps,
        [
            ("client.created", "api"),
            ("proposal.created", "api"),
            ("proposal.sent", "api"),
            ("proposal.viewed", "public"),
            ("contract.created", "public"),
            ("proposal.accepted", "public"),
            ("contract.updated", "api"),
            ("contract.sent", "api"),
            ("contract.viewed", "public"),
            ("contract.signed", "public"),
            ("invoice.created_from_contract", "api"),
            ("invoice.sent", "api"),
            ("invoice.resent", "api"),
            ("invoice.payment_recorded", "api"),
        ]
    );
    app.run_jobs().await;
}

#[tokio::test]
async fn an_entry_says_who_did_what_to_which() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let admin = acme.admin();
    let proposal = steps::proposal(&admin).await;
    let place = path("proposals", &proposal);
    admin.if_match("*").patch(&place, json!({"title": "New title"})).await.ok();
    let sent = steps::send(&admin, &place, json!({})).await;
    steps::accept(&app, &sent).await;
    let entries = async |action: &str| {
        let log =
            admin.get(&format!("/activity?action={action}&entity_id={}", id(&proposal))).await;
        log.ok()["data"].as_array().unwrap().clone()
    };

    let updated = &entries("proposal.updated").await[0];
    let accepted = &entries("proposal.accepted").await[0];

    assert_eq!(
        (&updated["actor"], &updated["user_id"]),
        (&json!("admin"), &json!(admin.user_id()))
    );
    assert_eq!(updated["old_values"]["title"], "Website Proposal");
    assert_eq!(updated["new_values"]["title"], "New title");
    assert_eq!(updated["entity_type"], "proposal");
    assert_eq!((&accepted["actor"], &accepted["user_id"]), (&json!("Client"), &Value::Null));
    assert_eq!(accepted["source"], "public");
    let mail = &admin.get("/activity?action=email_sent").await.ok()["data"][0];
    assert_eq!((&mail["actor"], &mail["source"]), (&json!("System"), &json!("system")));
}

#[tokio::test]
async fn the_log_is_narrowed_and_paged() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let (proposal, invoice) =
        (steps::sent_proposal(&owner).await, steps::sent_invoice(&owner).await);
    let actions = async |query: &str| listed(&owner, &format!("/activity?{query}"), "action").await;

    assert_eq!(actions("action=invoice.").await, ["invoice.sent", "invoice.created"]);
    assert_eq!(actions("action=invoice.s").await, ["invoice.sent"]);
    assert_eq!(actions("entity_type=proposal").await, ["proposal.sent", "proposal.created"]);
    let of_one = ["invoice.sent", "invoice.created"];
    assert_eq!(actions(&format!("entity_id={}", id(&invoice))).await, of_one);
    let both = format!("entity_id={}&action=proposal.created", id(&proposal));
    assert_eq!(actions(&both).await, ["proposal.created"]);
    for nothing in
        ["action=%25", "action=invoice_", "entity_type=Invoice", "action=invoice.sent%5C"]
    {
        assert_eq!(actions(nothing).await, Vec::<String>::new(), "{nothing}");
    }
    let first = owner.get("/activity?action=invoice.&limit=1&include=total").await.ok();
    assert_eq!(first["total"], 2);
    let next = first["next_cursor"].as_str().unwrap();
    assert_eq!(
        actions(&format!("action=invoice.&limit=1&cursor={next}")).await,
        ["invoice.created"]
    );
    for bad in ["entity_id=x", "entity_id=inv_", "user=1", "action=", "from=2026-01-01"] {
        owner.get(&format!("/activity?{bad}")).await.refused(422, "validation_failed");
    }
}

#[tokio::test]
async fn members_see_what_is_about_their_own_documents_and_what_all_share() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let member = acme.member();
    let (own, other) =
        (steps::sent_invoice(&member).await, steps::sent_invoice(&acme.admin()).await);
    let of = |invoice: &Value| format!("/activity?entity_id={}", id(invoice));

    assert_eq!(listed(&member, &of(&own), "action").await, ["invoice.sent", "invoice.created"]);
    assert_eq!(listed(&member, &of(&other), "action").await, Vec::<String>::new());
    assert_eq!(listed(&acme.admin(), &of(&other), "action").await.len(), 2);
    assert_eq!(listed(&member, "/activity?entity_type=invoice", "action").await.len(), 2);
    assert_eq!(listed(&member, "/activity?entity_type=client", "action").await.len(), 2);
    let seen_by_member = steps::total(&member, "activity").await;
    assert_eq!(steps::total(&acme.owner(), "activity").await, seen_by_member + 2);
}

#[tokio::test]
async fn what_was_refused_leaves_no_entry() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let sent = steps::sent_invoice(&owner).await;
    let before = steps::total(&owner, "activity").await;

    owner.if_match("*").delete(&path("invoices", &sent)).await.refused(409, "invalid_state");
    owner.post("/invoices", json!({})).await.refused(422, "validation_failed");
    owner
        .post("/clients", json!({"business_name": "x", "email": sent["client_email"]}))
        .await
        .refused(409, "conflict");

    assert_eq!(steps::total(&owner, "activity").await, before);
}
