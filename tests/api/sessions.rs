//! Sign-ins that last: what their person sees of them, how they end, and how browsers carry them.

use std::time::Duration;

use chrono::TimeDelta;
use entity::agency::{self, AgencyStatus};
use entity::user;
use futures_util::StreamExt;
use futures_util::future::join_all;
use kernel::events::AccessChange;
use reqwest::Method;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::steps;
use crate::support::{Client, Reply, TestApp, minutes};

/// Longest wait for a stream that must end.
const PATIENCE: Duration = Duration::from_secs(20);

/// A browser of a person: the answer to its sign-in.
async fn sign_in(app: &TestApp, email: &str) -> Reply {
    sign_in_as(app, &app.anonymous(), email).await
}

async fn sign_in_as(app: &TestApp, client: &Client, email: &str) -> Reply {
    client.post("/api/v1/auth/magic-link", json!({"email": email})).await.accepted();
    app.run_jobs().await;
    let token = app.magic_link_token(email).await;
    client.post("/api/v1/auth/magic-link/verify", json!({"token": token})).await.expect(200)
}

/// The caller with the access token of a sign-in.
fn with(app: &TestApp, tokens: &Reply) -> Client {
    app.anonymous().with_token(tokens.json()["access_token"].as_str().unwrap())
}

/// A browser that sends these cookies, from a page of this origin.
fn browser(app: &TestApp, cookies: &[(&str, &str)], origin: Option<&str>) -> Client {
    let cookies: Vec<String> =
        cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let client = app.anonymous().with("Cookie", cookies.join("; "));
    origin.map_or(client.clone(), |origin| client.with("Origin", origin))
}

async fn sessions(client: &Client) -> Vec<Value> {
    client.get("/api/v1/auth/sessions").await.ok()["data"].as_array().unwrap().clone()
}

