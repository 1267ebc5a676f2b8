//! The steps of the pipeline as people take them, for tests that begin in the middle.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::NaiveDate;
use kernel::calendar::{end_of_day, zone};
use kernel::ports::clock::Clock;
use serde_json::{Value, json};

use crate::support::{Client, TestApp};

/// What a browser calls itself.
pub const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// Somebody who follows a link, with a browser.
pub fn visitor(app: &TestApp) -> Client {
    app.anonymous().with("User-Agent", BROWSER)
}

/// Where a new agency lives.
const ZONE: &str = "Australia/Sydney";

/// The day it is in a new agency's time zone.
pub fn today(app: &TestApp) -> NaiveDate {
    app.clock.now().with_timezone(&zone(ZONE)).date_naive()
}

/// The day so many days from now.
pub fn in_days(app: &TestApp, days: u64) -> NaiveDate {
    today(app) + chrono::Days::new(days)
}

/// Moves the clock to the instant at which a day ends in a new agency's time zone, give or take.
pub fn move_to_end_of(app: &TestApp, day: NaiveDate, off: chrono::TimeDelta) {
    app.clock.advance(end_of_day(day, zone(ZONE)) - app.clock.now() + off);
}

/// The id of something.
pub fn id(view: &Value) -> &str {
    view["id"].as_str().unwrap_or_else(|| panic!("no id in {view}"))
}

/// The path of something in a list of this name, relative to the agency.
pub fn path(list: &str, view: &Value) -> String {
    format!("/{list}/{}", id(view))
}

/// The token in something's public link.
pub fn token(view: &Value) -> String {
    let url = view["public_url"].as_str().unwrap_or_else(|| panic!("no public link in {view}"));
    url.rsplit('/').next().unwrap().to_owned()
}

/// The names of an object's members, sorted.
pub fn members_of(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// One member of each entry of a list.
pub async fn listed(caller: &Client, path: &str, member: &str) -> Vec<String> {
    let list = caller.get(path).await.ok();
    let data = list["data"].as_array().unwrap();
    data.iter().map(|entry| entry[member].as_str().unwrap_or_default().to_owned()).collect()
}

/// How many entries a list has in all.
pub async fn total(caller: &Client, list: &str) -> u64 {
    caller.get(&format!("/{list}?limit=1&include=total")).await.ok()["total"].as_u64().unwrap()
}

/// The kinds and recipients of the mails that are about a thing with this number, sorted.
pub async fn mails(app: &TestApp, number: &str) -> Vec<(String, String)> {
    let inbox = app.inbox().await;
    let about = inbox.into_iter().filter(|mail| mail.text.contains(number));
    let mut mails: Vec<_> = about.map(|mail| (mail.kind, mail.to)).collect();
    mails.sort();
    mails
}

/// Makes a client of the agency, with an address of its own.
pub async fn client(caller: &Client) -> Value {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let new = json!({
        "business_name": format!("Riverbend Plumbing {number}"),
        "contact_name": "Ada Lovelace",
        "email": format!("ada{number}@riverbend.test"),
        "address": "1 River Street\nBrisbane QLD 4000",
    });
    caller.post("/clients", new).await.created()
}

/// Makes the package of the specification's worked example (§6.3).
pub async fn package(caller: &Client) -> Value {
    let new = json!({
        "name": "Studio", "pricing_model": "hybrid", "setup_fee": 100_000,
        "one_time_price": 300_000, "monthly_price": 9_900, "minimum_term_months": 12,
        "included_features": ["Ten pages", "Contact form"],
    });
    caller.post("/packages", new).await.created()
}

/// Makes the extra of the worked example.
pub async fn addon(caller: &Client) -> Value {
    let new = json!({"name": "Copywriting", "price": 50_000, "pricing_type": "one_time"});
    caller.post("/addons", new).await.created()
}

/// Makes the proposal of the worked example: $4,455.00 with tax.
pub async fn worked_example(caller: &Client) -> Value {
    let (client, package) = (client(caller).await, package(caller).await);
    let new = json!({
        "client_id": id(&client), "package_id": id(&package), "title": "Website redesign",
        "addons": [{"addon_id": id(&addon(caller).await)}],
        "custom_pricing": {"discount_bps": 1000, "discount_note": "Launch offer"},
        "executive_summary": "A faster site that brings more enquiries.",
    });
    caller.post("/proposals", new).await.created()
}

/// Makes a proposal of $1,100.00 with tax, as a member can too.
pub async fn proposal(caller: &Client) -> Value {
    let client = client(caller).await;
    let new = json!({"client_id": id(&client), "custom_pricing": {"one_time_price": 100_000}});
    caller.post("/proposals", new).await.created()
}

/// Sends something, without a mail unless the body says so.
pub async fn send(caller: &Client, path: &str, how: Value) -> Value {
    let mut body = json!({"deliver": false});
    for (name, value) in how.as_object().unwrap() {
        body[name] = value.clone();
    }
    caller.post(&format!("{path}/send"), body).await.ok()
}

/// Makes a proposal and sends it without a mail.
pub async fn sent_proposal(caller: &Client) -> Value {
    let proposal = proposal(caller).await;
    send(caller, &path("proposals", &proposal), json!({})).await
}

/// Makes a proposal that the client has accepted; returns its draft contract.
pub async fn contract(app: &TestApp, caller: &Client) -> Value {
    let sent = sent_proposal(caller).await;
    accept(app, &sent).await;
    let read = caller.get(&path("proposals", &sent)).await.ok();
    caller.get(&format!("/contracts/{}", read["contract_id"].as_str().unwrap())).await.ok()
}

/// Accepts a sent proposal; the mails go out.
pub async fn accept(app: &TestApp, sent: &Value) -> Value {
    let path = format!("/public/v1/proposals/{}/accept", token(sent));
    let accepted = visitor(app).act(&path).await.ok();
    app.run_jobs().await;
    accepted
}

/// Makes a contract and sends it without a mail.
pub async fn sent_contract(app: &TestApp, caller: &Client) -> Value {
    let contract = contract(app, caller).await;
    send(caller, &path("contracts", &contract), json!({"without_terms": true})).await
}

/// What signs version 1 of a contract.
pub fn signature() -> Value {
    json!({"signatory_name": "Ada Lovelace", "signatory_title": "Director", "agreed": true, "version": 1})
}

/// Makes a contract that the client has signed.
pub async fn signed_contract(app: &TestApp, caller: &Client) -> Value {
    let sent = sent_contract(app, caller).await;
    let place = format!("/public/v1/contracts/{}/sign", token(&sent));
    visitor(app).post(&place, signature()).await.ok();
    app.run_jobs().await;
    caller.get(&path("contracts", &sent)).await.ok()
}

/// Makes an invoice of $330.00 with tax.
pub async fn invoice(caller: &Client) -> Value {
    let client = client(caller).await;
    let line = json!({"description": "Workshop", "quantity": "2.5", "unit_price": 12_000});
    caller.post("/invoices", json!({"client_id": id(&client), "lines": [line]})).await.created()
}

/// Makes an invoice and sends it without a mail.
pub async fn sent_invoice(caller: &Client) -> Value {
    let invoice = invoice(caller).await;
    send(caller, &path("invoices", &invoice), json!({})).await
}
