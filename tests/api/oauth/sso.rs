//! Single sign-on: whom an agency's issuer may vouch for, and whom not.

use serde_json::{Value, json};

use super::{Browser, location, parameter, person, reasons, refusal, security_log, suspend};
use crate::support::issuer::{CLIENT_ID, CLIENT_SECRET, Issuer, Signature};
use crate::support::{Agency, FakeDns, TestApp, days};

/// A server whose agencies may use an issuer on this machine.
async fn app_with(dns: &FakeDns) -> TestApp {
    TestApp::spawn_with(|options| {
        options.dns(dns).set("SSO_PRIVATE_ISSUERS", "true").set("OAUTH_TIMEOUT", "5s")
    })
    .await
}

/// What an owner sets up.
fn settings(issuer: &Issuer, domains: &[&str]) -> Value {
    json!({"issuer": issuer.url(), "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
        "domains": domains})
}

/// Sets an issuer up and proves its domains.
async fn set_up(dns: &FakeDns, agency: &Agency, issuer: &Issuer, domains: &[&str]) {
    let shown = agency.owner().put("/sso", settings(issuer, domains)).await.ok();
    for domain in shown["domains"].as_array().unwrap() {
        let text = |name: &str| domain[name].as_str().unwrap();
        dns.add(text("record_name"), text("record_value"));
    }
    let shown = agency.owner().act("/sso/verify-domains").await.ok();
    assert!(shown["domains"].as_array().unwrap().iter().all(|d| !d["verified_at"].is_null()));
}

/// Signs in with the issuer of an agency; returns where it ends.
async fn sign_in(browser: &mut Browser, slug: &str) -> String {
    let back = browser.agree(&format!("/api/v1/auth/sso/{slug}/start")).await;
    location(browser.open(&back).await)
}

#[tokio::test]
async fn a_member_signs_in_with_the_issuer_of_the_agency() {
    let (issuer, dns) = (Issuer::start(), FakeDns::default());
    let app = app_with(&dns).await;
    let acme = app.agency("acme").await;
    set_up(&dns, &acme, &issuer, &["acme.test"]).await;
    person(&issuer, "17", "Member@Acme.test");

    let mut browser = Browser::new(&app);
    let end = sign_in(&mut browser, "acme").await;

    assert_eq!(parameter(&end, "error"), None, "{end}");
    assert_eq!(browser.email().await, "member@acme.test");
    let logins = security_log(&app, "login").await;
    assert!(logins.iter().any(|row| row.detail["method"] == "sso"));
    let mine = acme.member().root().get("/api/v1/me/identities").await.ok();
    assert_eq!(mine["data"][0]["agency_id"], acme.id().to_string());
    // Known by its subject from now on; the issuer may say another address of its domains.
    person(&issuer, "17", "married@acme.test");
    let mut again = Browser::new(&app);
    sign_in(&mut again, "acme").await;
    assert_eq!(again.email().await, "member@acme.test");
}

#[tokio::test]
async fn somebody_invited_comes_in_and_is_a_member() {
    let (issuer, dns) = (Issuer::start(), FakeDns::default());
    let app = app_with(&dns).await;
    let acme = app.agency("acme").await;
    set_up(&dns, &acme, &issuer, &["acme.test"]).await;
    let invitation = json!({"email": "new@acme.test", "role": "member"});
    acme.owner().post("/members", invitation).await.created();
    app.run_jobs().await;
    person(&issuer, "18", "new@acme.test");

    let mut browser = Browser::new(&app);
    sign_in(&mut browser, "acme").await;

    assert_eq!(browser.me().await.expect("somebody is signed in")["agencies"][0]["slug"], "acme");
}

