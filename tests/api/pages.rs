//! The pages behind public links.

use reqwest::Method;
use serde_json::{Value, json};

use crate::steps::{self, id, path, send, token, visitor, worked_example};
use crate::support::{Client, Reply, TestApp};

/// What a browser would rather have.
const ACCEPT: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// Somebody with a browser.
fn browser(app: &TestApp) -> Client {
    visitor(app).with("Accept", ACCEPT)
}

/// Insists on a page for people that runs nothing and is kept by nobody.
#[track_caller]
fn page(reply: &Reply, status: u16) -> String {
    let reply = reply.clone().expect(status);
    assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = reply.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'self';"), "{policy}");
    assert!(!policy.contains("script") && !policy.contains("unsafe"), "{policy}");
    let cached = reply.header("cache-control").unwrap();
    assert!(cached.contains("no-store"), "{cached}");
    let text = reply.text();
    for forbidden in ["<script", " style=\"", " onclick", "javascript:"] {
        assert!(!text.contains(forbidden), "{forbidden} in {text}");
    }
    text
}

#[track_caller]
fn assert_says(page: &str, words: &[&str]) {
    for words in words {
        assert!(page.contains(words), "{words:?} is not in {page}");
    }
}

#[tokio::test]
async fn a_proposal_is_read_on_its_page() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let draft = worked_example(&owner).await;
    let sent = send(&owner, &path("proposals", &draft), json!({})).await;
    let link = format!("/p/{}", token(&sent));

    let reply = browser(&app).get(&link).await;

    assert_eq!(reply.header("x-robots-tag"), Some("noindex"));
    assert_eq!(reply.header("referrer-policy"), Some("same-origin"));
    let page = page(&reply, 200);
    let client = sent["client_business_name"].as_str().unwrap();
    let number = sent["number"].as_str().unwrap();
    assert_says(
        &page,
        &[
            "Website redesign",
            number,
            client,
            "acme",
            "A faster site that brings more enquiries.",
            "Studio – setup",
            "$1,000.00",
            "Copywriting",
            "$500.00",
            "Discount: Launch offer",
            "-$450.00",
            "GST 10%",
            "$405.00",
            "$4,455.00",
            "$108.90",
            "Minimum term: 12 months.",
            "Contact form",
            "Waiting for your answer",
            "noindex",
        ],
    );
    for form in ["accept", "decline", "request-revision"] {
        assert_says(&page, &[&format!("action=\"{link}/{form}\"")]);
    }
    assert_says(&page, &[&format!("href=\"{link}/pdf\"")]);
    let read = owner.get(&path("proposals", &sent)).await.ok();
    assert_eq!((&read["status"], &read["view_count"]), (&json!("viewed"), &json!(1)));
}

#[tokio::test]
async fn a_proposal_is_accepted_on_its_page() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let sent = steps::sent_proposal(&owner).await;
    let link = format!("/p/{}", token(&sent));
    let answer = [("comments", "Looking forward!\r\nAda")];

    let reply = browser(&app).submit(&format!("{link}/accept"), &answer).await;

    assert_eq!(reply.expect(303).location(), link);
    let after = page(&browser(&app).get(&link).await, 200);
    assert_says(&after, &["You accepted this proposal."]);
    assert!(!after.contains("<form"), "{after}");
    let read = owner.get(&path("proposals", &sent)).await.ok();
    assert_eq!(read["client_comments"], "Looking forward!\nAda");
    let again = browser(&app).submit(&format!("{link}/accept"), &answer).await;
    assert_says(&page(&again, 409), &["This is no longer possible: it is accepted now."]);
    assert_eq!(steps::total(&owner, "contracts").await, 1);
    app.run_jobs().await;
}

