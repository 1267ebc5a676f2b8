//! The security log, the keys of access tokens, and what strangers can learn.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use entity::{job, security_event, user};
use futures_util::future::join_all;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use kernel::ports::clock::{Clock, SystemRng};
use kernel::tenancy;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use crate::support::{Client, Reply, TestApp, days, minutes};

/// The entries of a kind, oldest first.
async fn log(app: &TestApp, kind: &'static str) -> Vec<security_event::Model> {
    app.on_server(move |app| async move {
        let query = security_event::Entity::find()
            .filter(security_event::Column::Kind.eq(kind))
            .order_by_asc(security_event::Column::Id);
        app.store().platform("a test reads the security log").all(query).await.unwrap()
    })
    .await
}

async fn reasons(app: &TestApp, kind: &'static str) -> Vec<String> {
    let entries = log(app, kind).await;
    entries.iter().map(|entry| entry.detail["reason"].as_str().unwrap().to_owned()).collect()
}

async fn sign_in(app: &TestApp, email: &str) -> Value {
    app.anonymous().post("/api/v1/auth/magic-link", json!({"email": email})).await.accepted();
    app.run_jobs().await;
    let token = app.magic_link_token(email).await;
    verify(app, &token).await.ok()
}

async fn verify(app: &TestApp, token: &str) -> Reply {
    app.anonymous().post("/api/v1/auth/magic-link/verify", json!({"token": token})).await
}

async fn refresh(app: &TestApp, tokens: &Value) -> Reply {
    let body = json!({"refresh_token": tokens["refresh_token"]});
    app.anonymous().post("/api/v1/auth/refresh", body).await
}

fn with(app: &TestApp, tokens: &Value) -> Client {
    app.anonymous().with_token(tokens["access_token"].as_str().unwrap())
}

fn keys(app: &TestApp) -> PathBuf {
    app.app().config().data_dir.join("keys")
}

/// The parts of a token that can be read without its key.
fn parts(token: &str) -> (Value, Value) {
    let part = |number: usize| {
        let text = token.split('.').nth(number).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
    };
    (part(0), part(1))
}

#[tokio::test]
async fn signing_in_and_out_is_in_the_security_log() {
    let app = TestApp::spawn().await;
    let tokens = sign_in(&app, "ada@x.test").await;
    let ada =
        with(&app, &tokens).with("User-Agent", "a browser").with("X-Request-Id", "sign-out-1");
    let id = ada.get("/api/v1/me").await.ok()["id"].clone();

    ada.act("/api/v1/auth/logout").await.no_content();

    let login = log(&app, "login").await.pop().unwrap();
    assert_eq!(json!(login.user_id), id);
    assert_eq!(login.detail["method"], "magic_link");
    let logout = log(&app, "logout").await.pop().unwrap();
    assert_eq!(json!(logout.user_id), id);
    assert_eq!(logout.ip.as_deref(), Some("127.0.0.1"));
    assert_eq!(logout.user_agent.as_deref(), Some("a browser"));
    assert_eq!(logout.request_id.as_deref(), Some("sign-out-1"));
}

#[tokio::test]
async fn a_link_that_comes_back_is_refused_and_logged_without_the_address() {
    let app = TestApp::spawn().await;
    app.anonymous()
        .post("/api/v1/auth/magic-link", json!({"email": "ada@x.test"}))
        .await
        .accepted();
    app.run_jobs().await;
    let token = app.magic_link_token("ada@x.test").await;
    verify(&app, &token).await.ok();

    verify(&app, &token).await.refused(401, "invalid_token");
    verify(&app, "made-up").await.refused(401, "invalid_token");

    let entries = log(&app, "magic_link_replayed").await;
    assert_eq!(entries.len(), 1);
    let hash = kernel::text::sha256_hex("ada@x.test");
    assert_eq!(entries[0].email_hash.as_deref(), Some(hash.as_str()));
    let row = format!("{:?}", entries[0]);
    assert!(!row.contains("ada@x.test") && !row.contains(&token), "{row}");
}