#[tokio::test]
async fn an_owner_cannot_take_over_a_person_by_saying_their_address() {
    let (issuer, dns) = (Issuer::start(), FakeDns::default());
    let app = app_with(&dns).await;
    let evil = app.agency("evil").await;
    let victim = app.agency("victim").await;
    set_up(&dns, &evil, &issuer, &["evil.test"]).await;
    // The victim is even a member of the agency: known people are added without being asked.
    let addition = json!({"email": victim.owner().email(), "role": "member"});
    evil.owner().post("/members", addition).await.created();
    app.run_jobs().await;
    person(&issuer, "owner", victim.owner().email());
    let mut browser = Browser::new(&app);

    assert_eq!(refusal(&sign_in(&mut browser, "evil").await), "sso_domain_unproven");

    // Nor by naming the domain, which the domain name system does not confirm.
    evil.owner().put("/sso", settings(&issuer, &["evil.test", "victim.test"])).await.ok();
    evil.owner().act("/sso/verify-domains").await.ok();
    assert_eq!(refusal(&sign_in(&mut browser, "evil").await), "sso_domain_unproven");

    // Nor with the record of the other agency.
    set_up(&dns, &victim, &issuer, &["victim.test"]).await;
    evil.owner().act("/sso/verify-domains").await.ok();
    assert_eq!(refusal(&sign_in(&mut browser, "evil").await), "sso_domain_unproven");

    assert!(browser.me().await.is_none());
    assert!(reasons(&app, "login_refused").await.contains(&"sso_domain_unproven".to_owned()));
}

#[tokio::test]
async fn an_issuer_cannot_vouch_by_a_subject_that_another_agency_s_issuer_gave() {
    let (issuer, dns) = (Issuer::start(), FakeDns::default());
    let app = app_with(&dns).await;
    let (acme, evil) = (app.agency("acme").await, app.agency("evil").await);
    set_up(&dns, &acme, &issuer, &["acme.test"]).await;
    // The same issuer, as a host of many would be.
    set_up(&dns, &evil, &issuer, &["evil.test"]).await;
    person(&issuer, "17", "member@acme.test");
    assert_eq!(parameter(&sign_in(&mut Browser::new(&app), "acme").await, "error"), None);

    person(&issuer, "17", "member@evil.test");
    let mut browser = Browser::new(&app);
    sign_in(&mut browser, "evil").await;

    assert_eq!(browser.email().await, "member@evil.test");
}

#[tokio::test]
async fn an_account_of_a_domain_that_is_proven_no_more_does_not_open() {
    let (issuer, dns) = (Issuer::start(), FakeDns::default());
    let app = app_with(&dns).await;
    let acme = app.agency("acme").await;
    set_up(&dns, &acme, &issuer, &["acme.test", "acme.example"]).await;
    person(&issuer, "17", "member@acme.test");
    sign_in(&mut Browser::new(&app), "acme").await;
    acme.owner().put("/sso", settings(&issuer, &["acme.example"])).await.ok();

    // The subject is known, and the address it says now is of a domain that is proven; the
    // account's own is not.
    person(&issuer, "17", "member@acme.example");
    let mut browser = Browser::new(&app);

    assert_eq!(refusal(&sign_in(&mut browser, "acme").await), "sso_domain_unproven");
    assert!(browser.me().await.is_none());
}

#[tokio::test]
async fn only_members_and_invited_people_come_in() {
    let (issuer, dns) = (Issuer::start(), FakeDns::default());
    let app = app_with(&dns).await;
    let acme = app.agency("acme").await;
    set_up(&dns, &acme, &issuer, &["acme.test"]).await;
    app.sign_in("elsewhere@acme.test").await;

    for email in ["elsewhere@acme.test", "nobody@acme.test"] {
        person(&issuer, email, email);
        let mut browser = Browser::new(&app);
        assert_eq!(refusal(&sign_in(&mut browser, "acme").await), "sso_not_member", "{email}");
        assert!(browser.me().await.is_none());
    }

    person(&issuer, "17", "member@acme.test");
    assert_eq!(parameter(&sign_in(&mut Browser::new(&app), "acme").await, "error"), None);
    let members = acme.owner().get("/members").await.ok();
    let member = members["data"].as_array().unwrap().iter().find(|m| m["role"] == "member");
    let path = format!("/members/{}", member.unwrap()["id"].as_str().unwrap());
    acme.owner().delete(&path).await.no_content();
    app.run_jobs().await;
    let end = sign_in(&mut Browser::new(&app), "acme").await;
    assert_eq!(refusal(&end), "sso_not_member");
}