async fn suspend_person(app: &TestApp, id: entity::UserId) {
    app.on_server(move |app| async move {
        let update = user::Entity::update_many()
            .col_expr(user::Column::SuspendedAt, Expr::value(app.clock().now()))
            .filter(user::Column::Id.eq(id));
        let tx = app.store().begin_platform("a person is suspended").await.unwrap();
        tx.db().update_many(update).await.unwrap();
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_person_sees_their_sign_ins_and_no_one_else_s() {
    let app = TestApp::spawn().await;
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0";
    let first = sign_in_as(&app, &app.anonymous().with("User-Agent", firefox), "ada@x.test").await;
    app.clock.advance(minutes(1));
    let second = sign_in(&app, "ada@x.test").await;
    sign_in(&app, "grace@x.test").await;

    let listed = sessions(&with(&app, &second)).await;

    assert_eq!(listed.len(), 2, "{listed:?}");
    assert_eq!((&listed[0]["current"], &listed[1]["current"]), (&json!(true), &json!(false)));
    assert_eq!(listed[1]["device"], "Firefox on Linux");
    assert_eq!(listed[1]["user_agent"], firefox);
    assert_eq!(listed[1]["ip"], "127.0.0.1");
    assert!(listed[1]["created_at"].as_str() < listed[0]["created_at"].as_str());
    let page = with(&app, &first).get("/api/v1/auth/sessions?limit=1&include=total").await.ok();
    assert_eq!((&page["total"], &page["has_more"]), (&json!(2), &json!(true)));
    let next = format!("/api/v1/auth/sessions?cursor={}", page["next_cursor"].as_str().unwrap());
    let rest = with(&app, &first).get(&next).await.ok();
    assert_eq!(rest["data"][0]["id"], listed[1]["id"]);
    assert_eq!(rest["data"][0]["current"], true);
}

#[tokio::test]
async fn an_ended_sign_in_is_over_at_once() {
    let app = TestApp::spawn().await;
    let stolen = sign_in(&app, "ada@x.test").await;
    let ada = sign_in(&app, "ada@x.test").await;
    let mine = with(&app, &ada);
    let id = sessions(&with(&app, &stolen)).await;
    let id = id.iter().find(|session| session["current"] == true).unwrap()["id"].clone();
    let path = format!("/api/v1/auth/sessions/{}", id.as_str().unwrap());

    mine.delete(&path).await.no_content();

    with(&app, &stolen).get("/api/v1/me").await.refused(401, "session_ended");
    let refresh = json!({"refresh_token": stolen.json()["refresh_token"]});
    app.anonymous().post("/api/v1/auth/refresh", refresh).await.refused(401, "session_ended");
    assert_eq!(sessions(&mine).await.len(), 1);
    mine.delete(&path).await.refused(404, "not_found");
}

#[tokio::test]
async fn another_person_s_sign_in_cannot_be_ended() {
    let app = TestApp::spawn().await;
    let (ada, grace) = (sign_in(&app, "ada@x.test").await, sign_in(&app, "grace@x.test").await);
    let of_grace = sessions(&with(&app, &grace)).await[0]["id"].as_str().unwrap().to_owned();

    let end = async |id: &str| {
        let path = format!("/api/v1/auth/sessions/{id}");
        with(&app, &ada).delete(&path).await.refused(404, "not_found")
    };

    let (real, made_up) = (end(&of_grace).await, end("ses_01jd3k9v5xe8rt2m4n6p8q0s2v").await);
    assert_eq!(real["detail"], made_up["detail"]);
    with(&app, &grace).get("/api/v1/me").await.ok();
}

#[tokio::test]
async fn all_others_end_and_the_one_that_asks_stays() {
    let app = TestApp::spawn().await;
    let others = [sign_in(&app, "ada@x.test").await, sign_in(&app, "ada@x.test").await];
    let mine = with(&app, &sign_in(&app, "ada@x.test").await);
    let grace = with(&app, &sign_in(&app, "grace@x.test").await);

    mine.delete("/api/v1/auth/sessions").await.no_content();

    for other in &others {
        with(&app, other).get("/api/v1/me").await.refused(401, "session_ended");
    }
    mine.get("/api/v1/me").await.ok();
    grace.get("/api/v1/me").await.ok();
    mine.delete("/api/v1/auth/sessions").await.no_content();
    let everywhere = mine.delete("/api/v1/auth/sessions?include_current=true").await.expect(204);
    assert_eq!(everywhere.cookie("access_token"), Some(""));
    mine.get("/api/v1/me").await.refused(401, "session_ended");
}

#[tokio::test]
async fn a_pair_that_still_lasts_is_given_again() {
    let app = TestApp::spawn().await;
    let tokens = sign_in(&app, "ada@x.test").await.json();
    let refresh = json!({"refresh_token": tokens["refresh_token"]});
    let client = app.anonymous().with_token(tokens["access_token"].as_str().unwrap());
    app.clock.advance(minutes(5));

    let again = client.post("/api/v1/auth/refresh", refresh.clone()).await.ok();

    assert_eq!(again["access_token"], tokens["access_token"]);
    assert_eq!(again["refresh_token"], tokens["refresh_token"]);
    assert!(again["expires_in"].as_i64().unwrap() <= 600);
    app.clock.advance(TimeDelta::seconds(9 * 60 + 10));
    let renewed = client.post("/api/v1/auth/refresh", refresh).await.ok();
    assert_ne!(renewed["access_token"], tokens["access_token"]);
    assert_ne!(renewed["refresh_token"], tokens["refresh_token"]);
}

#[tokio::test]
async fn somebody_else_s_access_token_keeps_no_pair() {
    let app = TestApp::spawn().await;
    let ada = sign_in(&app, "ada@x.test").await.json();
    let grace = sign_in(&app, "grace@x.test").await.json();
    let client = app.anonymous().with_token(grace["access_token"].as_str().unwrap());

    let refresh = json!({"refresh_token": ada["refresh_token"]});
    let renewed = client.post("/api/v1/auth/refresh", refresh).await.ok();

    assert_ne!(renewed["refresh_token"], ada["refresh_token"]);
    let me = app.anonymous().with_token(renewed["access_token"].as_str().unwrap());
    assert_eq!(me.get("/api/v1/me").await.ok()["email"], "ada@x.test");
}

#[tokio::test]
async fn a_suspended_person_gets_no_new_tokens() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let tokens = sign_in(&app, "member@acme.test").await;
    suspend_person(&app, acme.member().user_id()).await;

    with(&app, &tokens).get("/api/v1/me").await.refused(401, "session_ended");
    let refresh = json!({"refresh_token": tokens.json()["refresh_token"]});
    app.anonymous().post("/api/v1/auth/refresh", refresh).await.refused(401, "session_ended");
}

#[tokio::test]
async fn a_browser_signs_in_stays_signed_in_and_signs_out_by_cookie() {
    let app = TestApp::spawn().await;
    let origin = app.url();
    let signed_in = sign_in(&app, "ada@x.test").await;
    assert_eq!(signed_in.cookie("access_token"), signed_in.json()["access_token"].as_str());
    let cookies = signed_in.cookies();
    for (name, path) in [("access_token", "Path=/;"), ("refresh_token", "Path=/api/v1/auth;")] {
        for attribute in ["HttpOnly", "SameSite=Lax", path] {
            assert!(cookies[name].contains(attribute), "{name}: {}", cookies[name]);
        }
        assert!(!cookies[name].contains("Secure"), "this is a developer's machine");
    }
    let access = signed_in.cookie("access_token").unwrap();
    let refresh = signed_in.cookie("refresh_token").unwrap();

    let me = browser(&app, &[("access_token", access)], None).get("/api/v1/me").await.ok();
    assert_eq!(me["email"], "ada@x.test");

    app.clock.advance(minutes(16));
    let renewed = browser(&app, &[("refresh_token", refresh)], Some(&origin));
    let renewed = renewed.act("/api/v1/auth/refresh").await.expect(200);
    let access = renewed.cookie("access_token").unwrap();
    assert_ne!(renewed.cookie("refresh_token").unwrap(), refresh);

    let out = browser(&app, &[("access_token", access)], Some(&origin));
    let gone = out.act("/api/v1/auth/logout").await.expect(204);
    for name in ["access_token", "refresh_token", "current_agency_id"] {
        assert_eq!(gone.cookie(name), Some(""));
        assert!(gone.cookies()[name].contains("Max-Age=0"), "{}", gone.cookies()[name]);
    }
    out.get("/api/v1/me").await.refused(401, "session_ended");
}

#[tokio::test]
async fn a_change_by_cookie_must_come_from_an_own_page() {
    let client_origin = "https://app.example.test";
    let app = TestApp::spawn_with(|options| options.set("CLIENT_ORIGINS", client_origin)).await;
    let tokens = sign_in(&app, "ada@x.test").await;
    let access = tokens.cookie("access_token").unwrap();
    let refresh = tokens.cookie("refresh_token").unwrap();
    let patch = json!({"avatar": ""});

    for origin in [None, Some("https://evil.test"), Some("null")] {
        let page = browser(&app, &[("access_token", access)], origin).unchecked();
        page.patch("/api/v1/me", patch.clone()).await.refused(403, "origin_mismatch");
        page.delete("/api/v1/auth/sessions").await.refused(403, "origin_mismatch");
        let page = browser(&app, &[("refresh_token", refresh)], origin).unchecked();
        page.act("/api/v1/auth/refresh").await.refused(403, "origin_mismatch");
    }
    for origin in [app.url().as_str(), client_origin] {
        let page = browser(&app, &[("access_token", access)], Some(origin));
        page.patch("/api/v1/me", patch.clone()).await.ok();
    }
    // A token that the page itself sends is no cookie: no other page has it.
    with(&app, &tokens).with("Origin", "https://evil.test").patch("/api/v1/me", patch).await.ok();
}

#[tokio::test]
async fn a_bearer_token_goes_before_a_cookie() {
    let app = TestApp::spawn().await;
    let (ada, grace) = (sign_in(&app, "ada@x.test").await, sign_in(&app, "grace@x.test").await);
    let cookie = format!("access_token={}", ada.cookie("access_token").unwrap());

    let both = with(&app, &grace).with("Cookie", &cookie);

    assert_eq!(both.get("/api/v1/me").await.ok()["email"], "grace@x.test");
    let wrong = app.anonymous().with_token("a.b.c").with("Cookie", &cookie);
    wrong.get("/api/v1/me").await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn another_site_cannot_sign_its_visitor_in() {
    let app = TestApp::spawn().await;

    let evil = app.anonymous().with("Origin", "https://evil.test");
    let signed_in = sign_in_as(&app, &evil, "mallory@x.test").await;

    assert!(signed_in.cookies().is_empty());
    assert!(signed_in.json()["access_token"].is_string());
}

#[tokio::test]
async fn a_repeated_answer_sets_the_same_cookies() {
    let app = TestApp::spawn().await;
    app.anonymous()
        .post("/api/v1/auth/magic-link", json!({"email": "ada@x.test"}))
        .await
        .accepted();
    app.run_jobs().await;
    let body = json!({"token": app.magic_link_token("ada@x.test").await});
    let once = app.anonymous().once("sign-in");

    let first = once.post("/api/v1/auth/magic-link/verify", body.clone()).await.expect(200);
    let again = once.post("/api/v1/auth/magic-link/verify", body).await.expect(200);

    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.cookies().len(), 2);
    assert_eq!(again.cookies(), first.cookies());
}

#[tokio::test]
async fn a_browser_s_choice_of_agency_counts_where_none_is_named() {
    let app = TestApp::spawn().await;
    let (acme, bolt) = (app.agency("acme").await, app.agency("bolt").await);
    let invite = json!({"email": acme.owner().email(), "role": "member"});
    bolt.owner().post("/members", invite).await.created();
    app.run_jobs().await;
    let owner = acme.owner().root();
    let followed = async |client: &Client| {
        // Only the head: the stream has no end.
        let reply = client.unchecked().call(Method::HEAD, "/api/v1/events", None).await;
        assert_eq!(reply.code(), 200);
    };
    let current = async |cookie: Option<&str>| {
        let cookie = cookie.map(|value| format!("current_agency_id={value}"));
        let client = cookie.map_or(owner.clone(), |cookie| owner.with("Cookie", cookie));
        followed(&client).await;
        client.get("/api/v1/me").await.ok()["current_agency_id"].clone()
    };
    let (of_acme, of_bolt) = (json!(acme.id()), json!(bolt.id()));

    // The one they own before the one they work for; what was chosen before both.
    assert_eq!(current(None).await, of_acme);
    let chosen =
        owner.put("/api/v1/me/current-agency", json!({"agency_id": of_bolt})).await.expect(200);
    assert_eq!(chosen.json()["slug"], "bolt");
    assert!(chosen.cookies()["current_agency_id"].contains("HttpOnly"));
    assert_eq!(current(chosen.cookie("current_agency_id")).await, of_bolt);
    // The default is for every browser that has chosen nothing.
    owner.put("/api/v1/me/default-agency", json!({"agency_id": of_bolt})).await.ok();
    assert_eq!(current(None).await, of_bolt);
    assert_eq!(current(of_acme.as_str()).await, of_acme);
    // A cookie that names nothing of theirs is passed over.
    let foreign = app.bystander().id().to_string();
    for ignored in ["", "nonsense", &foreign, "agc_01jd3k9v5xe8rt2m4n6p8q0s2v"] {
        assert_eq!(current(Some(ignored)).await, of_bolt, "{ignored}");
    }
    let broken = owner.put("/api/v1/me/current-agency", json!({"agency_id": foreign})).await;
    assert_eq!(broken.broken_rules(), [("/agency_id".to_owned(), "unknown".to_owned())]);
}

/// Follows the events of acme; the stream is taken up before this returns.
async fn follow(app: &TestApp, tokens: &Reply) -> impl Future<Output = Vec<String>> + use<> {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = http.get(format!("{}/api/v1/agencies/acme/events", app.url()));
    let token = tokens.json()["access_token"].as_str().unwrap().to_owned();
    let response = request.bearer_auth(token).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let mut bytes = response.bytes_stream();
    let first = bytes.next().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&first).contains("event: connected"));
    async move {
        let rest = tokio::time::timeout(PATIENCE, bytes.collect::<Vec<_>>()).await;
        let rest = rest.expect("the stream ends");
        let texts =
            rest.into_iter().map(|part| String::from_utf8_lossy(&part.unwrap()).into_owned());
        texts.filter(|text| !text.starts_with(':')).collect()
    }
}