#[tokio::test]
async fn a_reused_refresh_token_ends_its_family_and_is_logged() {
    let app = TestApp::spawn().await;
    let stolen = sign_in(&app, "ada@x.test").await;
    let newest = refresh(&app, &stolen).await.ok();
    app.clock.advance(TimeDelta::seconds(61));

    refresh(&app, &stolen).await.refused(401, "token_reused");

    refresh(&app, &newest).await.refused(401, "session_ended");
    with(&app, &newest).get("/api/v1/me").await.refused(401, "session_ended");
    let entries = log(&app, "token_reuse").await;
    assert_eq!(entries.len(), 1);
    assert!(entries[0].user_id.is_some());
    let row = format!("{:?}", entries[0]);
    assert!(!row.contains(stolen["refresh_token"].as_str().unwrap()), "{row}");
}

#[tokio::test]
async fn forged_tokens_are_refused_and_logged_with_the_reason() {
    let app = TestApp::spawn().await;
    let tokens = sign_in(&app, "ada@x.test").await;
    let real = tokens["access_token"].as_str().unwrap();
    let (head, claims) = parts(real);
    let kid = head["kid"].as_str().unwrap().to_owned();
    let pem = std::fs::read(keys(&app).join("jwt-ed25519.pem")).unwrap();
    let own = EncodingKey::from_ed_pem(&pem).unwrap();
    let signed = |key: &EncodingKey, alg, kid: &str, changed: Value| {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
        let mut header = Header::new(alg);
        header.kid = Some(kid.to_owned());
        jsonwebtoken::encode(&header, &claims, key).unwrap()
    };
    let other_folder = tempfile::tempdir().unwrap();
    tenancy::AccessTokens::in_folder(other_folder.path(), &SystemRng).unwrap();
    let other = std::fs::read(other_folder.path().join("jwt-ed25519.pem")).unwrap();
    let other = EncodingKey::from_ed_pem(&other).unwrap();
    let jwks = app.anonymous().get("/.well-known/jwks.json").await.ok();
    let public = URL_SAFE_NO_PAD.decode(jwks["keys"][0]["x"].as_str().unwrap()).unwrap();
    let unsigned = {
        let head = URL_SAFE_NO_PAD.encode(json!({"alg": "none", "kid": kid}).to_string());
        format!("{head}.{}.", real.split('.').nth(1).unwrap())
    };
    let past = json!({"exp": claims["iat"].as_i64().unwrap() - 60});
    use Algorithm::{EdDSA, HS256};
    let forged = [
        ("alg", unsigned),
        ("alg", signed(&EncodingKey::from_secret(&public), HS256, &kid, json!({}))),
        ("kid", signed(&own, EdDSA, "another", json!({}))),
        ("signature", signed(&other, EdDSA, &kid, json!({}))),
        ("issuer", signed(&own, EdDSA, &kid, json!({"iss": "https://evil.test"}))),
        ("audience", signed(&own, EdDSA, &kid, json!({"aud": "another"}))),
        ("claims", signed(&own, EdDSA, &kid, json!({"sub": "nobody"}))),
        ("expired", signed(&own, EdDSA, &kid, past)),
    ];
    // What is changed in none of them works.
    let same = signed(&own, EdDSA, &kid, json!({}));
    app.anonymous().with_token(&same).get("/api/v1/me").await.ok();

    for (reason, token) in &forged {
        let code = if *reason == "expired" { "token_expired" } else { "unauthenticated" };
        let refused = app.anonymous().with_token(token).get("/api/v1/me").await;
        assert_eq!(refused.header("www-authenticate").map(|v| v.starts_with("Bearer")), Some(true));
        refused.refused(401, code);
        app.clock.advance(TimeDelta::seconds(61));
    }

    let expected: Vec<&str> = forged.iter().map(|(reason, _)| *reason).collect();
    assert_eq!(reasons(&app, "access_token_invalid").await, expected);
    let rows = format!("{:?}", log(&app, "access_token_invalid").await);
    assert!(forged.iter().all(|(_, token)| !rows.contains(token)));
}

