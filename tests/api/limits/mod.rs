//! Limits: every operation has one, every answer tells of it, and replicas count together.

mod replicas;

use chrono::TimeDelta;
use entity::agency::Tier;
use kernel::http::limits::LimitClass;
use regex::Regex;
use reqwest::Method;
use serde_json::json;

use crate::plans::{paid, put_on};
use crate::steps;
use crate::support::contract::contract;
use crate::support::{Client, Options, Reply, TestApp, minutes};

/// Limits as in production, but for these classes.
fn limited(limits: &str) -> impl FnOnce(Options) -> Options {
    move |options| options.real_rate_limits().set("RATE_LIMITS", limits)
}

/// The class, quota and window of the answer's policy, and what is left of it until when.
#[track_caller]
fn limit(reply: &Reply) -> (String, [i64; 4]) {
    let what = format!("{} {}: {}", reply.method(), reply.path(), reply.status());
    let header = |name: &str, form: &str| {
        let value = reply.header(name).unwrap_or_else(|| panic!("{what} without {name}"));
        let form = Regex::new(&format!("^\"([a-z_]+)\";{form}$")).unwrap();
        let found = form.captures(value).unwrap_or_else(|| panic!("{what}: {name}: {value}"));
        (found[1].to_owned(), found[2].parse().unwrap(), found[3].parse().unwrap())
    };
    let (class, quota, window) = header("ratelimit-policy", r"q=(\d+);w=(\d+)");
    let (same, left, reset) = header("ratelimit", r"r=(\d+);t=(\d+)");
    assert_eq!(class, same, "{what}");
    assert!((0..=quota).contains(&left) && (0..=window).contains(&reset), "{what}");
    (class, [quota, window, left, reset])
}

/// The address of an operation, with something in the place of each parameter.
fn address(path: &str) -> String {
    let parameter = Regex::new(r"\{[^}]*\}").unwrap();
    parameter.replace_all(path, "x").into_owned()
}

#[tokio::test]
async fn no_operation_is_unlimited() {
    let classes = LimitClass::ALL.iter().filter(|class| **class != LimitClass::Credentials);
    let limits: Vec<String> = classes.map(|class| format!("{}=1/600", class.name())).collect();
    let app = TestApp::spawn_with(limited(&limits.join(","))).await;
    let anonymous = app.anonymous().unchecked();

    for row in contract().table().rows() {
        let method = Method::from_bytes(row.method.as_bytes()).unwrap();
        let mut asked = 0;
        loop {
            let reply = anonymous.call(method.clone(), &address(row.path), None).await;
            let (class, _) = limit(&reply);
            assert_eq!(class, row.class.name(), "{} {}", row.method, row.path);
            if reply.code() == 429 {
                break;
            }
            asked += 1;
            assert!(asked < 50, "{} {} is unlimited", row.method, row.path);
        }
    }
}

#[tokio::test]
async fn every_answer_says_what_is_left() {
    let app = TestApp::spawn_with(limited("unmatched=60/60")).await;
    let agency = app.agency("acme").await;
    let (anonymous, owner) = (app.anonymous(), agency.owner());
    let client = json!({"business_name": "Riverbend", "email": "ada@x.test"});
    let made = owner.once("k").post("/clients", client.clone()).await;
    let path = format!("/clients/{}", made.json()["id"].as_str().unwrap());
    let etag = owner.get(&path).await.etag();

    let answers = [
        ("health", anonymous.get("/health").await.expect(200)),
        ("health", anonymous.get("/health/live").await.expect(200)),
        ("health", anonymous.get("/health/ready").await.expect(200)),
        ("operations", anonymous.get("/").await.expect(200)),
        ("operations", anonymous.get("/assets/site.css").await.expect(200)),
        ("operations", anonymous.get("/docs").await.expect(308)),
        ("operations", anonymous.get("/docs/swagger-initializer.js").await.expect(200)),
        ("operations", anonymous.get("/docs/nowhere.js").await.expect(404)),
        ("operations", anonymous.get("/openapi.json").await.expect(200)),
        ("unmatched", anonymous.get("/nowhere").await.expect(404)),
        ("unmatched", anonymous.delete("/health").await.expect(405)),
        ("sign_in", anonymous.get("/api/v1/auth/providers").await.expect(200)),
        ("magic_link", anonymous.post("/api/v1/auth/magic-link", json!({})).await.expect(422)),
        ("public_read", anonymous.get("/public/v1/proposals/x").await.expect(404)),
        ("public_read", anonymous.get("/p/x").await.expect(404)),
        ("authenticated", anonymous.get("/api/v1/me").await.expect(401)),
        ("authenticated", owner.get("/clients").await.expect(200)),
        ("authenticated", owner.get("/clients/cli_x").await.expect(404)),
        ("authenticated", app.stranger().await.in_agency("acme").get("/clients").await.expect(404)),
        ("authenticated", agency.member().patch("", json!({})).await.expect(403)),
        ("authenticated", owner.with("If-None-Match", etag).get(&path).await.expect(304)),
        ("authenticated", owner.once("k").post("/clients", client).await.expect(201)),
        ("unmatched", owner.delete(&path).await.expect(405)),
    ];

    for (class, reply) in answers {
        assert_eq!(limit(&reply).0, class, "{} {}", reply.method(), reply.path());
    }
}

