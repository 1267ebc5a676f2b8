//! Invoices that are with the client.

use chrono::Datelike;
use reqwest::Method;
use serde_json::{Value, json};

use crate::steps::{
    self, id, in_days, listed, mails, members_of, move_to_end_of, path, send, token, visitor,
};
use crate::support::{TestApp, minutes};

fn link(sent: &Value) -> String {
    format!("/public/v1/invoices/{}", token(sent))
}

#[tokio::test]
async fn sending_draws_the_number_and_freezes_the_invoice() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let place = path("invoices", &steps::invoice(&owner).await);

    let sent = owner.act(&format!("{place}/send")).await.ok();

    let number = format!("INV-{}-0001", steps::today(&app).year());
    assert_eq!((&sent["number"], &sent["status"]), (&json!(number), &json!("sent")));
    assert_eq!(sent["content_hash"].as_str().unwrap().len(), 64);
    for patch in [json!({"discount": 1}), json!({"notes": "x"}), json!({"due_date": "2031-01-01"})]
    {
        let problem = owner.if_match("*").patch(&place, patch).await.refused(409, "invalid_state");
        assert_eq!((&problem["current"], &problem["allowed"]), (&json!("sent"), &json!(["draft"])));
    }
    owner.if_match("*").delete(&place).await.refused(409, "invalid_state");
    let again = owner.once("again").act(&format!("{place}/send")).await.ok();
    owner.once("again").act(&format!("{place}/send")).await.ok();
    assert_eq!(again, sent);
    assert_eq!(owner.get(&place).await.ok(), sent);
    app.run_jobs().await;
    let mail = ("invoice_sent".to_owned(), sent["client_email"].as_str().unwrap().to_owned());
    assert_eq!(mails(&app, &number).await, [mail.clone(), mail]);
    let text = &app.inbox().await[0].text;
    for part in ["$330.00", sent["public_url"].as_str().unwrap()] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[tokio::test]
async fn numbers_have_no_gap_where_a_send_was_refused() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let mut numbers = Vec::new();
    for _ in 0..3 {
        let place = path("invoices", &steps::invoice(&owner).await);
        let send_it = format!("{place}/send");
        owner.if_match("\"7\"").act(&send_it).await.refused(412, "precondition_failed");
        owner.post(&send_it, json!({"deliver": "no"})).await.refused(422, "validation_failed");
        let sent = send(&owner, &place, json!({})).await;
        owner.post(&format!("{place}/payments"), json!({"method": "cash"})).await.created();
        owner.act(&send_it).await.refused(409, "invalid_state");
        numbers.push(sent["number"].as_str().unwrap().rsplit('-').next().unwrap().to_owned());
    }

    assert_eq!(numbers, ["0001", "0002", "0003"]);
    app.run_jobs().await;
}

#[tokio::test]
async fn numbers_go_on_over_the_turn_of_the_year() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let first = steps::sent_invoice(&owner).await;
    let year = steps::today(&app).year();
    let new_year_s_eve = chrono::NaiveDate::from_ymd_opt(year, 12, 31).unwrap();

    move_to_end_of(&app, new_year_s_eve, minutes(1));
    let second = steps::sent_invoice(&owner).await;

    assert_eq!(first["number"], json!(format!("INV-{year}-0001")));
    assert_eq!(second["number"], json!(format!("INV-{}-0002", year + 1)));
}

#[tokio::test]
async fn outsiders_see_what_is_meant_for_them_and_nothing_else() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let sent = steps::sent_invoice(&owner).await;

    let seen = visitor(&app).get(&link(&sent)).await.ok();

    assert_eq!(
        members_of(&seen),
        [
            "agency",
            "amount_due",
            "bank",
            "client",
            "currency",
            "discount",
            "discount_description",
            "due_date",
            "footer",
            "issue_date",
            "lines",
            "number",
            "paid_at",
            "public_notes",
            "status",
            "subtotal",
            "tax",
            "tax_label",
            "tax_rate_bps",
            "total",
        ]
    );
    assert_eq!(
        members_of(&seen["lines"][0]),
        ["amount", "category", "description", "id", "is_taxable", "quantity", "unit_price"]
    );
    assert_eq!((&seen["status"], &seen["total"]), (&json!("viewed"), &json!(33_000)));
    assert_eq!(seen["bank"], json!([]));
    let read = owner.get(&path("invoices", &sent)).await.ok();
    assert_eq!((&read["view_count"], &read["status"]), (&json!(1), &json!("viewed")));
    visitor(&app).call(Method::POST, &link(&sent), None).await.refused(405, "method_not_allowed");
}

