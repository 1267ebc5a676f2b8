//! PDF files, made by the real engine and read back.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::steps::{self, id, path, send, token, visitor, worked_example};
use crate::support::{Client, Reply, TestApp};

/// Insists on a PDF file of this name; returns the text of each page, without white space: a
/// reader cannot know whether two pieces that lie apart were ever one.
#[track_caller]
fn pages(reply: &Reply, name: &str) -> Vec<String> {
    let reply = reply.clone().expect(200);
    assert_eq!(reply.content_type(), Some("application/pdf"));
    let disposition = format!("attachment; filename=\"{name}.pdf\"");
    assert_eq!(reply.header("content-disposition"), Some(disposition.as_str()));
    assert_eq!(reply.header("cache-control"), Some("private, no-store"));
    assert!(reply.bytes().starts_with(b"%PDF-1.7"));
    let pages = pdf_extract::extract_text_from_mem_by_pages(reply.bytes()).unwrap();
    pages.iter().map(|page| squeezed(page)).collect()
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

#[track_caller]
fn assert_says(text: &str, words: &[&str]) {
    for words in words {
        assert!(text.contains(&squeezed(words)), "{words:?} is not in {text}");
    }
}

async fn spawn() -> TestApp {
    TestApp::spawn_with(crate::support::Options::real_pdf).await
}

/// The PDF of something as its agency, the public API and the public page give it.
async fn three_ways(app: &TestApp, owner: &Client, list: &str, sent: &Value) -> [Reply; 3] {
    let letter = &list[..1];
    let token = token(sent);
    [
        owner.get(&format!("{}/pdf", path(list, sent))).await,
        visitor(app).get(&format!("/public/v1/{list}/{token}/pdf")).await,
        visitor(app).get(&format!("/{letter}/{token}/pdf")).await,
    ]
}

#[tokio::test]
async fn a_proposal_is_downloaded_by_both_sides() {
    let app = spawn().await;
    let owner = app.agency("acme").await.owner();
    let draft = worked_example(&owner).await;
    let place = path("proposals", &draft);
    let unsent = pages(&owner.get(&format!("{place}/pdf")).await, "Proposal-draft").concat();
    let sent = send(&owner, &place, json!({})).await;
    let number = sent["number"].as_str().unwrap();

    assert_says(&unsent, &["DRAFT", "$4,455.00"]);
    for reply in three_ways(&app, &owner, "proposals", &sent).await {
        let pages = pages(&reply, number);
        let text = pages.concat();
        assert_says(
            &pages[0],
            &["Website redesign", number, &format!("Page 1 of {}", pages.len())],
        );
        assert_says(
            &text,
            &[
                "A faster site that brings more enquiries.",
                "Studio – setup",
                "Copywriting",
                "Discount: Launch offer",
                "-$450.00",
                "GST 10%",
                "$4,455.00",
                "$108.90",
                "Minimum term: 12 months.",
                sent["client_business_name"].as_str().unwrap(),
            ],
        );
        assert!(!text.contains("DRAFT"), "{text}");
    }
}

#[tokio::test]
async fn a_contract_shows_the_signature_and_its_evidence() {
    let app = spawn().await;
    let owner = app.agency("acme").await.owner();
    let sent = steps::sent_contract(&app, &owner).await;
    let number = sent["number"].as_str().unwrap();
    let unsigned = owner.get(&format!("{}/pdf", path("contracts", &sent))).await;
    let unsigned = pages(&unsigned, number).concat();
    let place = format!("/public/v1/contracts/{}/sign", token(&sent));
    visitor(&app).post(&place, steps::signature()).await.ok();

    assert_says(&unsigned, &["Signatures", "For acme"]);
    assert!(!unsigned.contains("SIGNED"), "{unsigned}");
    for reply in three_ways(&app, &owner, "contracts", &sent).await {
        let text = pages(&reply, number).concat();
        let hash = sent["content_hash"].as_str().unwrap();
        assert_says(
            &text,
            &["SIGNED", "Ada Lovelace", "Director", "From 127.0.0.1", hash, "$1,100.00"],
        );
        assert_says(&text, &["Page 1 of"]);
    }
    app.run_jobs().await;
}

#[tokio::test]
async fn an_invoice_shows_where_to_pay_until_it_is_paid() {
    let app = spawn().await;
    let owner = app.agency("acme").await.owner();
    let account = json!({
        "bank_name": "Harbour Bank", "bank_bsb": "062-000", "bank_account_number": "12345678",
        "legal_entity_name": "Acme Pty Ltd", "business_number": "51 824 753 556",
        "invoice_footer": "Overdue amounts bear interest.",
    });
    owner.patch("/profile", account).await.ok();
    let sent = steps::sent_invoice(&owner).await;
    let number = sent["number"].as_str().unwrap();

    for reply in three_ways(&app, &owner, "invoices", &sent).await {
        let text = pages(&reply, number).concat();
        assert_says(
            &text,
            &[
                "Tax Invoice",
                number,
                "Acme Pty Ltd",
                "ABN 51 824 753 556",
                "Workshop 2.5 $120.00 $300.00",
                "GST 10% $30.00",
                "Total AUD $330.00",
                "Harbour Bank",
                "062-000",
                "12345678",
                "Overdue amounts bear interest.",
                "Page 1 of 1",
            ],
        );
    }
    owner
        .post(&format!("{}/payments", path("invoices", &sent)), json!({"method": "cash"}))
        .await
        .created();
    for reply in three_ways(&app, &owner, "invoices", &sent).await {
        let text = pages(&reply, number).concat();
        assert_says(&text, &["PAID"]);
        assert!(!text.contains("12345678"), "{text}");
    }
    app.run_jobs().await;
}

#[tokio::test]
async fn a_long_invoice_breaks_over_pages_under_its_head() {
    let app = spawn().await;
    let owner = app.agency("acme").await.owner();
    let client = steps::client(&owner).await;
    let line =
        |number| json!({"description": format!("Line number {number}"), "unit_price": 10_000});
    let lines: Vec<Value> = (1..=120).map(line).collect();
    let made =
        owner.post("/invoices", json!({"client_id": id(&client), "lines": lines})).await.created();
    let sent = send(&owner, &path("invoices", &made), json!({})).await;

    let reply = owner.get(&format!("{}/pdf", path("invoices", &sent))).await;

    let pages = pages(&reply, sent["number"].as_str().unwrap());
    let count = pages.len();
    assert!(count >= 3, "{count} pages");
    for (index, page) in pages.iter().enumerate() {
        assert_says(page, &[&format!("Page {} of {count}", index + 1)]);
        if page.contains("Linenumber") {
            assert_says(page, &["Description Quantity Unit price Amount"]);
        }
    }
    let text = pages.concat();
    assert_says(
        &text,
        &["Line number 1 ", "Line number 120", "Subtotal $12,000.00", "Total AUD $13,200.00"],
    );
    assert_eq!(text.matches("Linenumber").count(), 120);
}

#[tokio::test]
async fn names_in_other_scripts_are_readable() {
    let app = spawn().await;
    let owner = app.agency("acme").await.owner();
    let names = [
        "北風建築設計",
        "Ștefan Țurcanu",
        "Ελένη Παππά",
        "Юлия Їжак",
        "株式会社さくら",
        "한빛 건축",
    ];
    let client =
        json!({"business_name": names[0], "contact_name": names[1], "email": "office@kita.test"});
    let client = owner.post("/clients", client).await.created();
    let lines: Vec<Value> =
        names[2..].iter().map(|name| json!({"description": name, "unit_price": 1})).collect();
    let made =
        owner.post("/invoices", json!({"client_id": id(&client), "lines": lines})).await.created();
    let sent = send(&owner, &path("invoices", &made), json!({})).await;

    let reply = visitor(&app).get(&format!("/i/{}/pdf", token(&sent))).await;

    assert_says(&pages(&reply, sent["number"].as_str().unwrap()).concat(), &names);
}

#[tokio::test]
async fn a_file_is_made_with_the_agency_s_look_whatever_its_logo_is_worth() {
    let app = spawn().await;
    let owner = app.agency("acme").await.owner();
    owner
        .patch("/branding", json!({"primary_color": "#0F766E", "accent_color": "#B91C1C"}))
        .await
        .ok();
    let sent = steps::sent_invoice(&owner).await;
    let number = sent["number"].as_str().unwrap();
    let download = async || owner.get(&format!("{}/pdf", path("invoices", &sent))).await;
    let plain = download().await;
    let whole = STANDARD.decode(PNG).unwrap();
    // A head without a picture passes for one when it is uploaded.
    let head = whole[..33].to_vec();

    owner.send(Method::PUT, "/branding/logo", Some("image/png"), whole).await.ok();
    let with_logo = download().await;
    owner.send(Method::PUT, "/branding/logo", Some("image/png"), head).await.ok();
    let with_broken_logo = download().await;

    for reply in [&plain, &with_logo, &with_broken_logo] {
        assert_says(&pages(reply, number).concat(), &["Total AUD $330.00"]);
    }
    assert!(with_logo.bytes().len() > plain.bytes().len());
}

/// Eight by eight pixels.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mPgL8vDihiGlgQApWE8wYpLEGkAAAAASUVORK5CYII=";

#[tokio::test]
async fn a_colour_and_a_logo_reach_the_printer() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let logo = STANDARD.decode(PNG).unwrap();
    owner.patch("/branding", json!({"primary_color": "#0F766E"})).await.ok();
    owner.send(Method::PUT, "/branding/logo", Some("image/png"), logo.clone()).await.ok();
    let sent = steps::sent_invoice(&owner).await;

    let _ = owner.get(&format!("{}/pdf", path("invoices", &sent))).await.expect(200);

    let printed = app.printed();
    let [document] = &printed[..] else { panic!("{} documents", printed.len()) };
    assert_eq!(document.brand.primary_color, "#0F766E");
    assert_eq!(document.brand.logo.as_ref().unwrap().bytes, logo);
    assert_eq!(document.number.as_deref(), sent["number"].as_str());
}