#[tokio::test]
async fn what_was_typed_is_kept_when_something_is_wrong_with_it() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let sent = steps::sent_proposal(&owner).await;
    let link = format!("/p/{}", token(&sent));

    let short =
        browser(&app).submit(&format!("{link}/request-revision"), &[("notes", "<b>Red</b>")]).await;
    let blank =
        browser(&app).submit(&format!("{link}/request-revision"), &[("notes", "  no  ")]).await;
    let long = "x".repeat(2001);
    let long = browser(&app).submit(&format!("{link}/decline"), &[("reason", &long)]).await;

    // Ten characters are enough, seven after trimming are not.
    assert_eq!(short.expect(303).location(), link);
    let read = owner.get(&path("proposals", &sent)).await.ok();
    assert_eq!(read["revision_request_notes"], "<b>Red</b>");
    page(&blank, 422);
    page(&long, 422);
    let other = steps::sent_proposal(&owner).await;
    let link = format!("/p/{}", token(&other));
    let refused =
        browser(&app).submit(&format!("{link}/request-revision"), &[("notes", "Red <b>")]).await;
    let shown = page(&refused, 422);
    assert_says(
        &shown,
        &["Please check your answer", "at least 10 characters", "Red &lt;b&gt;</textarea>"],
    );
    assert_says(&shown, &["aria-invalid=\"true\"", "<title>Error: "]);
    assert_eq!(owner.get(&path("proposals", &other)).await.ok()["status"], "sent");
    app.run_jobs().await;
}

#[tokio::test]
async fn a_contract_is_read_and_signed_on_its_page() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let contract = path("contracts", &steps::contract(&app, &owner).await);
    let patch = json!({"terms": "1. We deliver.\n\n2. You pay.", "require_client_title": true});
    owner.if_match("*").patch(&contract, patch).await.ok();
    let sent = send(&owner, &contract, json!({})).await;
    let link = format!("/c/{}", token(&sent));
    let sign = format!("{link}/sign");

    let shown = page(&browser(&app).get(&link).await, 200);
    let number = sent["number"].as_str().unwrap();
    assert_says(
        &shown,
        &[number, "1. We deliver.", "2. You pay.", "$1,100.00", "name=\"version\" value=\"1\""],
    );
    assert_says(&shown, &["my typed name is my signature", &format!("action=\"{sign}\"")]);

    let form = [
        ("version", "1"),
        ("signatory_name", "Ada \"A\" Lovelace"),
        ("signatory_title", "Director"),
    ];
    let refused = page(&browser(&app).submit(&sign, &form).await, 422);
    assert_says(
        &refused,
        &["Must be true to sign.", "value=\"Ada &quot;A&quot; Lovelace\"", "value=\"Director\""],
    );
    let untitled = [("version", "1"), ("signatory_name", "Ada"), ("agreed", "true")];
    let refused = page(&browser(&app).submit(&sign, &untitled).await, 422);
    assert_says(&refused, &["Is required for this contract.", " checked"]);
    let stale = [&form[1..], &[("agreed", "true"), ("version", "7")]].concat();
    assert_says(&page(&browser(&app).submit(&sign, &stale).await, 409), &["read it again"]);
    page(&browser(&app).submit(&sign, &form[1..]).await, 400);
    assert_eq!(owner.get(&contract).await.ok()["signature"], Value::Null);

    let signed = [&form[..], &[("agreed", "true")]].concat();
    assert_eq!(browser(&app).submit(&sign, &signed).await.expect(303).location(), link);
    let after = page(&browser(&app).get(&link).await, 200);
    let hash = sent["content_hash"].as_str().unwrap();
    assert_says(
        &after,
        &["You signed this contract.", "Ada &quot;A&quot; Lovelace", "From 127.0.0.1", hash],
    );
    assert!(!after.contains("<form"), "{after}");
    app.run_jobs().await;
}