#[tokio::test]
async fn the_bank_account_is_shown_only_while_something_is_to_be_paid() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let account = json!({
        "bank_name": "Harbour Bank", "bank_account_name": "Acme Pty Ltd",
        "bank_bsb": "062-000", "bank_account_number": "12345678", "invoice_footer": "Small print.",
    });
    owner.patch("/profile", account).await.ok();
    let sent = steps::sent_invoice(&owner).await;
    let seen = async || visitor(&app).get(&link(&sent)).await.ok();

    let unpaid = seen().await;
    app.clock.advance(crate::support::days(30));
    let overdue = seen().await;
    owner
        .post(&format!("{}/payments", path("invoices", &sent)), json!({"method": "cash"}))
        .await
        .created();
    let paid = seen().await;

    let fact = |label: &str, value: &str| json!({"label": label, "value": value});
    assert_eq!(
        unpaid["bank"],
        json!([
            fact("Bank", "Harbour Bank"),
            fact("Account name", "Acme Pty Ltd"),
            fact("BSB", "062-000"),
            fact("Account number", "12345678"),
            fact("Reference", sent["number"].as_str().unwrap()),
        ])
    );
    assert_eq!(unpaid["footer"], "Small print.");
    assert_eq!((&overdue["status"], &overdue["bank"]), (&json!("overdue"), &unpaid["bank"]));
    assert_eq!((&paid["status"], &paid["bank"]), (&json!("paid"), &json!([])));
    assert_eq!((&paid["amount_due"], &paid["total"]), (&json!(0), &json!(33_000)));
    app.run_jobs().await;
}

#[tokio::test]
async fn an_invoice_is_overdue_when_its_due_day_has_ended() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let (sent, draft) = (steps::sent_invoice(&owner).await, steps::invoice(&owner).await);
    let place = path("invoices", &sent);
    let due = in_days(&app, 14);
    let status = async || owner.get(&place).await.ok()["status"].clone();

    move_to_end_of(&app, due, minutes(-1));
    assert_eq!(status().await, "sent");
    move_to_end_of(&app, due, minutes(1));

    assert_eq!(status().await, "overdue");
    assert_eq!(owner.get(&path("invoices", &draft)).await.ok()["status"], "draft");
    assert_eq!(listed(&owner, "/invoices?status=overdue", "id").await, [id(&sent)]);
    assert_eq!(listed(&owner, "/invoices?status=sent", "id").await, Vec::<String>::new());
    assert_eq!(visitor(&app).get(&link(&sent)).await.ok()["status"], "overdue");
    // It can be sent again, and paid; then it is overdue no more.
    assert_eq!(send(&owner, &place, json!({})).await["status"], "overdue");
    owner.post(&format!("{place}/payments"), json!({"method": "card"})).await.created();
    assert_eq!(status().await, "paid");
    assert_eq!(listed(&owner, "/invoices?status=overdue", "id").await, Vec::<String>::new());
    app.run_jobs().await;
}

#[tokio::test]
async fn the_list_is_narrowed_and_searched() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let (sent, draft) = (steps::sent_invoice(&owner).await, steps::invoice(&owner).await);
    let narrowed = async |query: &str| listed(&owner, &format!("/invoices?{query}"), "id").await;

    assert_eq!(narrowed("").await, [id(&draft), id(&sent)]);
    assert_eq!(narrowed("status=sent&include=total").await, [id(&sent)]);
    assert_eq!(narrowed("search=inv-").await, [id(&sent)]);
    let email = draft["client_email"].as_str().unwrap();
    assert_eq!(narrowed(&format!("search={}", email.to_uppercase())).await, [id(&draft)]);
    let client = sent["client_id"].as_str().unwrap();
    assert_eq!(narrowed(&format!("client_id={client}")).await, [id(&sent)]);
    assert_eq!(narrowed("contract_id=con_00000000000000000000000000").await, Vec::<String>::new());
}