#[tokio::test]
async fn an_unverified_address_is_refused() {
    let (issuer, dns) = (Issuer::start(), FakeDns::default());
    let app = app_with(&dns).await;
    let acme = app.agency("acme").await;
    set_up(&dns, &acme, &issuer, &["acme.test"]).await;
    person(&issuer, "17", "member@acme.test");

    for verified in [json!(false), Value::Null] {
        issuer.claim("email_verified", verified);
        let end = sign_in(&mut Browser::new(&app), "acme").await;
        assert_eq!(refusal(&end), "email_unverified");
    }
    issuer.claim("email", Value::Null);
    assert_eq!(refusal(&sign_in(&mut Browser::new(&app), "acme").await), "email_missing");
}

#[tokio::test]
async fn operators_and_suspended_people_do_not_come_in() {
    use entity::user;
    use sea_orm::sea_query::Expr;
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

    let (issuer, dns) = (Issuer::start(), FakeDns::default());
    let app = app_with(&dns).await;
    let acme = app.agency("acme").await;
    set_up(&dns, &acme, &issuer, &["acme.test"]).await;
    app.on_server(|app| async move {
        let tx = app.store().begin_platform("a test makes an operator").await.unwrap();
        let update = user::Entity::update_many()
            .col_expr(user::Column::IsSuperAdmin, Expr::value(true))
            .filter(user::Column::Email.eq("admin@acme.test"));
        tx.db().update_many(update).await.unwrap();
        tx.commit().await.unwrap();
    })
    .await;
    suspend(&app, "member@acme.test").await;

    person(&issuer, "1", "admin@acme.test");
    assert_eq!(refusal(&sign_in(&mut Browser::new(&app), "acme").await), "sso_not_member");
    person(&issuer, "2", "member@acme.test");
    assert_eq!(refusal(&sign_in(&mut Browser::new(&app), "acme").await), "account_suspended");
}

#[tokio::test]
async fn a_state_of_one_agency_is_none_of_another_s() {
    let (issuer, dns) = (Issuer::start(), FakeDns::default());
    let app = app_with(&dns).await;
    let (acme, other) = (app.agency("acme").await, app.agency("other").await);
    set_up(&dns, &acme, &issuer, &["acme.test"]).await;
    set_up(&dns, &other, &issuer, &["other.test"]).await;
    person(&issuer, "17", "member@other.test");
    let mut browser = Browser::new(&app);
    let back = browser.agree("/api/v1/auth/sso/acme/start").await;

    let end = location(browser.open(&back.replace("/acme/", "/other/")).await);

    assert_eq!(refusal(&end), "oauth_state_invalid");
    // And an answer that says who gave it must say the right one (RFC 9207).
    let end = location(browser.open(&format!("{back}&iss=https%3A%2F%2Fevil.test")).await);
    assert_eq!(refusal(&end), "oauth_failed");
    assert_eq!(reasons(&app, "oauth_token_invalid").await, ["issuer"]);
}

#[tokio::test]
async fn a_forged_token_is_refused() {
    let (issuer, dns) = (Issuer::start(), FakeDns::default());
    let app = app_with(&dns).await;
    let acme = app.agency("acme").await;
    set_up(&dns, &acme, &issuer, &["acme.test"]).await;
    person(&issuer, "17", "member@acme.test");
    issuer.behave(|behaviour| behaviour.signature = Signature::ClientSecret);

    assert_eq!(refusal(&sign_in(&mut Browser::new(&app), "acme").await), "oauth_failed");
    assert_eq!(reasons(&app, "oauth_token_invalid").await, ["alg"]);
}

