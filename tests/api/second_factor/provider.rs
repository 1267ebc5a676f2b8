//! The provider of text messages, when it does not behave.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;

use super::twilio::Mood;
use super::*;

const NUMBER: &str = "+61412345678";

async fn start(app: &TestApp, session_token: &str, number: &str) -> Reply {
    let body = json!({"session_token": session_token, "phone": number});
    app.anonymous().post("/api/v1/auth/phone/start", body).await
}

async fn verify(app: &TestApp, session_token: &str, code: &str) -> Reply {
    let body = json!({"session_token": session_token, "code": code});
    app.anonymous().post("/api/v1/auth/phone/verify", body).await
}

#[tokio::test]
async fn a_failing_provider_is_a_clear_error_and_the_sign_in_can_go_on() {
    let (app, twilio) = with_text_messages().await;
    let token = session_token(&app, "ada@x.test").await;
    twilio.is(Mood::Failing);
    start(&app, &token, NUMBER).await.refused(502, "upstream_failed");
    // Sending is repeated once: within one verification it is the same code.
    assert_eq!(twilio.calls(), 2);
    twilio.is(Mood::Babbling);
    start(&app, &token, NUMBER).await.refused(502, "upstream_failed");
    twilio.is(Mood::Well);

    start(&app, &token, NUMBER).await.accepted();
    let code = twilio.code(NUMBER);
    twilio.is(Mood::Failing);
    verify(&app, &token, &code).await.refused(502, "upstream_failed");
    // A check is not repeated: a code that was accepted once is accepted never again.
    assert_eq!(twilio.calls(), 5);
    twilio.is(Mood::Well);

    verify(&app, &token, &code).await.ok();
    app.run_jobs().await;
}

#[tokio::test]
async fn an_outage_uses_no_attempts_up() {
    let (app, twilio) = with_text_messages().await;
    let token = session_token(&app, "ada@x.test").await;
    start(&app, &token, NUMBER).await.accepted();
    let code = twilio.code(NUMBER);
    twilio.is(Mood::Failing);
    for _ in 0..12 {
        let reply = verify(&app, &token, &code).await;
        assert!([502, 503].contains(&reply.code()), "{}", reply.status());
    }
    twilio.is(Mood::Well);
    app.clock.advance(TimeDelta::seconds(31));

    verify(&app, &token, &code).await.ok();
    app.run_jobs().await;
}

#[tokio::test]
async fn a_provider_that_is_down_is_left_alone_for_a_while() {
    let (app, twilio) = with_text_messages().await;
    let token = session_token(&app, "ada@x.test").await;
    start(&app, &token, NUMBER).await.accepted();
    let code = twilio.code(NUMBER);
    twilio.is(Mood::Failing);
    for _ in 0..5 {
        verify(&app, &token, &code).await.refused(502, "upstream_failed");
    }
    let calls = twilio.calls();

    let refused = verify(&app, &token, &code).await;

    let wait: i64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=31).contains(&wait), "{wait}");
    refused.refused(503, "unavailable");
    assert_eq!(twilio.calls(), calls);
    twilio.is(Mood::Well);
    app.clock.advance(TimeDelta::seconds(31));
    verify(&app, &token, &code).await.ok();
    app.run_jobs().await;
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_not_waited_for() {
    let twilio = Twilio::start().await;
    let impatient = |options| twilio.configure(options).set("TWILIO_TIMEOUT", "200ms");
    let app = TestApp::spawn_with(impatient).await;
    let token = session_token(&app, "ada@x.test").await;
    twilio.is(Mood::Hanging);

    let asked = tokio::time::timeout(Duration::from_secs(60), start(&app, &token, NUMBER));

    asked.await.expect("an answer before the provider's").refused(502, "upstream_failed");
    assert_eq!(twilio.calls(), 1, "a call that ran out of time is not repeated");
    let me = app.anonymous().get("/health/ready").await;
    me.expect(200);
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_a_clear_error() {
    let twilio = Twilio::start().await;
    // Taken, so that nobody else listens there, and not listened on.
    let taken = tokio::net::TcpSocket::new_v4().unwrap();
    taken.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let nowhere = format!("http://{}", taken.local_addr().unwrap());
    let gone = |options| twilio.configure(options).set("TWILIO_VERIFY_URL", nowhere);
    let app = TestApp::spawn_with(gone).await;
    let token = session_token(&app, "ada@x.test").await;

    start(&app, &token, NUMBER).await.refused(502, "upstream_failed");
}

#[tokio::test]
async fn what_the_provider_refuses_means_something() {
    let (app, twilio) = with_text_messages().await;
    let token = session_token(&app, "ada@x.test").await;

    twilio.is(Mood::Refusing(429, 60203));
    let refused = start(&app, &token, NUMBER).await;
    assert!(refused.header("retry-after").is_some());
    refused.refused(429, "rate_limited");
    // Wrong credentials are the operator's to mend, and nothing that a caller could.
    twilio.is(Mood::Refusing(401, 20003));
    let problem = start(&app, &token, NUMBER).await.refused(502, "upstream_failed");
    let text = problem.to_string();
    assert!(!text.contains("20003") && !text.contains("VAtest"), "{text}");
}
