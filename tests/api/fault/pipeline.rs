//! From a new client to a paid invoice, step by step, with a record of every answer.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::Dice;
use super::caller::{Caller, wait};
use crate::process::Installation;

/// The agency.
const AGENCY: &str = "/api/v1/agencies/steadfast";

/// Its owner.
const OWNER: &str = "owner@steadfast.example";

/// What a contract says.
const TERMS: &str = "All rights pass to the client once it is paid.";

/// One answer of so many is asked for again.
const REPEATS: u64 = 3;

/// An agency that is ready to sell, and a person who acts for it.
pub(super) struct Office {
    token: String,
    package: Value,
}

/// What was answered with 2xx: where it can be read, and what must be read there.
pub(super) type Answered = Vec<(String, Value)>;

/// Where to look whether something has been done.
enum Look {
    /// It is the first entry of a list.
    First(String),
    /// It is in one of these states.
    In(String, &'static [&'static str]),
}

impl Look {
    async fn at(&self, caller: &Caller) -> Option<Value> {
        match self {
            Self::First(list) => caller.read(list).await.body["data"].get(0).cloned(),
            Self::In(path, states) => {
                let found = caller.read(path).await.body;
                states.iter().any(|state| found["status"] == **state).then_some(found)
            }
        }
    }
}

/// The states of a document that is with the client.
const SENT: &[&str] = &["sent", "viewed"];

/// The members of an answer that never change any more, those that are not set left out.
fn lasting(answer: &Value) -> Value {
    let names = ["id", "business_name", "email", "title", "number", "total", "content_hash"];
    let members = names.iter().filter(|name| !answer[**name].is_null());
    Value::Object(members.map(|name| ((*name).to_owned(), answer[*name].clone())).collect())
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap_or_else(|| panic!("no id in {value}"))
}

/// The token of a public link.
fn token(value: &Value) -> String {
    let url = value["public_url"].as_str().unwrap_or_else(|| panic!("no link in {value}"));
    url.rsplit('/').next().expect("a token").to_owned()
}

impl Office {
    /// Signs in and sets the agency up, while nobody kills yet.
    pub(super) async fn open(caller: &Caller, installation: &Installation) -> Self {
        let post = async |caller: &Caller, path: &str, body: Value| {
            let answer = caller.attempt(Method::POST, path, Some(&body), &[]).await;
            let answer = answer.unwrap_or_else(|| panic!("POST {path}: no answer"));
            assert!(answer.status < 300, "POST {path}: {} {}", answer.status, answer.body);
            answer.body
        };
        post(caller, "/api/v1/auth/magic-link", json!({"email": OWNER})).await;
        let began = Instant::now();
        let link = loop {
            let mails = installation.mails().list(10).await.expect("the mails");
            let mail = mails.iter().find(|mail| mail.to == OWNER);
            match mail.and_then(|mail| mail.text.split("magic-link?token=").nth(1)) {
                Some(rest) => break rest.split_whitespace().next().expect("a token").to_owned(),
                None => wait(began, Duration::from_millis(50), "the sign-in link").await,
            }
        };
        let session = post(caller, "/api/v1/auth/magic-link/verify", json!({"token": link})).await;
        let token = session["access_token"].as_str().expect("a token").to_owned();
        let owner = caller.with_token(Some(token.clone()));
        let agency =
            json!({"name": "Steadfast", "slug": "steadfast", "email": "us@steadfast.example"});
        post(&owner, "/api/v1/agencies", agency).await;
        let package =
            json!({"name": "Site", "pricing_model": "lump_sum", "one_time_price": 100_000});
        let package = post(&owner, &format!("{AGENCY}/packages"), package).await;
        Self { token, package }
    }

