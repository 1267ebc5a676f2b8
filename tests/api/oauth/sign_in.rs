//! Signing in with each provider.

use futures_util::future::join_all;
use serde_json::json;

use super::{Browser, app_at, location, offering, parameter, person, security_log};
use crate::support::issuer::Issuer;
use crate::support::{TestApp, minutes};

#[tokio::test]
async fn nothing_is_offered_that_is_not_configured() {
    let app = TestApp::spawn().await;

    let providers = app.anonymous().get("/api/v1/auth/providers").await.ok();

    assert_eq!(providers["oauth"], json!([]));
    for name in ["google", "github", "microsoft", "facebook", "sso", "nonsense"] {
        let path = format!("/api/v1/auth/oauth/{name}");
        app.anonymous().get(&format!("{path}/start")).await.refused(404, "not_found");
        app.anonymous().get(&format!("{path}/callback")).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn what_is_configured_is_offered_in_the_api_and_on_the_page() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;

    let providers = app.anonymous().get("/api/v1/auth/providers").await.ok();
    let page = app.anonymous().get("/auth/sign-in").await.expect(200).text();

    let names: Vec<_> = providers["oauth"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Google", "GitHub", "Microsoft", "Facebook"]);
    assert!(page.contains("/api/v1/auth/oauth/github/start"), "{page}");
}

#[tokio::test]
async fn google_signs_a_new_person_in_and_knows_them_again() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    issuer.claim("email", "Ada@X.test");

    let mut browser = Browser::new(&app);
    let end = browser.sign_in("google").await;

    assert_eq!(end, format!("{}/auth/signed-in", app.url()));
    let first = browser.me().await.expect("somebody is signed in");
    assert_eq!(first["email"], "ada@x.test");
    assert_eq!(browser.open("/auth/signed-in").await.status().as_u16(), 200);
    // The subject decides, whatever address comes with it, verified or not.
    issuer.claim("email", "other@x.test");
    issuer.claim("email_verified", false);
    let mut elsewhere = Browser::new(&app);
    elsewhere.sign_in("google").await;
    assert_eq!(elsewhere.me().await.expect("the same person")["id"], first["id"]);
    let logins = security_log(&app, "login").await;
    let by_google = logins.iter().filter(|row| row.detail["method"] == "google").count();
    assert_eq!(by_google, 2);
}

#[tokio::test]
async fn github_signs_in_with_the_primary_verified_address() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    issuer.behave(|behaviour| {
        behaviour.github_emails = json!([
            {"email": "old@x.test", "primary": false, "verified": true},
            {"email": "ada@x.test", "primary": true, "verified": true},
        ]);
    });

    let mut browser = Browser::new(&app);
    browser.sign_in("github").await;

    assert_eq!(browser.email().await, "ada@x.test");
}

#[tokio::test]
async fn microsoft_signs_in_when_the_domain_of_the_address_is_vouched_for() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    let tenant = "9188040d-6c67-4c5b-b112-36a304b66dad";
    issuer.claim("iss", format!("{}/{tenant}/v2.0", issuer.url()));
    issuer.claim("tid", tenant);
    issuer.claim("email_verified", json!(null));
    issuer.claim("xms_edov", "1");

    let mut browser = Browser::new(&app);
    browser.sign_in("microsoft").await;

    assert_eq!(browser.email().await, "ada@x.test");
}

#[tokio::test]
async fn an_address_that_is_known_already_leads_to_its_person() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    let ada = app.sign_in("ada@x.test").await;

    let mut browser = Browser::new(&app);
    browser.sign_in("google").await;

    let me = browser.me().await.expect("somebody is signed in");
    assert_eq!(me["id"], ada.user_id().to_string());
    // Two providers that vouch for one address lead to one person (DEC-12).
    issuer.behave(|behaviour| {
        behaviour.github_emails =
            json!([{"email": "ADA@x.test", "primary": true, "verified": true}]);
    });
    let mut other = Browser::new(&app);
    other.sign_in("github").await;
    assert_eq!(other.me().await.expect("the same person")["id"], me["id"]);
}

#[tokio::test]
async fn an_invitation_is_accepted_by_signing_in_with_a_provider() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    let agency = app.agency("acme").await;
    let invitation = json!({"email": "ada@x.test", "role": "member"});
    agency.owner().post("/members", invitation).await.created();
    app.run_jobs().await;

    let mut browser = Browser::new(&app);
    browser.sign_in("google").await;

    let me = browser.me().await.expect("somebody is signed in");
    assert_eq!(me["agencies"][0]["slug"], "acme");
    assert_eq!(me["agencies"][0]["role"], "member");
}

#[tokio::test]
async fn a_sign_in_leads_where_the_client_wanted_and_nowhere_else() {
    let issuer = Issuer::start();
    let origin = "https://app.example.com";
    let app =
        TestApp::spawn_with(|options| offering(options, &issuer).set("CLIENT_ORIGINS", origin))
            .await;
    let start = "/api/v1/auth/oauth/google/start";
    let mut browser = Browser::new(&app);

    let wanted = "https%3A%2F%2Fapp.example.com%2Fwelcome%3Fa%3D1";
    let back = browser.agree(&format!("{start}?return_url={wanted}")).await;
    assert_eq!(location(browser.open(&back).await), "https://app.example.com/welcome?a=1");

    assert_eq!(browser.sign_in("google").await, "https://app.example.com/");
    // A refusal leads there too.
    issuer.behave(|behaviour| behaviour.denies = true);
    let back = browser.agree(&format!("{start}?return_url={wanted}")).await;
    let end = location(browser.open(&back).await);
    assert_eq!(end, "https://app.example.com/welcome?a=1&error=oauth_denied");
    let evil = format!("{start}?return_url=https%3A%2F%2Fevil.test%2F");
    app.anonymous().get(&evil).await.refused(422, "validation_failed");
}