#[tokio::test]
async fn a_stream_ends_with_the_sign_in_the_membership_or_the_person() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let member_id = acme.member().get("/members").await.ok();
    let member_id = member_id["data"].as_array().unwrap().iter().find(|m| m["role"] == "member");
    let member_id = member_id.unwrap()["id"].as_str().unwrap().to_owned();

    let tokens = sign_in(&app, "owner@acme.test").await;
    let stream = follow(&app, &tokens).await;
    with(&app, &tokens).act("/api/v1/auth/logout").await.no_content();
    stream.await;

    let tokens = sign_in(&app, "owner@acme.test").await;
    let stream = follow(&app, &tokens).await;
    acme.owner().root().delete("/api/v1/auth/sessions").await.no_content();
    stream.await;

    let stream = follow(&app, &sign_in(&app, "member@acme.test").await).await;
    acme.owner().delete(&format!("/members/{member_id}")).await.no_content();
    stream.await;

    let stream = follow(&app, &sign_in(&app, "admin@acme.test").await).await;
    let admin = acme.admin().user_id();
    suspend_person(&app, admin).await;
    app.app().bus().access_changed(AccessChange::Person(admin));
    stream.await;
}

#[tokio::test]
async fn a_stream_of_a_suspended_agency_ends_and_nobody_gets_in() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let stream = follow(&app, &sign_in(&app, "admin@acme.test").await).await;
    let id = acme.id();
    app.on_server(move |app| async move {
        let update = agency::Entity::update_many()
            .col_expr(agency::Column::Status, Expr::value(AgencyStatus::Suspended))
            .filter(agency::Column::Id.eq(id));
        let tx = app.store().begin_platform("an agency is suspended").await.unwrap();
        tx.db().update_many(update).await.unwrap();
        tx.commit().await.unwrap();
    })
    .await;

    acme.admin().get("/clients").await.refused(403, "agency_suspended");
    app.app().bus().access_changed(AccessChange::Agency(id));
    stream.await;
}