#[tokio::test]
async fn what_is_refused_for_its_size_is_counted() {
    let app = TestApp::spawn_with(limited("magic_link=1/60")).await;
    let send = async || {
        let body = vec![b' '; 2 * 1024 * 1024];
        let json = Some("application/json");
        app.anonymous().send(Method::POST, "/api/v1/auth/magic-link", json, body).await
    };

    for _ in 0..4 {
        send().await.refused(413, "payload_too_large");
    }

    send().await.refused(429, "rate_limited");
}

#[tokio::test]
async fn paths_that_lead_nowhere_have_a_limit_of_their_own() {
    let app = TestApp::spawn_with(limited("unmatched=3/60")).await;
    let anonymous = app.anonymous();
    for path in ["/.env", "/wp-login.php"] {
        anonymous.get(path).await.refused(404, "not_found");
    }
    anonymous.delete("/health").await.refused(405, "method_not_allowed");

    let refused = anonymous.get("/admin").await;

    let (class, [quota, window, left, reset]) = limit(&refused);
    assert_eq!((class.as_str(), quota, window, left), ("unmatched", 3, 60, 0));
    assert_eq!(refused.header("retry-after"), Some(reset.to_string().as_str()));
    refused.refused(429, "rate_limited");
    anonymous.get("/health").await.expect(200);
}

#[tokio::test]
async fn a_budget_is_a_sliding_window() {
    // Evenly over the minute: a bucket that is refilled would let nearly twice as many through.
    let app = TestApp::spawn_with(limited("operations=6/60")).await;
    let ask = async || app.anonymous().get("/openapi.json").await.code();

    for _ in 0..6 {
        assert_eq!(ask().await, 200);
        app.clock.advance(TimeDelta::seconds(8));
    }
    assert_eq!(ask().await, 429);
    app.clock.advance(TimeDelta::seconds(12));
    assert_eq!(ask().await, 200);
    assert_eq!(ask().await, 429);
}

#[tokio::test]
async fn guessed_tokens_are_soon_refused_before_they_are_looked_at() {
    let app = TestApp::spawn_with(|options| {
        limited("credentials=3/60")(options).set("TRUSTED_PROXIES", "127.0.0.0/8")
    });
    let app = app.await;
    let owner = app.agency("acme").await.owner();
    let from = |client: &Client, address: &str| client.with("X-Forwarded-For", address);
    let guesser = from(&app.anonymous(), "203.0.113.9").in_agency("acme");
    // Nothing at all is no guess.
    for _ in 0..5 {
        guesser.get("/clients").await.refused(401, "unauthenticated");
    }

    for guess in ["a.b.c", "rk_live_aaaa", "x"] {
        guesser.with_token(guess).get("/clients").await.refused(401, "unauthenticated");
    }
    let refused = guesser.with_token("a.b.c").get("/clients").await;

    assert_eq!(limit(&refused).0, "credentials");
    refused.refused(429, "rate_limited");
    // From there even the right one is not looked at; from elsewhere it is.
    from(&owner, "203.0.113.9").get("/clients").await.refused(429, "rate_limited");
    from(&owner, "203.0.113.10").get("/clients").await.expect(200);
    app.clock.advance(minutes(1));
    from(&owner, "203.0.113.9").get("/clients").await.expect(200);
}