#[tokio::test]
async fn the_cookies_of_a_sign_in_are_out_of_reach_of_scripts() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    let mut browser = Browser::new(&app);
    let started = browser.open("/api/v1/auth/oauth/google/start?invite_token=abc").await;
    let cookies = |response: &reqwest::Response| {
        let all = response.headers().get_all("set-cookie").iter();
        all.map(|cookie| cookie.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };

    let at_start = cookies(&started);
    let back = location(browser.open(&location(started)).await);
    let at_end = cookies(&browser.open(&back).await);

    for name in ["login_browser=", "beta_invite_token=abc;"] {
        assert!(at_start.iter().any(|cookie| cookie.starts_with(name)), "{name} in {at_start:?}");
    }
    for name in ["access_token=", "refresh_token="] {
        assert!(at_end.iter().any(|cookie| cookie.starts_with(name)), "{name} in {at_end:?}");
    }
    for cookie in at_start.iter().chain(&at_end) {
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    }
}

#[tokio::test]
async fn sign_ins_in_two_tabs_do_not_disturb_each_other() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    let mut browser = Browser::new(&app);

    let first = browser.agree("/api/v1/auth/oauth/google/start").await;
    let second = browser.agree("/api/v1/auth/oauth/google/start").await;

    for back in [second, first] {
        let end = location(browser.open(&back).await);
        assert_eq!(parameter(&end, "error"), None, "{end}");
    }
}

#[tokio::test]
async fn parallel_first_sign_ins_make_one_person_and_one_account() {
    use sea_orm::EntityTrait;

    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    let ends = join_all((0..6).map(|_| async {
        let mut browser = Browser::new(&app);
        let end = browser.sign_in("google").await;
        assert_eq!(parameter(&end, "error"), None, "{end}");
        browser.me().await.expect("somebody is signed in")["id"].clone()
    }))
    .await;

    assert!(ends.iter().all(|id| *id == ends[0]), "{ends:?}");
    let rows = app
        .on_server(|app| async move {
            let platform = app.store().platform("the accounts of a test");
            platform.all(entity::external_identity::Entity::find()).await.unwrap()
        })
        .await;
    assert_eq!(rows.len(), 1);
}

#[tokio::test]
async fn keys_that_the_provider_has_changed_are_read_again() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    Browser::new(&app).sign_in("google").await;
    issuer.rotate_keys();
    app.clock.advance(minutes(2));
    issuer.clock.advance(minutes(2));

    let mut browser = Browser::new(&app);
    browser.sign_in("google").await;

    assert_eq!(browser.email().await, "ada@x.test");
}

#[tokio::test]
async fn what_a_provider_says_of_itself_is_read_once_an_hour() {
    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    Browser::new(&app).sign_in("google").await;
    let asked = |calls: Vec<String>| {
        calls.iter().filter(|path| path.ends_with("/openid-configuration")).count()
    };
    assert_eq!(asked(issuer.calls()), 1);

    Browser::new(&app).sign_in("google").await;
    assert_eq!(asked(issuer.calls()), 0);
    app.clock.advance(minutes(61));
    issuer.clock.advance(minutes(61));
    Browser::new(&app).sign_in("google").await;

    assert_eq!(asked(issuer.calls()), 1);
}

#[tokio::test]
async fn nothing_that_a_sign_in_depends_on_is_stored_as_it_is() {
    use sea_orm::EntityTrait;

    let issuer = Issuer::start();
    let app = app_at(&issuer).await;
    let mut browser = Browser::new(&app);
    let away = location(browser.open("/api/v1/auth/oauth/google/start").await);
    let state = parameter(&away, "state").unwrap();
    let nonce = parameter(&away, "nonce").unwrap();
    let rows = app
        .on_server(|app| async move {
            let platform = app.store().platform("the sign-ins of a test");
            let rows = platform.all(entity::login_state::Entity::find()).await.unwrap();
            rows.into_iter().map(|row| (format!("{row:?}"), row.sealed)).collect::<Vec<_>>()
        })
        .await;

    assert_eq!(rows.len(), 1);
    let (text, sealed) = &rows[0];
    for secret in [&state, &nonce, &browser.cookies["login_browser"]] {
        assert!(!text.contains(secret.as_str()));
        assert!(!sealed.windows(secret.len()).any(|part| part == secret.as_bytes()));
    }
    person(&issuer, "1", "ada@x.test");
    let back = location(browser.open(&away).await);
    assert_eq!(parameter(&location(browser.open(&back).await), "error"), None);
}

#[tokio::test]
async fn a_second_factor_is_asked_for_as_with_every_other_way() {
    let issuer = Issuer::start();
    let app =
        TestApp::spawn_with(|options| offering(options, &issuer).set("SECOND_FACTOR", "required"))
            .await;
    let mut browser = Browser::new(&app);

    let end = browser.sign_in("google").await;

    assert_eq!(parameter(&end, "second_factor").as_deref(), Some("required"), "{end}");
    assert!(browser.cookies.contains_key("session_token"));
    assert!(!browser.cookies.contains_key("access_token"));
    assert!(browser.me().await.is_none());
}
