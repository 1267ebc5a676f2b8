//! People who must have a second factor and have none.

use entity::token::TokenKind;
use serde_json::json;

use super::*;

async fn required() -> TestApp {
    TestApp::spawn_with(|options| options.set("SECOND_FACTOR", "required")).await
}

async fn enrol(app: &TestApp, session_token: &str) -> Reply {
    let body = json!({"session_token": session_token});
    app.anonymous().post("/api/v1/auth/second-factor/totp", body).await
}

async fn confirm(app: &TestApp, session_token: &str, code: &str) -> Reply {
    let body = json!({"session_token": session_token, "code": code});
    app.anonymous().post("/api/v1/auth/second-factor/totp/confirm", body).await
}

#[tokio::test]
async fn a_person_sets_an_app_up_within_the_sign_in() {
    let app = required().await;
    let step = first_factor(&app, "ada@x.test").await;
    assert_eq!((&step["methods"], &step["enrolment"]), (&json!(["totp"]), &json!(true)));
    let token = step["session_token"].as_str().unwrap();
    prove(&app, token, "123456").await.refused(401, "wrong_code");
    let setup = enrol(&app, token).await.ok();
    let authenticator = Authenticator::new(&setup["secret"]);
    confirm(&app, token, &authenticator.wrong_code(&app)).await.refused(401, "wrong_code");

    let enrolled = confirm(&app, token, &authenticator.code(&app)).await.ok();

    assert_eq!(texts(&enrolled["recovery_codes"]).len(), 10);
    let ada = with(&app, &enrolled["tokens"]);
    let state = ada.get("/api/v1/me/second-factor").await.ok();
    assert_eq!((&state["required"], &state["recovery_codes_left"]), (&json!(true), &json!(10)));
    confirm(&app, token, &authenticator.next_code(&app)).await.refused(401, "invalid_token");
    app.run_jobs().await;
}

#[tokio::test]
async fn once_somebody_has_an_app_the_first_factor_sets_up_no_other() {
    let app = required().await;
    let (mine, theirs) =
        (session_token(&app, "ada@x.test").await, session_token(&app, "ada@x.test").await);
    let setup = enrol(&app, &mine).await.ok();
    let code = Authenticator::new(&setup["secret"]).code(&app);
    confirm(&app, &mine, &code).await.ok();

    enrol(&app, &theirs).await.refused(401, "invalid_token");
    confirm(&app, &theirs, &code).await.refused(401, "invalid_token");
    let later = session_token(&app, "ada@x.test").await;
    enrol(&app, &later).await.refused(401, "invalid_token");
    app.run_jobs().await;
}

#[tokio::test]
async fn an_app_that_is_required_is_not_removed() {
    let app = required().await;
    let token = session_token(&app, "ada@x.test").await;
    let setup = enrol(&app, &token).await.ok();
    let authenticator = Authenticator::new(&setup["secret"]);
    let enrolled = confirm(&app, &token, &authenticator.code(&app)).await.ok();
    let ada = with(&app, &enrolled["tokens"]);

    let body = json!({"code": authenticator.next_code(&app)});
    let reply = ada.post("/api/v1/me/second-factor/totp/disable", body).await;

    reply.refused(409, "second_factor_required");
    app.run_jobs().await;
}

#[tokio::test]
async fn nothing_is_signed_in_by_the_first_factor_alone() {
    let app = required().await;

    session_token(&app, "ada@x.test").await;

    let (id, sessions, refresh) = app
        .on_server(|app| async move {
            let platform = app.store().platform("what a test has opened");
            let people = user::Entity::find().filter(user::Column::Email.eq("ada@x.test"));
            let ada = platform.one(people).await.unwrap().unwrap();
            let sessions =
                entity::session::Entity::find().filter(entity::session::Column::UserId.eq(ada.id));
            let sessions = platform.all(sessions).await.unwrap();
            let ids: Vec<_> = sessions.iter().map(|session| session.id).collect();
            let tokens = entity::token::Entity::find()
                .filter(entity::token::Column::Kind.eq(TokenKind::Refresh))
                .filter(entity::token::Column::SessionId.is_in(ids));
            (ada.id, sessions.len(), platform.all(tokens).await.unwrap().len())
        })
        .await;
    assert_eq!((sessions, refresh), (0, 0));
    let logins = security_log(&app, "login").await;
    assert!(logins.iter().all(|(user_id, _)| *user_id != Some(id)), "{logins:?}");
}

#[tokio::test]
async fn who_is_not_asked_signs_in_as_before() {
    let app = TestApp::spawn_with(|options| options.set("SECOND_FACTOR", "optional")).await;

    let tokens = first_factor(&app, "ada@x.test").await;

    assert!(tokens["access_token"].is_string());
    assert_eq!(tokens["second_factor_required"], json!(null));
}

#[tokio::test]
async fn without_text_messages_their_operations_name_what_is_missing() {
    let app = required().await;
    let token = session_token(&app, "ada@x.test").await;
    let start = json!({"session_token": token, "phone": "+61412345678"});
    let verify = json!({"session_token": token, "code": "123456"});

    for (path, body) in [("/api/v1/auth/phone/start", start), ("/api/v1/auth/phone/verify", verify)]
    {
        let problem = app.anonymous().post(path, body).await.refused(503, "not_configured");
        let setting = problem["setting"].as_str().unwrap();
        assert!(setting.contains("TWILIO_AUTH_TOKEN"), "{setting}");
    }
}