    /// Drives one pipeline to its end.
    pub(super) async fn sell(&self, caller: &Caller, round: usize, dice: Dice) -> Answered {
        let us = caller.with_token(Some(self.token.clone()));
        let them = caller.with_token(None);
        let mut sale = Sale { us, them, round, dice, answered: Vec::new() };

        let email = format!("client{round}@fault.example");
        let client = json!({"business_name": format!("Client {round}"), "email": email});
        let client = sale.create("clients", client, format!("clients?search={email}")).await;
        let of_client = format!("client_id={}", id(&client));

        let proposal = json!({"client_id": id(&client), "package_id": id(&self.package), "title": format!("Offer {round}")});
        let proposal = sale.create("proposals", proposal, format!("proposals?{of_client}")).await;
        let proposal_path = format!("{AGENCY}/proposals/{}", id(&proposal));
        let proposal = sale.send(&proposal_path).await;
        let accept = format!("/public/v1/proposals/{}/accept", token(&proposal));
        sale.answer(accept, json!({}), &proposal_path, &["accepted"]).await;

        let proposal = sale.us.read(&proposal_path).await.body;
        let contract = proposal["contract_id"].as_str().expect("a contract");
        let contract_path = format!("{AGENCY}/contracts/{contract}");
        sale.write_terms(&contract_path).await;
        let contract = sale.send(&contract_path).await;
        let sign = format!("/public/v1/contracts/{}/sign", token(&contract));
        let signature =
            json!({"signatory_name": "Ada", "agreed": true, "version": contract["revision"]});
        sale.answer(sign, signature, &contract_path, &["signed"]).await;

        let from = json!({"contract_id": id(&contract)});
        let invoice = format!("invoices?{of_client}");
        let invoice = sale.create("invoices/from-contract", from, invoice).await;
        let invoice_path = format!("{AGENCY}/invoices/{}", id(&invoice));
        let invoice = sale.send(&invoice_path).await;
        let payments = format!("{invoice_path}/payments");
        sale.answer(payments.clone(), json!({"method": "cash"}), &invoice_path, &["paid"]).await;
        sale.note(payments, json!({"amount": invoice["total"]}));
        sale.answered
    }

    /// Every answer still holds.
    pub(super) async fn check(&self, caller: &Caller, answered: &Answered) {
        let us = caller.with_token(Some(self.token.clone()));
        for (path, expected) in answered {
            let read = us.read(path).await.body;
            let found = read["data"].get(0).unwrap_or(&read);
            for (name, value) in expected.as_object().expect("members") {
                assert_eq!(&found[name], value, "{name} of {path}, which was answered");
            }
        }
    }
}

/// One pipeline on its way.
struct Sale {
    us: Caller,
    them: Caller,
    round: usize,
    dice: Dice,
    answered: Answered,
}

impl Sale {
    fn note(&mut self, path: impl Into<String>, expected: Value) {
        self.answered.push((path.into(), expected));
    }

    /// Has something done once; returns what was made, and whether an answer said so.
    async fn step(&mut self, path: &str, body: Value, look: Look) -> (Value, bool) {
        let by = if path.starts_with("/public/") { &self.them } else { &self.us };
        let key = format!("{} {path}", self.round);
        let (made, answered) = by.once(path, &key, &body, async || look.at(&self.us).await).await;
        if answered && self.dice.below(REPEATS) == 0 {
            by.repeat(path, &key, &body, &made).await;
        }
        (made, answered)
    }

    /// Makes something that a list shows afterwards.
    async fn create(&mut self, what: &str, body: Value, list: String) -> Value {
        let list = Look::First(format!("{AGENCY}/{list}"));
        let (made, answered) = self.step(&format!("{AGENCY}/{what}"), body, list).await;
        if answered {
            let collection = what.split('/').next().expect("a name");
            self.note(format!("{AGENCY}/{collection}/{}", id(&made)), lasting(&made));
        }
        made
    }

    /// Sends a document.
    async fn send(&mut self, document: &str) -> Value {
        let sent = Look::In(document.to_owned(), SENT);
        let (sent, answered) = self.step(&format!("{document}/send"), json!({}), sent).await;
        if answered {
            self.note(document, lasting(&sent));
        }
        sent
    }

    /// Moves a document on to its last state.
    async fn answer(
        &mut self,
        path: String,
        body: Value,
        document: &str,
        last: &'static [&'static str],
    ) {
        let there = Look::In(document.to_owned(), last);
        if let (_, true) = self.step(&path, body, there).await {
            self.note(document, json!({"status": last[0]}));
        }
    }

    /// Changes a contract. A PATCH needs no key: the version it names makes it happen once.
    async fn write_terms(&mut self, path: &str) {
        let began = Instant::now();
        loop {
            let read = self.us.read(path).await;
            if read.body["terms"] == TERMS {
                return;
            }
            let version = read.etag.expect("a version");
            let (terms, condition) = (json!({"terms": TERMS}), [("If-Match", version.as_str())]);
            match self.us.attempt(Method::PATCH, path, Some(&terms), &condition).await {
                Some(answer) if answer.status == 200 => {
                    return self.note(path, json!({"terms": TERMS}));
                }
                Some(answer) if !matches!(answer.status, 412 | 503) => {
                    panic!("PATCH {path}: {} {}", answer.status, answer.body)
                }
                _ => wait(began, Duration::from_millis(50), path).await,
            }
        }
    }
}
