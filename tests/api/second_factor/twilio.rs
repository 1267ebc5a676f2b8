//! A stand-in for Twilio Verify: a real HTTP server that makes, keeps and checks codes, and can be
//! told to fail.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::first_factor;
use crate::support::{Options, TestApp};

const ACCOUNT: &str = "ACtest";
const PASSWORD: &str = "the token of the account";
const SERVICE: &str = "VAtest";

/// How it behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// As documented.
    Well,
    /// Every call is answered with 500.
    Failing,
    /// No call is answered in time.
    Hanging,
    /// Every call is refused with this status and code.
    Refusing(u16, i64),
    /// Every call is answered with what is no JSON.
    Babbling,
}

struct State {
    mood: Mood,
    codes: HashMap<String, String>,
    drawn: u32,
    sent: Vec<String>,
    calls: u32,
}

/// The stand-in.
pub struct Twilio {
    server: MockServer,
    state: Arc<Mutex<State>>,
}

#[derive(Clone, Copy)]
enum Resource {
    Verifications,
    Check,
}

struct Answer {
    resource: Resource,
    state: Arc<Mutex<State>>,
}

impl Respond for Answer {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut state = self.state.lock().unwrap();
        state.calls += 1;
        match state.mood {
            Mood::Well => {}
            Mood::Failing => return ResponseTemplate::new(500),
            Mood::Hanging => {
                return ResponseTemplate::new(200).set_delay(Duration::from_secs(600));
            }
            Mood::Refusing(status, code) => {
                let body = json!({"code": code, "message": "no", "status": status});
                return ResponseTemplate::new(status).set_body_json(body);
            }
            Mood::Babbling => return ResponseTemplate::new(201).set_body_string("<html>"),
        }
        let form: HashMap<String, String> = form(&request.body);
        let to = form.get("To").cloned().unwrap_or_default();
        match self.resource {
            Resource::Verifications => {
                assert_eq!(form.get("Channel").map(String::as_str), Some("sms"));
                state.drawn += 1;
                let code = format!("{:06}", 100_000 + state.drawn);
                // Within one verification the code stays the same.
                state.codes.entry(to.clone()).or_insert(code);
                state.sent.push(to);
                ResponseTemplate::new(201).set_body_json(json!({"sid": "VE1", "status": "pending"}))
            }
            Resource::Check => match state.codes.get(&to) {
                None => ResponseTemplate::new(404)
                    .set_body_json(json!({"code": 20404, "message": "not found", "status": 404})),
                Some(code) if form.get("Code") == Some(code) => {
                    state.codes.remove(&to);
                    let body = json!({"sid": "VE1", "status": "approved", "valid": true});
                    ResponseTemplate::new(200).set_body_json(body)
                }
                Some(_) => ResponseTemplate::new(200)
                    .set_body_json(json!({"sid": "VE1", "status": "pending", "valid": false})),
            },
        }
    }
}

fn form(body: &[u8]) -> HashMap<String, String> {
    let text = String::from_utf8(body.to_vec()).expect("a form");
    let url = reqwest::Url::parse(&format!("http://form/?{text}")).expect("a form");
    url.query_pairs().into_owned().collect()
}

impl Twilio {
    /// Starts one on a free port.
    pub async fn start() -> Self {
        let server = MockServer::start().await;
        let state =
            State { mood: Mood::Well, codes: HashMap::new(), drawn: 0, sent: Vec::new(), calls: 0 };
        let state = Arc::new(Mutex::new(state));
        let credentials =
            base64::engine::general_purpose::STANDARD.encode(format!("{ACCOUNT}:{PASSWORD}"));
        // Without the credentials of the account nothing matches: 404.
        for (name, resource) in
            [("Verifications", Resource::Verifications), ("VerificationCheck", Resource::Check)]
        {
            Mock::given(method("POST"))
                .and(path(format!("/v2/Services/{SERVICE}/{name}")))
                .and(header("authorization", format!("Basic {credentials}").as_str()))
                .respond_with(Answer { resource, state: state.clone() })
                .mount(&server)
                .await;
        }
        Self { server, state }
    }

    /// The settings of a server that uses it.
    pub fn configure(&self, options: Options) -> Options {
        options
            .set("TWILIO_ACCOUNT_SID", ACCOUNT)
            .set("TWILIO_AUTH_TOKEN", PASSWORD)
            .set("TWILIO_VERIFY_SERVICE_SID", SERVICE)
            .set("TWILIO_VERIFY_URL", self.server.uri())
    }

    /// Has it behave otherwise from now on.
    pub fn is(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    /// The code that a number has got.
    pub fn code(&self, number: &str) -> String {
        let state = self.state.lock().unwrap();
        state.codes.get(number).unwrap_or_else(|| panic!("no code for {number}")).clone()
    }

    /// The numbers that were sent something, in order.
    pub fn sent(&self) -> Vec<String> {
        self.state.lock().unwrap().sent.clone()
    }

    /// How often it was called.
    pub fn calls(&self) -> u32 {
        self.state.lock().unwrap().calls
    }

    /// Signs a person in who registers this number; returns the tokens.
    pub async fn sign_in(&self, app: &TestApp, email: &str, number: &str) -> Value {
        let step = first_factor(app, email).await;
        let token = step["session_token"].as_str().expect("a session token");
        let phone = if step["enrolment"] == true { json!(number) } else { json!(null) };
        let start = json!({"session_token": token, "phone": phone});
        app.anonymous().post("/api/v1/auth/phone/start", start).await.accepted();
        let verify = json!({"session_token": token, "code": self.code(number)});
        app.anonymous().post("/api/v1/auth/phone/verify", verify).await.ok()
    }
}
