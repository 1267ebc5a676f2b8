//! Signing in, staying signed in, signing out.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Client, TestApp, days, minutes};

/// Has a link sent; returns its token.
async fn link(app: &TestApp, email: &str) -> String {
    app.anonymous().post("/api/v1/auth/magic-link", json!({"email": email})).await.accepted();
    app.run_jobs().await;
    app.magic_link_token(&email.trim().to_lowercase()).await
}

/// Signs in; returns what the sign-in gave.
async fn sign_in(app: &TestApp, email: &str) -> Value {
    verify(app, &link(app, email).await).await.ok()
}

async fn verify(app: &TestApp, token: &str) -> crate::support::Reply {
    app.anonymous().post("/api/v1/auth/magic-link/verify", json!({"token": token})).await
}

async fn refresh(app: &TestApp, token: &Value) -> crate::support::Reply {
    app.anonymous().post("/api/v1/auth/refresh", json!({"refresh_token": token})).await
}

/// The caller with the access token of a sign-in.
fn with(app: &TestApp, tokens: &Value) -> Client {
    app.anonymous().with_token(tokens["access_token"].as_str().unwrap())
}

#[tokio::test]
async fn a_link_signs_a_new_person_in() {
    let app = TestApp::spawn().await;

    let tokens = sign_in(&app, " Ada@X.test ").await;

    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 900);
    let me = with(&app, &tokens).get("/api/v1/me").await.ok();
    assert_eq!(me["email"], "ada@x.test");
    assert_eq!(me["agencies"], json!([]));
}

#[tokio::test]
async fn the_answer_is_the_same_for_every_address() {
    let app = TestApp::spawn().await;
    let ask = async |email: &str| {
        let body = json!({"email": email});
        app.anonymous().post("/api/v1/auth/magic-link", body).await.accepted()
    };

    let known = ask("owner@bystander.test").await;
    let unknown = ask("nobody@x.test").await;

    assert_eq!(known, unknown);
    app.run_jobs().await;
}

#[tokio::test]
async fn every_broken_rule_of_a_request_for_a_link_is_named() {
    let app = TestApp::spawn().await;
    let ask = async |body: Value| {
        app.anonymous().post("/api/v1/auth/magic-link", body).await.broken_rules()
    };

    let broken = ask(json!({"email": "nobody", "return_url": "x".repeat(2049), "x": 1})).await;
    let pointers: Vec<&str> = broken.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(pointers, ["/email", "/return_url", "/x"]);

    let elsewhere = json!({"email": "ada@x.test", "return_url": "https://evil.test/"});
    assert_eq!(ask(elsewhere).await, [("/return_url".to_owned(), "origin_not_allowed".to_owned())]);
    assert!(app.inbox().await.iter().all(|mail| mail.to != "ada@x.test"));
}

#[tokio::test]
async fn an_address_gets_five_links_an_hour_and_hears_no_difference() {
    let app = TestApp::spawn_with(|options| options.real_rate_limits()).await;
    let ask = async || {
        let body = json!({"email": "ada@x.test"});
        app.anonymous().post("/api/v1/auth/magic-link", body).await.accepted()
    };

    let first = ask().await;
    for _ in 0..7 {
        assert_eq!(ask().await, first);
    }

    assert_eq!(app.run_jobs().await.done, 5);
}

#[tokio::test]
async fn a_link_works_once() {
    let app = TestApp::spawn().await;
    let token = link(&app, "ada@x.test").await;

    verify(&app, &token).await.ok();

    verify(&app, &token).await.refused(401, "invalid_token");
    verify(&app, "made-up").await.refused(401, "invalid_token");
}

#[tokio::test]
async fn of_parallel_uses_of_a_link_one_wins() {
    let app = TestApp::spawn().await;
    let token = link(&app, "ada@x.test").await;

    let replies = join_all((0..10).map(|_| verify(&app, &token))).await;

    let mut codes: Vec<u16> = replies.iter().map(crate::support::Reply::code).collect();
    codes.sort_unstable();
    assert_eq!(codes, [[200].as_slice(), &[401; 9]].concat());
}

