//! What is refused, and written into the security log.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    Browser, app_at, location, offering, parameter, person, reasons, refusal, security_log, suspend,
};
use crate::support::issuer::{Behaviour, Issuer, Signature};
use crate::support::{TestApp, minutes};

#[tokio::test]
async fn a_state_works_once() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    let mut browser = Browser::new(&app);
    let back = browser.agree("/api/v1/auth/oauth/google/start").await;
    assert_eq!(parameter(&location(browser.open(&back).await), "error"), None);

    let again = location(browser.open(&back).await);

    assert_eq!(refusal(&again), "oauth_state_invalid");
    assert_eq!(security_log(&app, "oauth_state_invalid").await.len(), 1);
}

#[tokio::test]
async fn a_state_works_in_the_browser_that_began_only() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    let (mut mine, mut other) = (Browser::new(&app), Browser::new(&app));
    let back = mine.agree("/api/v1/auth/oauth/google/start").await;
    other.open("/api/v1/auth/oauth/google/start").await;

    // Another browser, with a cookie of its own; and one without any.
    assert_eq!(refusal(&location(other.open(&back).await)), "oauth_state_invalid");
    let bare = location(Browser::new(&app).open(&back).await);
    assert_eq!(refusal(&bare), "oauth_state_invalid");
    assert!(other.me().await.is_none());

    // Nothing was used up: who began may end it.
    assert_eq!(parameter(&location(mine.open(&back).await), "error"), None);
    assert!(!security_log(&app, "oauth_state_invalid").await.is_empty());
}

#[tokio::test]
async fn an_altered_state_is_refused() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    let mut browser = Browser::new(&app);
    let back = browser.agree("/api/v1/auth/oauth/google/start").await;
    let state = parameter(&back, "state").unwrap();
    let altered = state.chars().rev().collect::<String>();

    for wrong in [
        back.replace(&state, &altered),
        back.replace(&format!("state={state}"), "other=x"),
        format!("{back}&state={state}"),
        back.replace("/google/", "/github/"),
    ] {
        let end = location(browser.open(&wrong).await);
        assert_eq!(refusal(&end), "oauth_state_invalid", "{wrong}");
    }

    assert!(browser.me().await.is_none());
}

#[tokio::test]
async fn a_sign_in_takes_fifteen_minutes_at_most() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    let mut browser = Browser::new(&app);
    let back = browser.agree("/api/v1/auth/oauth/google/start").await;
    app.clock.advance(minutes(15));

    assert_eq!(refusal(&location(browser.open(&back).await)), "oauth_state_invalid");
}

/// Signs in with a provider that behaves so; returns why that was refused.
async fn refused_by_token(change: impl FnOnce(&mut Behaviour)) -> String {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    issuer.behave(change);
    let mut browser = Browser::new(&app);

    let end = browser.sign_in("google").await;

    assert_eq!(refusal(&end), "oauth_failed");
    assert!(browser.me().await.is_none());
    let reasons = reasons(&app, "oauth_token_invalid").await;
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    reasons.into_iter().next().unwrap()
}

/// As [`refused_by_token`], with another claim.
async fn refused_by_claim(name: &str, value: Value) -> String {
    let name = name.to_owned();
    refused_by_token(move |behaviour| {
        behaviour.claims.insert(name, value);
    })
    .await
}

#[tokio::test]
async fn a_token_with_another_nonce_is_refused() {
    assert_eq!(refused_by_claim("nonce", json!("another")).await, "nonce");
    assert_eq!(refused_by_claim("nonce", Value::Null).await, "nonce");
}

#[tokio::test]
async fn a_token_of_another_issuer_is_refused() {
    assert_eq!(refused_by_claim("iss", json!("https://evil.test")).await, "issuer");
}

#[tokio::test]
async fn a_token_for_another_client_is_refused() {
    assert_eq!(refused_by_claim("aud", json!("somebody-else")).await, "audience");
    let both = json!(["retainer-client", "somebody-else"]);
    assert_eq!(refused_by_claim("aud", both).await, "audience");
    assert_eq!(refused_by_claim("azp", json!("somebody-else")).await, "audience");
}

#[tokio::test]
async fn a_token_that_is_over_is_refused() {
    assert_eq!(refused_by_claim("exp", json!(1_700_000_000)).await, "expired");
    assert_eq!(refused_by_claim("iat", json!(9_900_000_000_i64)).await, "expired");
}