#[tokio::test]
async fn an_old_proof_is_looked_at_again() {
    let (issuer, dns) = (Issuer::start(), FakeDns::default());
    let app = app_with(&dns).await;
    let acme = app.agency("acme").await;
    set_up(&dns, &acme, &issuer, &["acme.test"]).await;
    person(&issuer, "17", "member@acme.test");
    let later = |count| {
        app.clock.advance(days(count));
        issuer.clock.advance(days(count));
    };

    later(8);
    assert_eq!(parameter(&sign_in(&mut Browser::new(&app), "acme").await, "error"), None);
    // Nobody can tell: it is believed for a while.
    dns.set_down(true);
    later(8);
    assert_eq!(parameter(&sign_in(&mut Browser::new(&app), "acme").await, "error"), None);
    later(30);
    let end = sign_in(&mut Browser::new(&app), "acme").await;
    assert_eq!(refusal(&end), "sso_domain_unproven");

    dns.set_down(false);
    dns.remove("_retainer-challenge.acme.test");
    let end = sign_in(&mut Browser::new(&app), "acme").await;
    assert_eq!(refusal(&end), "sso_domain_unproven");
    let shown = acme.owner().get("/sso").await.ok();
    assert_eq!(shown["domains"][0]["verified_at"], Value::Null);
    app.anonymous().get("/api/v1/auth/sso/acme/start").await.refused(404, "not_found");
}

#[tokio::test]
async fn without_a_proven_domain_or_the_plan_nobody_is_sent_away() {
    let (issuer, dns) = (Issuer::start(), FakeDns::default());
    let app = app_with(&dns).await;
    let acme = app.agency("acme").await;
    let start = "/api/v1/auth/sso/acme/start";
    app.anonymous().get(start).await.refused(404, "not_found");
    acme.owner().put("/sso", settings(&issuer, &["acme.test"])).await.ok();
    app.anonymous().get(start).await.refused(404, "not_found");

    set_up(&dns, &acme, &issuer, &["acme.test"]).await;
    app.anonymous().get(start).await.expect(302);
    take_plan(&app, "acme").await;

    app.anonymous().get(start).await.refused(404, "not_found");
    let refused = acme.owner().put("/sso", settings(&issuer, &["acme.test"])).await;
    refused.refused(403, "feature_not_in_plan");
    acme.owner().delete("/sso").await.no_content();
}

