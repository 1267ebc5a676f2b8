//! Codes by text message: registering a number, signing in with it, changing it.

use serde_json::json;

use super::twilio::Mood;
use super::*;
use crate::support::minutes;

const NUMBER: &str = "+61412345678";

async fn start(app: &TestApp, session_token: &str, phone: Option<&str>) -> Reply {
    let mut body = json!({"session_token": session_token});
    if let Some(phone) = phone {
        body["phone"] = phone.into();
    }
    app.anonymous().post("/api/v1/auth/phone/start", body).await
}

async fn verify(app: &TestApp, session_token: &str, code: &str) -> Reply {
    let body = json!({"session_token": session_token, "code": code});
    app.anonymous().post("/api/v1/auth/phone/verify", body).await
}

#[tokio::test]
async fn the_first_sign_in_registers_a_number_and_the_next_uses_it() {
    let (app, twilio) = with_text_messages().await;
    let step = first_factor(&app, "ada@x.test").await;
    assert_eq!((&step["methods"], &step["enrolment"]), (&json!(["totp", "sms"]), &json!(true)));
    let token = step["session_token"].as_str().unwrap();
    let missing = start(&app, token, None).await.broken_rules();
    assert_eq!(missing, [("/phone".to_owned(), "required".to_owned())]);
    verify(&app, token, "123456").await.refused(409, "code_not_sent");

    let sent = start(&app, token, Some("+61 412 345 678")).await.accepted();
    assert_eq!(sent["phone_masked"], "+••••••••678");
    verify(&app, token, "000000").await.refused(401, "wrong_code");
    let tokens = verify(&app, token, &twilio.code(NUMBER)).await.ok();

    let me = with(&app, &tokens).get("/api/v1/me").await.ok();
    assert_eq!(me["phone_masked"], "+••••••••678");
    app.run_jobs().await;
    let step = first_factor(&app, "ada@x.test").await;
    assert_eq!((&step["methods"], &step["enrolment"]), (&json!(["sms"]), &json!(false)));
    assert_eq!(step["phone_masked"], "+••••••••678");
    let token = step["session_token"].as_str().unwrap();
    start(&app, token, None).await.accepted();
    verify(&app, token, &twilio.code(NUMBER)).await.ok();
    assert_eq!(twilio.sent(), [NUMBER; 2]);
    assert_eq!(failures(&app).await, ["sms wrong"]);
}

#[tokio::test]
async fn a_code_by_text_message_works_once() {
    let (app, twilio) = with_text_messages().await;
    twilio.sign_in(&app, "ada@x.test", NUMBER).await;
    app.run_jobs().await;
    let (first, second) =
        (session_token(&app, "ada@x.test").await, session_token(&app, "ada@x.test").await);
    start(&app, &first, None).await.accepted();
    start(&app, &second, None).await.accepted();
    let code = twilio.code(NUMBER);
    verify(&app, &first, &code).await.ok();

    verify(&app, &second, &code).await.refused(401, "wrong_code");
    verify(&app, &first, &code).await.refused(401, "invalid_token");

    assert_eq!(failures(&app).await, ["sms none_sent"]);
}

#[tokio::test]
async fn the_first_factor_alone_registers_no_other_number() {
    let (app, twilio) = with_text_messages().await;
    let earlier = session_token(&app, "ada@x.test").await;
    let other = "+61499999999";
    start(&app, &earlier, Some(other)).await.accepted();
    twilio.sign_in(&app, "ada@x.test", NUMBER).await;
    app.run_jobs().await;
    let later = session_token(&app, "ada@x.test").await;

    start(&app, &later, Some(other)).await.refused(409, "phone_registered");
    // Nor does a sign-in that began before.
    verify(&app, &earlier, &twilio.code(other)).await.refused(401, "invalid_token");

    start(&app, &later, Some(NUMBER)).await.accepted();
    verify(&app, &later, &twilio.code(NUMBER)).await.ok();
}

#[tokio::test]
async fn whoever_has_an_app_registers_no_number_without_it() {
    let twilio = Twilio::start().await;
    let optional = |options| twilio.configure(options).set("SECOND_FACTOR", "optional");
    let app = TestApp::spawn_with(optional).await;
    let (_, authenticator) = person_with_app(&app, "ada@x.test").await;
    let token = session_token(&app, "ada@x.test").await;

    start(&app, &token, Some(NUMBER)).await.refused(409, "phone_not_registered");

    assert_eq!(twilio.calls(), 0);
    prove(&app, &token, &authenticator.next_code(&app)).await.ok();
}

#[tokio::test]
async fn operators_need_a_second_factor_where_others_do_not() {
    let twilio = Twilio::start().await;
    let optional = |options| twilio.configure(options).set("SECOND_FACTOR", "optional");
    let app = TestApp::spawn_with(optional).await;
    assert!(first_factor(&app, "root@x.test").await["access_token"].is_string());
    change_person(&app, "root@x.test", user::Column::IsSuperAdmin, true.into()).await;

    let step = first_factor(&app, "root@x.test").await;

    assert_eq!((&step["methods"], &step["enrolment"]), (&json!(["totp", "sms"]), &json!(true)));
}