#[tokio::test]
async fn one_address_fills_one_row_a_minute() {
    let app = TestApp::spawn().await;
    let guess = async || {
        app.anonymous().with_token("a.b.c").get("/api/v1/me").await.refused(401, "unauthenticated");
    };

    for _ in 0..20 {
        guess().await;
    }
    assert_eq!(log(&app, "access_token_invalid").await.len(), 1);
    app.clock.advance(minutes(1));
    guess().await;

    let entries = log(&app, "access_token_invalid").await;
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[1].detail["left_out"], 19);
}

#[tokio::test]
async fn entries_are_kept_for_ninety_days() {
    let app = TestApp::spawn().await;
    sign_in(&app, "ada@x.test").await;
    app.clock.advance(days(89));
    sign_in(&app, "grace@x.test").await;
    let before = log(&app, "login").await.len();
    let upkeep = async || {
        app.on_server(|app| async move { kernel::upkeep::sweep(&app).await.unwrap() }).await;
    };

    upkeep().await;
    assert_eq!(log(&app, "login").await.len(), before);
    app.clock.advance(days(2));
    upkeep().await;

    let left = log(&app, "login").await;
    assert_eq!(left.len(), 1);
}

#[tokio::test]
async fn the_published_keys_verify_a_token_outside_the_server() {
    let app = TestApp::spawn().await;
    let tokens = sign_in(&app, "ada@x.test").await;
    let token = tokens["access_token"].as_str().unwrap();

    let published = app.anonymous().get("/.well-known/jwks.json").await.expect(200);

    assert_eq!(published.content_type(), Some("application/jwk-set+json"));
    assert_eq!(published.header("cache-control"), Some("public, max-age=300"));
    let shown = published.json();
    let mut members: Vec<&String> = shown["keys"][0].as_object().unwrap().keys().collect();
    members.sort();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"], "and no private part");
    let set: JwkSet = serde_json::from_slice(published.bytes()).unwrap();
    let kid = jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
    let key = DecodingKey::from_jwk(set.find(&kid).expect("the key that signed")).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&["retainer"]);
    validation.set_audience(&["retainer"]);
    let claims = jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap().claims;
    let me = with(&app, &tokens).get("/api/v1/me").await.ok();
    assert_eq!(claims["sub"], me["id"]);
}

#[tokio::test]
async fn the_key_is_replaced_under_load_without_a_failed_request() {
    const CALLERS: usize = 4;
    const ROUNDS: usize = 12;
    let app = TestApp::spawn().await;
    let replica = app.replica().await;
    let first = sign_in(&app, "ada@x.test").await;
    let mut callers = Vec::new();
    for number in 0..CALLERS {
        callers.push(sign_in(&app, &format!("caller{number}@x.test")).await);
    }
    let rotations = AtomicUsize::new(0);
    let working = |mut tokens: Value| {
        let (app, replica) = (&app, &replica);
        async move {
            for round in 0..ROUNDS {
                // Signed by one, verified by the other; and the other way round.
                let (signs, verifies) =
                    if round % 2 == 0 { (app, replica) } else { (replica, app) };
                tokens = refresh(signs, &tokens).await.ok();
                for server in [verifies, signs] {
                    with(server, &tokens).get("/api/v1/me").await.ok();
                }
            }
            tokens
        }
    };
    let rotating = async {
        for _ in 0..3 {
            tenancy::retire(&keys(&app), &SystemRng, app.clock.now()).unwrap();
            rotations.fetch_add(1, Ordering::SeqCst);
            // Both notice by themselves within ten seconds of their clock.
            app.clock.advance(TimeDelta::seconds(6));
            for _ in 0..3 {
                with(&app, &first).get("/api/v1/me").await.ok();
                with(&replica, &first).get("/api/v1/me").await.ok();
            }
            app.clock.advance(TimeDelta::seconds(6));
        }
    };

    let (done, ()) = futures_util::join!(join_all(callers.into_iter().map(working)), rotating);

    assert_eq!(rotations.load(Ordering::SeqCst), 3);
    let mut all = done;
    all.push(refresh(&app, &first).await.ok());
    for tokens in &all {
        for server in [&app, &replica] {
            with(server, tokens).get("/api/v1/me").await.ok();
        }
    }
    let published = app.anonymous().get("/.well-known/jwks.json").await.ok();
    assert_eq!(published["keys"].as_array().unwrap().len(), 4);
    assert!(log(&app, "access_token_invalid").await.is_empty());
    // The retired keys verify nothing once their last token has ended.
    app.clock.advance(minutes(20));
    let published = app.anonymous().get("/.well-known/jwks.json").await.ok();
    assert_eq!(published["keys"].as_array().unwrap().len(), 1);
}