#[tokio::test]
async fn an_invoice_is_read_on_its_page() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let account = json!({"bank_name": "Harbour Bank", "bank_bsb": "062-000", "bank_account_number": "12345678"});
    owner.patch("/profile", account).await.ok();
    let sent = steps::sent_invoice(&owner).await;
    let link = format!("/i/{}", token(&sent));

    let unpaid = page(&browser(&app).get(&link).await, 200);
    owner
        .post(&format!("{}/payments", path("invoices", &sent)), json!({"method": "card"}))
        .await
        .created();
    let paid = page(&browser(&app).get(&link).await, 200);

    let number = sent["number"].as_str().unwrap();
    assert_says(
        &unpaid,
        &["Tax Invoice", number, "Workshop", "2.5", "$120.00", "$300.00", "$30.00", "$330.00"],
    );
    assert_says(&unpaid, &["To be paid", "Harbour Bank", "062-000", "12345678"]);
    assert_says(&paid, &["This invoice is paid. Thank you!", "PAID "]);
    assert!(!paid.contains("12345678") && !paid.contains("Harbour Bank"), "{paid}");
    app.run_jobs().await;
}

#[tokio::test]
async fn what_people_typed_runs_nowhere() {
    let evil = "\"><script>alert('x')</script><img src=x onerror=alert(1)>&amp;{{ 7 * 7 }}";
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    owner.patch("/profile", json!({"trading_name": evil, "address_line_1": evil})).await.ok();
    let client = json!({"business_name": evil, "contact_name": evil, "email": "ada@x.test", "address": evil});
    let client = owner.post("/clients", client).await.created();
    let new = json!({
        "client_id": id(&client), "title": evil, "executive_summary": evil, "closing_content": evil,
        "custom_pricing": {"one_time_price": 100, "discount_bps": 100, "discount_note": evil},
        "timeline": [{"week": "\"><script>", "title": evil}], "next_steps": [{"text": evil}],
    });
    let place = path("proposals", &owner.post("/proposals", new).await.created());
    let sent = owner.post(&format!("{place}/send"), json!({"custom_message": evil})).await.ok();
    let link = format!("/p/{}", token(&sent));
    let mut shown = vec![page(&browser(&app).get(&link).await, 200)];
    let _ =
        browser(&app).submit(&format!("{link}/accept"), &[("comments", evil)]).await.expect(303);
    let contract = path("contracts", &owner.get("/contracts").await.ok()["data"][0]);
    let patch = json!({"terms": evil, "services_description": evil, "agency_signatory_name": evil});
    owner.if_match("*").patch(&contract, patch).await.ok();
    let contract = owner.act(&format!("{contract}/send")).await.ok();
    let link = format!("/c/{}", token(&contract));
    let form =
        [("version", "1"), ("agreed", "true"), ("signatory_name", evil), ("signatory_title", evil)];
    let _ = browser(&app).submit(&format!("{link}/sign"), &form).await.expect(303);
    shown.push(page(&browser(&app).get(&link).await, 200));
    let line = json!({"description": evil, "unit_price": 100});
    let new = json!({"client_id": id(&client), "lines": [line], "public_notes": evil});
    let invoice = path("invoices", &owner.post("/invoices", new).await.created());
    let invoice = owner.act(&format!("{invoice}/send")).await.ok();
    shown.push(page(&browser(&app).get(&format!("/i/{}", token(&invoice))).await, 200));
    app.run_jobs().await;
    let mails = app.inbox().await.into_iter().filter(|mail| mail.to == "ada@x.test");
    let mails: Vec<String> = mails.map(|mail| mail.html).collect();
    assert!(mails.len() >= 5, "{}", mails.len());

    for text in shown.iter().chain(&mails) {
        assert!(!text.contains("<script") && !text.contains("<img src=x"), "{text}");
        assert!(text.contains("&lt;script&gt;alert("), "{text}");
    }
    for text in &shown {
        assert!(text.contains("&amp;amp;{{ 7 * 7 }}"), "{text}");
    }
}