/// Puts an agency onto the free tier.
async fn take_plan(app: &TestApp, slug: &'static str) {
    use entity::agency;
    use sea_orm::sea_query::Expr;
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

    app.on_server(move |app| async move {
        let tx = app.store().begin_platform("a test changes a plan").await.unwrap();
        let update = agency::Entity::update_many()
            .col_expr(agency::Column::IsFreemium, Expr::value(false))
            .filter(agency::Column::Slug.eq(slug));
        assert_eq!(tx.db().update_many(update).await.unwrap(), 1);
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_secret_is_kept_and_never_shown_nor_sent_to_another_issuer() {
    use entity::sso_connection;
    use sea_orm::EntityTrait;

    let (issuer, dns) = (Issuer::start(), FakeDns::default());
    let app = app_with(&dns).await;
    let acme = app.agency("acme").await;
    let reply = acme.owner().put("/sso", settings(&issuer, &["acme.test"])).await.expect(200);
    assert!(!reply.text().contains(CLIENT_SECRET));
    let stored = app
        .on_server(|app| async move {
            let platform = app.store().platform("the issuers of a test");
            format!("{:?}", platform.all(sso_connection::Entity::find()).await.unwrap())
        })
        .await;
    assert!(!stored.contains(CLIENT_SECRET));
    let mut without = settings(&issuer, &["acme.test", "b.test"]);
    without.as_object_mut().unwrap().remove("client_secret");
    acme.owner().if_match(reply.etag()).put("/sso", without.clone()).await.ok();

    without["issuer"] = json!("https://login.evil.test");
    let broken = acme.owner().put("/sso", without).await.broken_rules();

    assert_eq!(broken, [("/client_secret".to_owned(), "required".to_owned())]);
    let stale = acme.owner().if_match(reply.etag());
    stale.put("/sso", settings(&issuer, &["acme.test"])).await.refused(412, "precondition_failed");
}

#[tokio::test]
async fn an_issuer_must_be_on_the_public_internet() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    for issuer in [
        "http://login.acme.test",
        "https://localhost",
        "https://127.0.0.1:8443",
        "https://10.0.0.5/realms/x",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://me:secret@login.acme.test",
        "https://login.acme.test/?x=1",
        "https://login.acme.test/#x",
        "nonsense",
    ] {
        let body = json!({"issuer": issuer, "client_id": "x", "client_secret": "y",
            "domains": ["acme.test"]});
        let broken = acme.owner().put("/sso", body).await.broken_rules();
        assert_eq!(broken, [("/issuer".to_owned(), "not_allowed".to_owned())], "{issuer}");
    }
    acme.owner().get("/sso").await.refused(404, "not_found");
}

#[tokio::test]
async fn every_broken_rule_of_the_settings_is_named() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let body = json!({"issuer": "", "client_id": " ", "client_secret": "", "domains": ["acme"],
        "x": 1});

    let broken = acme.owner().put("/sso", body).await.broken_rules();

    let pointers: Vec<_> = broken.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(pointers, ["/client_id", "/client_secret", "/domains/0", "/issuer", "/x"]);
}

#[tokio::test]
async fn only_the_owner_sets_single_sign_on_up() {
    let (issuer, dns) = (Issuer::start(), FakeDns::default());
    let app = app_with(&dns).await;
    let acme = app.agency("acme").await;

    for caller in [acme.admin(), acme.member()] {
        caller.get("/sso").await.refused(403, "forbidden");
        let set = caller.put("/sso", settings(&issuer, &["acme.test"])).await;
        set.refused(403, "forbidden");
    }
    acme.owner().put("/sso", settings(&issuer, &["acme.test"])).await.ok();

    let log = acme.owner().get("/activity").await.ok();
    assert!(log["data"].as_array().unwrap().iter().any(|e| e["action"] == "agency.sso.updated"));
    assert!(!log.to_string().contains(CLIENT_SECRET));
    assert_eq!(security_log(&app, "sign_in_policy_changed").await.len(), 1);
}

#[tokio::test]
async fn a_test_says_whether_the_issuer_works() {
    let (issuer, dns) = (Issuer::start(), FakeDns::default());
    let app = app_with(&dns).await;
    let acme = app.agency("acme").await;
    acme.owner().put("/sso", settings(&issuer, &["acme.test"])).await.ok();

    assert_eq!(acme.owner().act("/sso/test").await.ok(), json!({"works": true, "detail": null}));

    let wrong = json!({"issuer": "http://127.0.0.1:1", "client_id": "x", "client_secret": "y",
        "domains": ["acme.test"]});
    acme.owner().put("/sso", wrong).await.ok();
    let tested = acme.owner().act("/sso/test").await.ok();
    assert_eq!(tested["works"], false);
    assert!(tested["detail"].is_string());
}

#[tokio::test]
async fn verifying_says_when_nobody_could_tell() {
    let (issuer, dns) = (Issuer::start(), FakeDns::default());
    let app = app_with(&dns).await;
    let acme = app.agency("acme").await;
    acme.owner().act("/sso/verify-domains").await.refused(404, "not_found");
    set_up(&dns, &acme, &issuer, &["acme.test"]).await;
    dns.set_down(true);

    acme.owner().act("/sso/verify-domains").await.refused(502, "upstream_failed");

    let shown = acme.owner().get("/sso").await.ok();
    assert!(shown["domains"][0]["verified_at"].is_string(), "{shown}");
}