#[tokio::test]
async fn a_stream_notices_within_a_minute_what_another_replica_did() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let tokens = sign_in(&app, "member@acme.test").await;
    let replica = app.replica().await;
    let stream = follow(&app, &tokens).await;
    let quiet = follow(&app, &sign_in(&app, "owner@acme.test").await).await;
    with(&replica, &tokens).act("/api/v1/auth/logout").await.no_content();

    app.clock.advance(TimeDelta::seconds(31));
    steps::client(&acme.owner()).await;
    app.run_jobs().await;

    let heard = stream.await;
    assert!(heard.iter().all(|text| !text.contains("client.created")), "{heard:?}");
    drop(quiet);
}

#[tokio::test]
async fn a_new_role_counts_at_once() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let members = acme.owner().get("/members").await.ok();
    let id = |role: &str| {
        let members = members["data"].as_array().unwrap();
        let member = members.iter().find(|member| member["role"] == role).unwrap();
        member["id"].as_str().unwrap().to_owned()
    };
    let (admin, member) = (id("admin"), id("member"));
    let change = async |id: &str, role: &str| {
        let path = format!("/members/{id}/role");
        acme.owner().patch(&path, json!({"role": role})).await.ok();
    };

    change(&admin, "member").await;
    change(&member, "admin").await;

    acme.admin().get("/profile").await.refused(403, "forbidden");
    acme.member().get("/profile").await.ok();
}

#[tokio::test]
async fn parallel_ends_of_one_sign_in_end_it_once() {
    let app = TestApp::spawn().await;
    let other = sign_in(&app, "ada@x.test").await;
    let mine = with(&app, &sign_in(&app, "ada@x.test").await);
    let id = sessions(&with(&app, &other)).await;
    let id = id.iter().find(|session| session["current"] == true).unwrap()["id"].clone();
    let path = format!("/api/v1/auth/sessions/{}", id.as_str().unwrap());

    let replies = join_all((0..6).map(|_| mine.delete(&path))).await;

    let mut codes: Vec<u16> = replies.iter().map(Reply::code).collect();
    codes.sort_unstable();
    assert_eq!(codes, [204, 404, 404, 404, 404, 404]);
}