#[tokio::test]
async fn forged_signatures_are_refused() {
    for (signature, reason) in [
        (Signature::ClientSecret, "alg"),
        (Signature::PublicKeyAsSecret, "alg"),
        (Signature::OtherKey, "signature"),
        (Signature::UnknownKid, "kid"),
    ] {
        let found = refused_by_token(|behaviour| behaviour.signature = signature).await;
        assert_eq!(found, reason, "{signature:?}");
    }
    let unsigned = refused_by_token(|behaviour| behaviour.signature = Signature::None).await;
    assert!(["alg", "no_token"].contains(&unsigned.as_str()), "{unsigned}");
}

#[tokio::test]
async fn an_access_token_that_the_id_token_does_not_vouch_for_is_refused() {
    let reason = refused_by_token(|behaviour| behaviour.wrong_access_token = true).await;

    assert_eq!(reason, "at_hash");
}

#[tokio::test]
async fn a_code_that_belongs_to_another_verifier_is_refused() {
    let reason = refused_by_token(|behaviour| behaviour.refuses_verifier = true).await;
    assert_eq!(reason, "code_refused");

    // A code of somebody else's sign-in, put into one's own.
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    let (mut victim, mut thief) = (Browser::new(&app), Browser::new(&app));
    let stolen = victim.agree("/api/v1/auth/oauth/google/start").await;
    let own = thief.agree("/api/v1/auth/oauth/google/start").await;
    let code = |url: &str| parameter(url, "code").unwrap();
    let injected = own.replace(&code(&own), &code(&stolen));

    let end = location(thief.open(&injected).await);

    assert_eq!(refusal(&end), "oauth_failed");
    assert!(thief.me().await.is_none());
}

#[tokio::test]
async fn made_up_keys_do_not_have_the_provider_asked_at_will() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    issuer.behave(|behaviour| behaviour.signature = Signature::UnknownKid);

    for _ in 0..5 {
        Browser::new(&app).sign_in("google").await;
    }

    let asked = issuer.calls().iter().filter(|path| *path == "/jwks").count();
    assert!(asked <= 2, "asked for the keys {asked} times");
}

#[tokio::test]
async fn a_token_of_another_tenant_than_it_names_is_refused() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    let (mine, theirs) =
        ("9188040d-6c67-4c5b-b112-36a304b66dad", "0b0b0b0b-6c67-4c5b-b112-36a304b66dad");
    issuer.claim("xms_edov", true);
    for (issuer_claim, tenant) in [
        (format!("{}/{theirs}/v2.0", issuer.url()), json!(mine)),
        (format!("https://evil.test/{mine}/v2.0"), json!(mine)),
        (format!("{}/{mine}/v2.0", issuer.url()), Value::Null),
        (format!("{}/x/../{mine}/v2.0", issuer.url()), json!(format!("x/../{mine}"))),
    ] {
        issuer.claim("iss", issuer_claim);
        issuer.claim("tid", tenant);

        let end = Browser::new(&app).sign_in("microsoft").await;

        assert_eq!(refusal(&end), "oauth_failed");
    }
    assert_eq!(reasons(&app, "oauth_token_invalid").await, ["issuer"]);
}

#[tokio::test]
async fn an_unverified_address_takes_nobody_over_and_makes_nobody() {
    use entity::user;
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    app.sign_in("ada@x.test").await;
    let tenant = "9188040d-6c67-4c5b-b112-36a304b66dad";
    for email in ["ada@x.test", "nobody@x.test"] {
        issuer.behave(|behaviour| {
            behaviour.github_emails = json!([
                {"email": email, "primary": true, "verified": false},
                {"email": email, "primary": false, "verified": true},
            ]);
            behaviour.facebook_person = json!({"id": "10", "email": email});
        });
        for (provider, issuer_claim, verified) in [
            ("google", issuer.url().to_owned(), json!(false)),
            ("google", issuer.url().to_owned(), Value::Null),
            ("github", issuer.url().to_owned(), Value::Null),
            ("facebook", issuer.url().to_owned(), Value::Null),
            // Whoever runs a tenant writes what they like into its accounts.
            ("microsoft", format!("{}/{tenant}/v2.0", issuer.url()), json!(true)),
        ] {
            person(&issuer, "mallory", email);
            issuer.claim("iss", issuer_claim);
            issuer.claim("tid", tenant);
            issuer.claim("email_verified", verified);
            let mut browser = Browser::new(&app);

            let end = browser.sign_in(provider).await;

            assert_eq!(refusal(&end), "email_unverified", "{provider} {email}");
            assert!(browser.me().await.is_none());
        }
    }
    assert!(reasons(&app, "login_refused").await.contains(&"email_unverified".to_owned()));
    let made = app
        .on_server(|app| async move {
            let query = user::Entity::find().filter(user::Column::Email.eq("nobody@x.test"));
            app.store().platform("a person of a test").one(query).await.unwrap()
        })
        .await;
    assert!(made.is_none());
}