#[tokio::test]
async fn a_link_that_opens_nothing_says_so_to_people() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let proposal = steps::sent_proposal(&owner).await;
    let draft = path("contracts", &steps::contract(&app, &owner).await);
    let contract = send(&owner, &draft, json!({"without_terms": true})).await;
    owner.if_match("*").patch(&draft, json!({"title": "Changed"})).await.ok();
    let unknown = "7NpWbYqS2xKfDh4mRtVa3e";

    for (method, path) in [
        (Method::GET, format!("/p/{unknown}")),
        (Method::GET, format!("/i/{}", token(&proposal))),
        (Method::GET, format!("/c/{}", token(&contract))),
        (Method::GET, format!("/i/{unknown}/pdf")),
        (Method::POST, format!("/p/{unknown}/accept")),
    ] {
        // Whatever the program asks for: these addresses are for people.
        for caller in [browser(&app), visitor(&app)] {
            let reply = caller.call(method.clone(), &path, None).await;
            assert_eq!(reply.header("x-robots-tag"), Some("noindex"), "{path}");
            assert_says(&page(&reply, 404), &["<h1>Nothing here</h1>", "This link is not valid"]);
        }
    }
}

#[tokio::test]
async fn errors_are_pages_for_people_and_documents_for_programs() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let link = format!("/p/{}", token(&steps::sent_proposal(&owner).await));
    let accept = format!("{link}/accept");

    let nowhere = page(&browser(&app).get("/nowhere").await, 404);
    let wrong_method = browser(&app).get(&accept).await;
    let unreadable =
        browser(&app).send(Method::POST, &accept, Some("text/plain"), b"x".to_vec()).await;

    assert_says(&nowhere, &["<h1>Nothing here</h1>"]);
    assert!(!nowhere.contains("request_id") && !nowhere.contains("not_found"), "{nowhere}");
    assert_eq!(wrong_method.header("allow"), Some("POST"));
    assert_says(&page(&wrong_method, 405), &["open the link you were sent again"]);
    page(&unreadable, 415);
    visitor(&app).get("/nowhere").await.refused(404, "not_found");
    visitor(&app).get(&accept).await.refused(405, "method_not_allowed");
    // The API answers in its own language whatever the browser would rather have.
    browser(&app).get("/api/v1/me").await.refused(401, "unauthenticated");
    browser(&app).get("/public/v1/proposals/x").await.refused(404, "not_found");
}

#[tokio::test]
async fn too_many_answers_are_told_when_to_come_back() {
    let app = TestApp::spawn_with(|options| options.set("RATE_LIMITS", "public_read=2/60")).await;
    let owner = app.agency("acme").await.owner();
    let link = format!("/p/{}", token(&steps::sent_proposal(&owner).await));
    for _ in 0..2 {
        page(&browser(&app).get(&link).await, 200);
    }

    let reply = browser(&app).get(&link).await;

    assert!(reply.header("retry-after").is_some());
    assert_says(&page(&reply, 429), &["Too many requests"]);
}

#[tokio::test]
async fn the_look_of_a_page_comes_from_the_agency() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    owner.patch("/branding", json!({"primary_color": "#0F766E"})).await.ok();
    let link = format!("/i/{}", token(&steps::sent_invoice(&owner).await));

    let shown = page(&browser(&app).get(&link).await, 200);

    let style = shown.split("href=\"").find_map(|rest| rest.split_once("\"")).map(|(href, _)| href);
    assert!(style.is_some());
    let brand = shown.split('"').find(|part| part.starts_with("/assets/brand/0f766e-")).unwrap();
    let css = app.anonymous().get(brand).await.expect(200);
    assert_eq!(css.content_type(), Some("text/css"));
    assert!(css.text().to_lowercase().contains("#0f766e"), "{}", css.text());
    for bad in ["/assets/brand/0f766e.css", "/assets/brand/x-y-z.css", "/assets/brand/};a{-}-}.css"]
    {
        let _ = app.anonymous().get(bad).await.expect(404);
    }
}
