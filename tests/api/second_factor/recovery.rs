//! Recovery codes, and what is left when those are lost too.

use futures_util::future::join_all;
use kernel::http::RequestInfo;
use serde_json::json;

use super::*;

#[tokio::test]
async fn a_recovery_code_signs_in_once_however_it_is_written() {
    let app = TestApp::spawn().await;
    let (ada, authenticator) = person_with_app(&app, "ada@x.test").await;
    let code = &authenticator.recovery_codes[3];
    let token = session_token(&app, "ada@x.test").await;
    let written = format!(" {} ", code.replace('-', " ").to_uppercase());

    recover(&app, &token, &written).await.ok();

    let token = session_token(&app, "ada@x.test").await;
    recover(&app, &token, code).await.refused(401, "wrong_code");
    recover(&app, &token, &authenticator.recovery_codes[4]).await.ok();
    assert_eq!(ada.get("/api/v1/me/second-factor").await.ok()["recovery_codes_left"], 8);
    assert_eq!(failures(&app).await, ["recovery_code wrong"]);
    app.run_jobs().await;
    let mails = app.inbox().await;
    let used = mails.iter().filter(|mail| mail.text.contains("A recovery code of your account"));
    assert_eq!(used.count(), 2);
}

#[tokio::test]
async fn of_parallel_uses_of_a_recovery_code_one_signs_in() {
    let app = TestApp::spawn().await;
    let (_, authenticator) = person_with_app(&app, "ada@x.test").await;
    let mut tokens = Vec::new();
    for _ in 0..6 {
        tokens.push(session_token(&app, "ada@x.test").await);
    }
    let code = &authenticator.recovery_codes[0];

    let replies = join_all(tokens.iter().map(|token| recover(&app, token, code))).await;

    let mut codes: Vec<u16> = replies.iter().map(Reply::code).collect();
    codes.sort_unstable();
    assert_eq!(codes, [200, 401, 401, 401, 401, 401]);
    app.run_jobs().await;
}

#[tokio::test]
async fn a_code_of_somebody_else_is_wrong() {
    let app = TestApp::spawn().await;
    let (_, of_ada) = person_with_app(&app, "ada@x.test").await;
    let (_, of_bob) = person_with_app(&app, "bob@x.test").await;
    let token = session_token(&app, "bob@x.test").await;

    recover(&app, &token, &of_ada.recovery_codes[0]).await.refused(401, "wrong_code");
    prove(&app, &token, &of_ada.next_code(&app)).await.refused(401, "wrong_code");
    prove(&app, &token, &of_bob.code(&app)).await.ok();
}

#[tokio::test]
async fn new_recovery_codes_void_the_earlier_ones() {
    let app = TestApp::spawn().await;
    let (ada, authenticator) = person_with_app(&app, "ada@x.test").await;
    let replace =
        async |body: Value| ada.post("/api/v1/me/second-factor/recovery-codes", body).await;
    let wrong = replace(json!({"recovery_code": "no-such-code"})).await.broken_rules();
    assert_eq!(wrong, [("/recovery_code".to_owned(), "wrong_code".to_owned())]);

    let codes = replace(json!({"recovery_code": authenticator.recovery_codes[9]})).await.ok();

    let codes = texts(&codes["recovery_codes"]);
    assert_eq!(codes.len(), 10);
    let token = session_token(&app, "ada@x.test").await;
    recover(&app, &token, &authenticator.recovery_codes[0]).await.refused(401, "wrong_code");
    recover(&app, &token, &codes[0]).await.ok();
    app.run_jobs().await;
}

#[tokio::test]
async fn an_operator_can_remove_a_lost_second_factor() {
    let app = TestApp::spawn().await;
    let (ada, _) = person_with_app(&app, "ada@x.test").await;
    let waiting = session_token(&app, "ada@x.test").await;
    let me = ada.get("/api/v1/me").await.ok();
    let id: UserId = me["id"].as_str().unwrap().parse().unwrap();

    app.on_server(move |app| async move {
        let request = RequestInfo::default();
        identity::second_factor::service::reset(&app, id, None, &request).await.unwrap();
    })
    .await;

    prove(&app, &waiting, "123456").await.refused(401, "invalid_token");
    assert!(first_factor(&app, "ada@x.test").await["access_token"].is_string());
    let told = app.inbox().await;
    assert!(told.iter().any(|mail| mail.text.contains("was removed by an operator")));
}