#[tokio::test]
async fn an_account_without_address_is_told_so() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    issuer.behave(|behaviour| {
        behaviour.github_emails = json!([]);
        behaviour.facebook_person = json!({"id": "10"});
    });
    issuer.claim("email", Value::Null);

    for provider in ["google", "github", "facebook"] {
        let end = Browser::new(&app).sign_in(provider).await;
        assert_eq!(refusal(&end), "email_missing", "{provider}");
    }
    let page = Browser::new(&app).open("/auth/sign-in?error=email_missing").await;
    assert!(page.text().await.unwrap().contains("Sign in with a link once"));
}

#[tokio::test]
async fn a_suspended_person_does_not_come_in() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    Browser::new(&app).sign_in("google").await;
    suspend(&app, "ada@x.test").await;
    let mut browser = Browser::new(&app);

    let end = browser.sign_in("google").await;

    assert_eq!(refusal(&end), "account_suspended");
    assert!(browser.me().await.is_none());
    assert_eq!(reasons(&app, "login_refused").await, ["suspended"]);
}

#[tokio::test]
async fn a_provider_that_fails_is_an_error_that_says_so() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    let mut browser = Browser::new(&app);
    let back = browser.agree("/api/v1/auth/oauth/google/start").await;
    issuer.behave(|behaviour| behaviour.fails = true);

    let end = location(browser.open(&back).await);

    assert_eq!(refusal(&end), "upstream_failed");
    // Nothing of it is the security log's business, and nothing is left half done.
    assert!(security_log(&app, "oauth_token_invalid").await.is_empty());
    issuer.behave(|behaviour| behaviour.fails = false);
    assert_eq!(parameter(&browser.sign_in("google").await, "error"), None);
}

#[tokio::test]
async fn a_provider_that_is_not_there_or_too_slow_is_not_waited_for() {
    let issuer = Issuer::start();
    let app = TestApp::spawn_with(|options| {
        offering(options, &issuer)
            .set("OAUTH_TIMEOUT", "250ms")
            .set("OAUTH_GOOGLE_URL", "http://127.0.0.1:1")
    })
    .await;
    let start = |provider: &str| format!("/api/v1/auth/oauth/{provider}/start");
    app.anonymous().get(&start("google")).await.refused(502, "upstream_failed");
    let mut browser = Browser::new(&app);
    let back = browser.agree(&start("github")).await;
    issuer.behave(|behaviour| behaviour.delay = Duration::from_secs(20));

    let end = location(browser.open(&back).await);

    assert_eq!(refusal(&end), "upstream_failed");
    app.anonymous().get(&start("microsoft")).await.refused(502, "upstream_failed");
    issuer.behave(|behaviour| behaviour.delay = Duration::ZERO);
}

#[tokio::test]
async fn an_issuer_that_says_it_is_another_is_not_believed() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    issuer.behave(|behaviour| behaviour.discovers_as = Some("https://accounts.example".to_owned()));

    let start = "/api/v1/auth/oauth/google/start";

    app.anonymous().get(start).await.refused(502, "upstream_failed");
}

#[tokio::test]
async fn a_client_that_would_rather_have_json_gets_a_problem_document() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    let callback = "/api/v1/auth/oauth/google/callback?state=x&code=y";

    let caller = app.anonymous().with("Accept", "application/json");

    caller.get(callback).await.refused(401, "oauth_state_invalid");
    app.anonymous().get(callback).await.expect(302);
}

#[tokio::test]
async fn of_parallel_returns_with_one_state_one_signs_in() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    let mut browser = Browser::new(&app);
    let back = browser.agree("/api/v1/auth/oauth/google/start").await;
    let returns = futures_util::future::join_all((0..5).map(|_| {
        let mut copy = Browser::new(&app);
        copy.cookies.clone_from(&browser.cookies);
        let back = &back;
        async move { parameter(&location(copy.open(back).await), "error") }
    }))
    .await;

    let signed_in = returns.iter().filter(|error| error.is_none()).count();

    assert_eq!(signed_in, 1, "{returns:?}");
}