#[tokio::test]
async fn a_person_is_counted_wherever_they_are() {
    let app = TestApp::spawn_with(|options| {
        limited("authenticated=3/60")(options).set("TRUSTED_PROXIES", "127.0.0.0/8")
    });
    let app = app.await;
    let stranger = app.stranger().await;
    app.clock.advance(minutes(2));
    let from = |n: u8| stranger.with("X-Forwarded-For", format!("203.0.113.{n}"));

    for n in 0..3 {
        // Also what they may not see counts.
        from(n).in_agency("bystander").get("/clients").await.refused(404, "not_found");
    }

    let refused = from(9).get("/api/v1/me").await;
    assert_eq!(limit(&refused).1[..2], [3, 60]);
    refused.refused(429, "rate_limited");
    app.bystander().owner().get("/clients").await.expect(200);
}

#[tokio::test]
async fn who_may_not_send_uses_up_nothing_of_the_agency() {
    let app = TestApp::spawn_with(limited("pdf=1/60")).await;
    let agency = app.agency("acme").await;
    let proposal = steps::sent_proposal(&agency.owner()).await;
    let path = format!("/proposals/{}/pdf", proposal["id"].as_str().unwrap());
    let elsewhere = app.bystander().owner().in_agency("acme");

    for _ in 0..3 {
        elsewhere.get(&path).await.refused(404, "not_found");
    }

    agency.owner().get(&path).await.expect(200);
    agency.owner().get(&path).await.refused(429, "rate_limited");
}

#[tokio::test]
async fn mail_is_limited_by_the_agency_s_tier() {
    let app = TestApp::spawn_with(|options| options.real_rate_limits()).await;
    let acme = app.agency("acme").await;

    let mut quotas = Vec::new();
    for tier in [Tier::Free, Tier::Starter, Tier::Growth, Tier::Enterprise] {
        put_on(&app, acme.id(), paid(tier)).await;
        let nobody = json!({"email": "nobody", "role": "member", "display_name": "P"});
        let reply = acme.owner().post("/members", nobody).await.expect(422);
        quotas.push(limit(&reply).1[0]);
    }

    assert_eq!(quotas, [100, 100, 500, 2000]);
}

#[tokio::test]
async fn an_ipv6_network_is_one_client_and_a_forged_hop_is_none() {
    let app = TestApp::spawn_with(|options| {
        limited("public_read=3/60")(options).set("TRUSTED_PROXIES", "127.0.0.0/8, fd00::/8")
    });
    let app = app.await;
    let from = async |chain: &str| {
        app.anonymous().with("X-Forwarded-For", chain).get("/public/v1/invoices/x").await.code()
    };

    for chain in ["2001:db8:1:2::1", "10.9.9.9, 2001:db8:1:2::2", "[2001:db8:1:2::3]:80, fd00::7"] {
        assert_eq!(from(chain).await, 404, "{chain}");
    }

    assert_eq!(from("198.51.100.1, 2001:db8:1:2:ffff::9").await, 429);
    assert_eq!(from("2001:db8:1:3::1").await, 404);
}

#[tokio::test]
async fn the_forwarded_header_counts_where_the_proxies_write_that_one() {
    let app = TestApp::spawn_with(|options| {
        let options = limited("public_read=2/60")(options).set("PROXY_HEADER", "forwarded");
        options.set("TRUSTED_PROXIES", "127.0.0.1")
    });
    let app = app.await;
    let from = async |n: u8| {
        let client = app.anonymous().with("Forwarded", format!("for=1.1.1.{n}, for=203.0.113.9"));
        client.with("X-Forwarded-For", format!("1.1.1.{n}")).get("/p/x").await.code()
    };

    assert_eq!([from(1).await, from(2).await, from(3).await], [404, 404, 429]);
}

#[tokio::test]
async fn preflights_are_counted() {
    let app = TestApp::spawn_with(|options| {
        limited("operations=2/60")(options).set("CLIENT_ORIGINS", "https://app.example")
    });
    let app = app.await;
    let preflight = async || {
        let client = app.anonymous().with("Origin", "https://app.example");
        let client = client.with("Access-Control-Request-Method", "GET");
        client.call(Method::OPTIONS, "/api/v1/me", None).await
    };

    for left in [1, 0] {
        let reply = preflight().await.expect(200);
        assert_eq!(limit(&reply).1[2], left);
        assert_eq!(reply.header("access-control-allow-origin"), Some("https://app.example"));
    }
    preflight().await.refused(429, "rate_limited");
}