#[tokio::test]
async fn three_codes_in_ten_minutes_are_sent() {
    let (app, twilio) = with_text_messages().await;
    let token = session_token(&app, "ada@x.test").await;
    for number in ["+61400000001", "+61400000002", "+61400000003"] {
        start(&app, &token, Some(number)).await.accepted();
    }

    start(&app, &token, Some("+61400000004")).await.refused(429, "rate_limited");

    // Another person's code to a number that has had its share.
    let of_bob = session_token(&app, "bob@x.test").await;
    start(&app, &of_bob, Some("+61400000003")).await.accepted();
    start(&app, &of_bob, Some("+61400000003")).await.accepted();
    let refused = start(&app, &of_bob, Some("+61400000003")).await;
    assert!(refused.header("retry-after").is_some());
    refused.refused(429, "rate_limited");
    assert_eq!(twilio.sent().len(), 5);
    app.clock.advance(minutes(10));
    start(&app, &token, Some(NUMBER)).await.accepted();
    verify(&app, &token, &twilio.code(NUMBER)).await.ok();
    app.run_jobs().await;
}

#[tokio::test]
async fn five_codes_of_a_sign_in_are_checked() {
    let (app, twilio) = with_text_messages().await;
    let token = session_token(&app, "ada@x.test").await;
    start(&app, &token, Some(NUMBER)).await.accepted();
    for _ in 0..5 {
        verify(&app, &token, "000000").await.refused(401, "wrong_code");
    }
    let calls = twilio.calls();

    verify(&app, &token, &twilio.code(NUMBER)).await.refused(401, "invalid_token");

    assert_eq!(twilio.calls(), calls);
}

#[tokio::test]
async fn what_is_no_number_is_refused() {
    let (app, twilio) = with_text_messages().await;
    let token = session_token(&app, "ada@x.test").await;

    for wrong in ["0412345678", "+0412345678", "+61", "+6141234567890123", "call me"] {
        let rules = start(&app, &token, Some(wrong)).await.broken_rules();
        assert_eq!(rules, [("/phone".to_owned(), "invalid".to_owned())], "{wrong}");
    }
    assert_eq!(twilio.calls(), 0);
    // A landline, as the provider says.
    twilio.is(Mood::Refusing(400, 60205));
    let rules = start(&app, &token, Some(NUMBER)).await.broken_rules();
    assert_eq!(rules, [("/phone".to_owned(), "unreachable".to_owned())]);
}

/// A person with a number, signed in, where nobody needs a second factor.
async fn person_with_number(app: &TestApp, twilio: &Twilio) -> Client {
    let ada = with(app, &first_factor(app, "ada@x.test").await);
    let path = "/api/v1/me/second-factor/phone";
    ada.post(path, json!({"phone": NUMBER})).await.accepted();
    let body = json!({"code": twilio.code(NUMBER)});
    ada.post(&format!("{path}/confirm"), body).await.no_content();
    app.run_jobs().await;
    ada
}

async fn optional() -> (TestApp, Twilio) {
    let twilio = Twilio::start().await;
    let optional = |options| twilio.configure(options).set("SECOND_FACTOR", "optional");
    (TestApp::spawn_with(optional).await, twilio)
}

#[tokio::test]
async fn whoever_adds_a_number_is_asked_from_then_on() {
    let (app, twilio) = optional().await;
    let ada = person_with_number(&app, &twilio).await;

    let step = first_factor(&app, "ada@x.test").await;

    assert_eq!(step["methods"], json!(["sms"]));
    let state = ada.get("/api/v1/me/second-factor").await.ok();
    assert_eq!(state["phone_masked"], "+••••••••678");
    assert_eq!((&state["required"], &state["sms_available"]), (&json!(false), &json!(true)));
    let path = "/api/v1/me/second-factor/phone";
    ada.post(path, json!({"phone": NUMBER})).await.refused(409, "phone_registered");
}

#[tokio::test]
async fn a_number_is_replaced_with_codes_of_both() {
    let (app, twilio) = optional().await;
    let ada = person_with_number(&app, &twilio).await;
    let path = "/api/v1/me/second-factor/phone";
    let confirm = async |body: Value| ada.post(&format!("{path}/confirm"), body).await;
    let other = "+61499999999";
    confirm(json!({"code": "123456"})).await.refused(409, "code_not_sent");

    let sent = ada.post(path, json!({"phone": other})).await.accepted();
    assert_eq!(sent["phone_masked"], "+••••••••999");
    assert_eq!(sent["current_phone_masked"], "+••••••••678");
    let new = twilio.code(other);
    let rule = |pointer: &str, code: &str| vec![(pointer.to_owned(), code.to_owned())];
    let missing = confirm(json!({"code": new})).await.broken_rules();
    assert_eq!(missing, rule("/current_code", "required"));
    let wrong = confirm(json!({"code": new, "current_code": "000000"})).await.broken_rules();
    assert_eq!(wrong, rule("/current_code", "wrong_code"));
    let current = ada.get("/api/v1/me").await.ok();
    assert_eq!(current["phone_masked"], "+••••••••678");
    confirm(json!({"code": new, "current_code": twilio.code(NUMBER)})).await.no_content();

    let current = ada.get("/api/v1/me").await.ok();
    assert_eq!(current["phone_masked"], "+••••••••999");
    confirm(json!({"code": new})).await.refused(409, "code_not_sent");
    app.run_jobs().await;
}

#[tokio::test]
async fn a_number_is_removed_by_whoever_has_an_app() {
    let (app, twilio) = optional().await;
    let ada = person_with_number(&app, &twilio).await;
    let remove = async |code: &str| {
        ada.post("/api/v1/me/second-factor/phone/remove", json!({"code": code})).await
    };
    remove("123456").await.refused(409, "totp_not_enabled");
    let authenticator = Authenticator::set_up(&app, &ada).await;

    remove(&authenticator.next_code(&app)).await.no_content();

    assert_eq!(ada.get("/api/v1/me").await.ok()["phone_masked"], json!(null));
    app.run_jobs().await;
    let step = first_factor(&app, "ada@x.test").await;
    assert_eq!(step["methods"], json!(["totp", "recovery_code"]));
}