#[tokio::test]
async fn a_link_expires_after_fifteen_minutes() {
    let app = TestApp::spawn().await;
    let token = link(&app, "ada@x.test").await;
    app.clock.advance(minutes(15));

    verify(&app, &token).await.refused(401, "invalid_token");
}

#[tokio::test]
async fn a_new_link_voids_the_earlier_one() {
    let app = TestApp::spawn().await;
    let first = link(&app, "ada@x.test").await;
    app.clock.advance(minutes(1));
    let second = link(&app, "ada@x.test").await;

    verify(&app, &first).await.refused(401, "invalid_token");
    verify(&app, &second).await.ok();
}

#[tokio::test]
async fn two_links_of_a_new_person_make_one_person() {
    let app = TestApp::spawn().await;
    let ids = [sign_in(&app, "ada@x.test").await, sign_in(&app, "ADA@x.test").await];
    let ids = join_all(
        ids.iter()
            .map(|tokens| async { with(&app, tokens).get("/api/v1/me").await.ok()["id"].clone() }),
    );

    let ids = ids.await;

    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn a_suspended_person_cannot_sign_in_or_stay() {
    use entity::user;
    use sea_orm::sea_query::Expr;
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

    let app = TestApp::spawn().await;
    let tokens = sign_in(&app, "ada@x.test").await;
    let token = link(&app, "ada@x.test").await;
    app.on_server(|app| async move {
        let tx = app.store().begin_platform("an operator suspends a person").await.unwrap();
        let update = user::Entity::update_many()
            .col_expr(user::Column::SuspendedAt, Expr::value(app.clock().now()))
            .filter(user::Column::Email.eq("ada@x.test"));
        tx.db().update_many(update).await.unwrap();
        tx.commit().await.unwrap();
    })
    .await;

    verify(&app, &token).await.refused(403, "account_suspended");
    refresh(&app, &tokens["refresh_token"]).await.refused(401, "session_ended");
    with(&app, &tokens).get("/api/v1/me").await.refused(401, "session_ended");
}

#[tokio::test]
async fn a_refresh_token_buys_the_next_pair() {
    let app = TestApp::spawn().await;
    let first = sign_in(&app, "ada@x.test").await;
    app.clock.advance(minutes(16));
    with(&app, &first).get("/api/v1/me").await.refused(401, "token_expired");

    let second = refresh(&app, &first["refresh_token"]).await.ok();

    assert_ne!(second["refresh_token"], first["refresh_token"]);
    with(&app, &second).get("/api/v1/me").await.ok();
    refresh(&app, &json!("made-up")).await.refused(401, "invalid_token");
    refresh(&app, &json!("")).await.refused(422, "validation_failed");
}

#[tokio::test]
async fn a_rotated_token_works_for_another_minute() {
    let app = TestApp::spawn().await;
    let first = sign_in(&app, "ada@x.test").await;

    let pairs = join_all((0..4).map(|_| refresh(&app, &first["refresh_token"]))).await;

    for pair in pairs {
        let pair = pair.ok();
        with(&app, &pair).get("/api/v1/me").await.ok();
        refresh(&app, &pair["refresh_token"]).await.ok();
    }
}

#[tokio::test]
async fn a_refresh_token_that_comes_back_ends_the_whole_sign_in() {
    let app = TestApp::spawn().await;
    let stolen = sign_in(&app, "ada@x.test").await;
    let newest = refresh(&app, &stolen["refresh_token"]).await.ok();
    app.clock.advance(minutes(2));

    refresh(&app, &stolen["refresh_token"]).await.refused(401, "token_reused");

    refresh(&app, &newest["refresh_token"]).await.refused(401, "session_ended");
    with(&app, &newest).get("/api/v1/me").await.refused(401, "session_ended");
    let other = sign_in(&app, "ada@x.test").await;
    with(&app, &other).get("/api/v1/me").await.ok();
}

#[tokio::test]
async fn a_sign_in_that_is_not_used_ends_after_thirty_days() {
    let app = TestApp::spawn().await;
    let tokens = sign_in(&app, "ada@x.test").await;
    app.clock.advance(days(29));
    let tokens = refresh(&app, &tokens["refresh_token"]).await.ok();

    app.clock.advance(days(30));

    refresh(&app, &tokens["refresh_token"]).await.refused(401, "invalid_token");
}

#[tokio::test]
async fn signing_out_ends_one_sign_in() {
    let app = TestApp::spawn().await;
    let (here, there) = (sign_in(&app, "ada@x.test").await, sign_in(&app, "ada@x.test").await);

    with(&app, &here).act("/api/v1/auth/logout").await.no_content();

    with(&app, &here).get("/api/v1/me").await.refused(401, "session_ended");
    refresh(&app, &here["refresh_token"]).await.refused(401, "session_ended");
    with(&app, &there).get("/api/v1/me").await.ok();
    app.anonymous().act("/api/v1/auth/logout").await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn the_ways_to_sign_in_are_listed() {
    let app = TestApp::spawn().await;

    let providers = app.anonymous().get("/api/v1/auth/providers").await.ok();

    assert_eq!(providers, json!({"magic_link": true, "oauth": [], "sign_up": "open"}));
}

#[tokio::test]
async fn no_token_is_stored_as_it_is() {
    use entity::{job, token};
    use sea_orm::EntityTrait;

    let app = TestApp::spawn().await;
    let unused = link(&app, "ada@x.test").await;
    let tokens = sign_in(&app, "eve@x.test").await;
    let rows = app
        .on_server(|app| async move {
            let platform = app.store().platform("a test looks for tokens");
            let tokens = platform.all(token::Entity::find()).await.unwrap();
            let jobs = platform.all(job::Entity::find()).await.unwrap();
            format!("{tokens:?} {jobs:?}")
        })
        .await;

    assert!(!rows.contains(&unused));
    assert!(!rows.contains(tokens["refresh_token"].as_str().unwrap()));
}

#[tokio::test]
async fn opening_a_link_shows_the_code_and_uses_nothing_up() {
    let app = TestApp::spawn().await;
    let token = link(&app, "ada@x.test").await;
    let path = format!("/auth/magic-link?token={token}");

    for _ in 0..3 {
        let page = app.anonymous().get(&path).await.expect(200).text();
        assert!(page.contains(&token), "{page}");
    }
    app.anonymous().submit("/auth/magic-link", &[("token", &token)]).await.expect(200);

    verify(&app, &token).await.ok();
    let page = app.anonymous().get(&path).await.expect(200).text();
    assert!(page.contains("This link does not work"), "{page}");
    assert!(!page.contains(&token), "{page}");
}

#[tokio::test]
async fn the_button_of_a_link_leads_to_the_client_that_asked_for_it() {
    let origin = "https://app.example.com";
    let app = TestApp::spawn_with(|options| options.set("CLIENT_ORIGINS", origin)).await;
    let ask = json!({"email": "ada@x.test", "return_url": format!("{origin}/welcome?from=mail")});
    app.anonymous().post("/api/v1/auth/magic-link", ask).await.accepted();
    app.run_jobs().await;
    let token = app.magic_link_token("ada@x.test").await;

    let page = app.anonymous().get(&format!("/auth/magic-link?token={token}")).await.expect(200);
    let policy = page.header("content-security-policy").unwrap().to_owned();
    assert!(policy.contains(&format!("form-action 'self' {origin};")), "{policy}");
    let reply = app.anonymous().submit("/auth/magic-link", &[("token", &token)]).await.expect(303);

    assert_eq!(reply.location(), format!("{origin}/welcome?from=mail#token={token}"));
    verify(&app, &token).await.ok();
}

#[tokio::test]
async fn a_person_asks_for_a_link_on_the_page() {
    let app = TestApp::spawn().await;
    let page = app.anonymous().get("/auth/sign-in?email=ada%40x.test").await.expect(200).text();
    assert!(page.contains("value=\"ada@x.test\""), "{page}");

    let refused = app.anonymous().submit("/auth/sign-in", &[("email", "<b>")]).await.expect(200);
    let sent = app.anonymous().submit("/auth/sign-in", &[("email", "ada@x.test")]).await;

    assert!(refused.text().contains("not an e-mail address"));
    assert!(!refused.text().contains("<b>"));
    assert!(sent.expect(200).text().contains("Check your mail"));
    app.run_jobs().await;
    verify(&app, &app.magic_link_token("ada@x.test").await).await.ok();
}