/// Everything of an answer that a stranger can compare, with what must differ taken out.
fn comparable(reply: &Reply, differ: &[&str]) -> (String, Vec<String>, String) {
    let names = reply.header_names().iter().map(|name| (*name).to_owned()).collect();
    let mut body = reply.text();
    for text in differ {
        body = body.replace(text, "…");
    }
    (reply.status(), names, body)
}

/// What waits in the queue: kind and shape, without the values.
async fn queued(app: &TestApp) -> Vec<(String, Vec<String>)> {
    let jobs = app
        .on_server(|app| async move {
            let query = job::Entity::find()
                .filter(job::Column::State.eq(job::JobState::Ready))
                .order_by_asc(job::Column::Id);
            app.store().platform("a test reads the queue").all(query).await.unwrap()
        })
        .await;
    let shape = |payload: &Value| payload.as_object().unwrap().keys().cloned().collect();
    jobs.iter().map(|job| (job.name.clone(), shape(&job.payload))).collect()
}

async fn people(app: &TestApp) -> usize {
    app.on_server(|app| async move {
        app.store().platform("a test counts").all(user::Entity::find()).await.unwrap().len()
    })
    .await
}

/// An answer, and the statements that ran until it was there, without their values.
async fn work_of(app: &TestApp, request: impl Future<Output = Reply>) -> (Reply, Vec<String>) {
    app.app().store().note_statements();
    let reply = request.await;
    (reply, app.app().store().noted_statements())
}

/// Whether a list of statements has one that begins so.
fn has(statements: &[String], beginning: &str) -> bool {
    statements.iter().any(|sql| sql.starts_with(beginning))
}

#[tokio::test]
async fn asking_for_a_link_is_the_same_work_whoever_it_is() {
    let app = TestApp::spawn().await;
    sign_in(&app, "known@x.test").await;
    let ask = async |email: &str| {
        let body = json!({"email": email});
        let client = app.anonymous();
        let ask = client.post("/api/v1/auth/magic-link", body);
        let (reply, statements) = work_of(&app, ask).await;
        reply.accepted();
        app.run_jobs().await;
        statements
    };

    let known = ask("known@x.test").await;
    let unknown = ask("nobody@x.test").await;

    assert_eq!(known, unknown);
    assert!(has(&known, "INSERT INTO \"jobs\""), "{known:#?}");
    assert!(!known.iter().any(|sql| sql.contains("\"users\"")), "{known:#?}");
}

#[tokio::test]
async fn a_link_that_does_not_work_is_the_same_work_whatever_the_reason() {
    let app = TestApp::spawn().await;
    let body = json!({"email": "late@x.test"});
    app.anonymous().post("/api/v1/auth/magic-link", body).await.accepted();
    app.run_jobs().await;
    let expired = app.magic_link_token("late@x.test").await;
    app.clock.advance(minutes(16));
    sign_in(&app, "ada@x.test").await;
    let used = app.magic_link_token("ada@x.test").await;
    let open = async |token: &str| {
        let (reply, statements) = work_of(&app, verify(&app, token)).await;
        reply.refused(401, "invalid_token");
        // The log takes one row a minute of each kind from one address.
        app.clock.advance(minutes(1));
        statements
    };

    let of_unknown = open("made-up").await;
    let of_used = open(&used).await;
    let of_expired = open(&expired).await;

    assert_eq!(of_used, of_unknown);
    assert_eq!(of_expired, of_unknown);
    assert!(has(&of_used, "INSERT INTO \"security_events\""), "{of_used:#?}");
    assert_eq!(log(&app, "magic_link_replayed").await.len(), 1);
    assert_eq!(reasons(&app, "login_refused").await, ["unknown_link", "unknown_link"]);
}

#[tokio::test]
async fn an_invitation_is_the_same_work_whoever_it_is() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    sign_in(&app, "known@x.test").await;
    let invite = async |email: &str| {
        let body = json!({"email": email, "role": "member"});
        let (reply, statements) = work_of(&app, owner.post("/members", body)).await;
        reply.created();
        app.run_jobs().await;
        statements
    };
    // The first invitation of an agency may find a counter missing.
    invite("first@x.test").await;

    let known = invite("known@x.test").await;
    let unknown = invite("nobody@x.test").await;

    assert_eq!(known, unknown);
    for table in ["users", "agency_memberships", "jobs"] {
        assert!(has(&known, &format!("INSERT INTO \"{table}\"")), "{table}: {known:#?}");
    }
}

#[tokio::test]
async fn asking_for_a_link_tells_nothing_of_who_has_an_account() {
    let app = TestApp::spawn().await;
    sign_in(&app, "known@x.test").await;
    let before = people(&app).await;
    let ask = async |email: &str| {
        let ask = app.anonymous().post("/api/v1/auth/magic-link", json!({"email": email})).await;
        let work = queued(&app).await;
        app.run_jobs().await;
        (comparable(&ask, &[]), work)
    };

    let known = ask("known@x.test").await;
    let unknown = ask("nobody@x.test").await;

    assert_eq!(known, unknown);
    assert_eq!(known.1.len(), 1, "one job, whoever it is");
    assert_eq!(people(&app).await, before, "nobody is made by asking");
}

#[tokio::test]
async fn an_invitation_tells_nothing_of_who_has_an_account() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let known = sign_in(&app, "known@x.test").await;
    let picture = json!({"avatar": "https://x.test/known.png"});
    with(&app, &known).patch("/api/v1/me", picture).await.ok();
    app.run_jobs().await;
    let invite = async |email: &str| {
        let body = json!({"email": email, "role": "member"});
        let reply = owner.post("/members", body).await;
        let work = queued(&app).await;
        let shown = reply.json();
        let differ: Vec<&str> = ["id", "email", "invited_at", "created_at", "updated_at"]
            .iter()
            .map(|name| shown[*name].as_str().unwrap())
            .collect();
        let listed = owner.get(&format!("/members/{}", shown["id"].as_str().unwrap())).await;
        let seen = [comparable(&reply, &differ), comparable(&listed, &differ)];
        app.run_jobs().await;
        (seen, work)
    };

    let of_known = invite("known@x.test").await;
    let of_unknown = invite("nobody@x.test").await;

    assert_eq!(of_known, of_unknown);
    assert!(of_known.0[0].2.contains(r#""status":"invited""#), "{}", of_known.0[0].2);
    // The one who has an account is in all the same, a moment later.
    with(&app, &known).in_agency("acme").get("").await.ok();
}

#[tokio::test]
async fn nothing_of_a_secret_is_in_the_security_log() {
    let app = Arc::new(TestApp::spawn().await);
    let tokens = sign_in(&app, "ada@x.test").await;
    refresh(&app, &tokens).await.ok();
    with(&app, &tokens).delete("/api/v1/auth/sessions").await.no_content();
    with(&app, &tokens).act("/api/v1/auth/logout").await.no_content();

    let rows = app
        .on_server(|app| async move {
            let query = security_event::Entity::find();
            app.store().platform("a test reads the security log").all(query).await.unwrap()
        })
        .await;

    let rows = format!("{rows:?}");
    for secret in ["access_token", "refresh_token"] {
        assert!(!rows.contains(tokens[secret].as_str().unwrap()), "{secret}");
    }
    assert!(!rows.contains("ada@x.test"), "addresses are not kept");
}
