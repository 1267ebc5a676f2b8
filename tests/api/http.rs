//! What every answer has, whatever was asked: request id, problem document, limits, headers.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::contract::contract;
use crate::support::{Client, Reply, TestApp, minutes};

#[tokio::test]
async fn an_alive_server_says_so_without_asking_anything() {
    let app = TestApp::spawn().await;

    for path in ["/health", "/health/live"] {
        assert_eq!(app.anonymous().get(path).await.ok(), json!({"status": "alive"}));
    }
    let ready = app.anonymous().get("/health/ready").await.ok();
    assert_eq!(ready, json!({"status": "ready", "database": app.app().store().engine()}));
}

#[tokio::test]
async fn a_request_is_named_by_its_caller_or_by_the_server() {
    let app = TestApp::spawn().await;
    let ask = async |id: &str| {
        let reply = app.anonymous().with("X-Request-Id", id).get("/nowhere").await;
        let named = reply.header("x-request-id").unwrap().to_owned();
        assert_eq!(reply.problem()["request_id"], json!(named));
        named
    };

    assert_eq!(ask("order-12345").await, "order-12345");
    assert_ne!(ask("short").await, "short");
    assert_ne!(ask("no spaces, please").await, "no spaces, please");
    assert_ne!(app.anonymous().get("/health").await.header("x-request-id"), None);
}

#[tokio::test]
async fn an_unknown_address_and_a_wrong_method_are_problem_documents() {
    let app = TestApp::spawn().await;

    let problem = app.anonymous().get("/api/v1/nowhere").await.refused(404, "not_found");
    let wrong_method = app.anonymous().delete("/health").await;

    assert_eq!(problem["instance"], "/api/v1/nowhere");
    assert_eq!(wrong_method.header("allow"), Some("GET"));
    wrong_method.refused(405, "method_not_allowed");
}

#[tokio::test]
async fn every_address_leads_to_its_own_operation() {
    // The first pattern that fits is taken, whatever the method: `/x/{id}` before `/x/search`
    // would hide the latter. Which was taken shows in the methods it allows.
    let app = TestApp::spawn().await;
    let mut paths = std::collections::BTreeMap::<&str, Vec<&str>>::new();
    for row in contract().table().rows() {
        paths.entry(row.path).or_default().push(row.method);
    }

    for (path, mut methods) in paths {
        let address = path.replace(['{', '}', ':', '*'], "x");
        let method = Method::from_bytes(b"BREW").unwrap();
        let reply = app.anonymous().call(method, &address, None).await.expect(405);
        let mut allowed: Vec<&str> = reply.header("allow").unwrap().split(", ").collect();
        methods.sort_unstable();
        allowed.sort_unstable();
        assert_eq!(allowed, methods, "{path}");
    }
}

#[tokio::test]
async fn an_address_is_read_as_the_router_reads_it() {
    let app = TestApp::spawn().await;

    app.anonymous().get("/he%61lth").await.expect(200);
    for path in ["/health/", "//health", "/health%2Flive", "/health/live/x", "/%00"] {
        app.anonymous().get(path).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn a_head_request_is_answered_like_a_get_without_the_body() {
    let app = TestApp::spawn().await;
    let get = app.anonymous().get("/openapi.json").await;

    let head = app.anonymous().call(Method::HEAD, "/openapi.json", None).await.expect(200);

    assert_eq!(head.header("etag"), get.header("etag"));
    assert_eq!(head.header("content-length"), get.header("content-length"));
    assert!(head.bytes().is_empty());
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let app = TestApp::spawn().await;
    let eleven_megabytes = vec![b' '; 11 * 1024 * 1024];
    let path = "/api/v1/auth/magic-link";

    let reply =
        app.anonymous().send(Method::POST, path, Some("application/json"), eleven_megabytes).await;

    reply.refused(413, "payload_too_large");
}

#[tokio::test]
async fn a_body_that_is_no_json_is_told_from_one_that_breaks_rules() {
    let app = TestApp::spawn().await;
    let send = async |kind: Option<&str>, body: &str| {
        let path = "/api/v1/auth/magic-link";
        app.anonymous().send(Method::POST, path, kind, body.as_bytes().to_vec()).await
    };

    for body in ["", "{", r#"{"email": }"#, r#"{"email": "a@b.test"} {}"#, "\u{feff}{}"] {
        send(Some("application/json"), body).await.refused(400, "bad_request");
    }
    for kind in ["text/plain", "application/xml", "multipart/form-data"] {
        send(Some(kind), "{}").await.refused(415, "unsupported_media_type");
    }
    let broken = send(Some("application/json; charset=utf-8"), r#"{"e-mail": "a@b.test"}"#).await;
    assert_eq!(
        broken.broken_rules(),
        [
            ("/e-mail".to_owned(), "unknown_field".to_owned()),
            ("/email".to_owned(), "required".to_owned()),
        ]
    );
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let app = TestApp::spawn().await;

    for path in ["/health", "/nowhere", "/", "/openapi.json", "/docs/"] {
        let reply = app.anonymous().get(path).await;
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(reply.header("x-frame-options"), Some("DENY"), "{path}");
        assert_eq!(reply.header("referrer-policy"), Some("same-origin"), "{path}");
        let policy = reply.header("content-security-policy").unwrap_or_default();
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
    }
}

#[tokio::test]
async fn strict_transport_is_demanded_where_the_server_is_reached_by_https() {
    let secure = |options: crate::support::Options| {
        options.set("PUBLIC_BASE_URL", "https://retainer.example")
    };
    let app = TestApp::spawn_with(secure).await;
    let plain = TestApp::spawn().await;

    let header = "strict-transport-security";
    assert!(app.anonymous().get("/health").await.header(header).is_some());
    assert!(plain.anonymous().get("/health").await.header(header).is_none());
}

#[tokio::test]
async fn answers_are_kept_by_nobody_unless_they_say_otherwise() {
    let app = TestApp::spawn().await;
    let kept = async |path: &str| {
        app.anonymous().get(path).await.header("cache-control").map(ToOwned::to_owned)
    };

    assert_eq!(kept("/health").await.as_deref(), Some("private, no-store"));
    assert_eq!(kept("/nowhere").await.as_deref(), Some("no-store"));
    assert_eq!(kept("/openapi.json").await.as_deref(), Some("public, max-age=300"));
}

#[tokio::test]
async fn the_document_is_served_once_and_then_known() {
    let app = TestApp::spawn().await;
    let first = app.anonymous().get("/openapi.json").await;
    let known = app.anonymous().with("If-None-Match", first.etag());

    known.get("/openapi.json").await.expect(304);
    assert_eq!(first.text(), retainer::reference::openapi_text().unwrap());
}

#[tokio::test]
async fn the_reference_page_loads_everything_from_this_server() {
    let app = TestApp::spawn().await;

    let moved = app.anonymous().get("/docs").await.expect(308);
    let page = app.anonymous().get(&moved.location()).await.expect(200).text();

    assert!(!page.contains("://"), "{page}");
    for part in page.split(['"', '\'']).filter(|part| part.contains(".js") || part.contains(".css"))
    {
        let part = part.trim_start_matches("./");
        app.anonymous().get(&format!("/docs/{part}")).await.expect(200);
    }
    let set_up = app.anonymous().get("/docs/swagger-initializer.js").await.text();
    assert!(set_up.contains("\"url\": \"/openapi.json\""), "{set_up}");
    app.anonymous().get("/docs/nowhere.js").await.expect(404);
}

/// The limit class of health checks, made small.
async fn hurried() -> TestApp {
    TestApp::spawn_with(|options| options.set("RATE_LIMITS", "health=3/60")).await
}

#[tokio::test]
async fn answers_say_what_is_left_and_refusals_when_to_come_back() {
    let app = hurried().await;
    let ask = async || app.anonymous().get("/health").await;

    let first = ask().await.expect(200);
    assert_eq!(first.header("ratelimit-policy"), Some("\"health\";q=3;w=60"));
    assert_eq!(first.header("ratelimit"), Some("\"health\";r=2;t=60"));
    ask().await.expect(200);
    ask().await.expect(200);
    let refused = ask().await;

    let wait: i64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(refused.header("ratelimit"), Some(format!("\"health\";r=0;t={wait}").as_str()));
    assert_eq!(refused.refused(429, "rate_limited")["retry_after_s"], wait);
    app.clock.advance(minutes(1));
    ask().await.expect(200);
}

#[tokio::test]
async fn a_stranger_cannot_choose_the_address_they_are_counted_by() {
    let app = hurried().await;
    let from = |address: &str| app.anonymous().with("X-Forwarded-For", address);

    for n in 0..3 {
        from(&format!("203.0.113.{n}")).get("/health").await.expect(200);
    }

    from("203.0.113.9").get("/health").await.refused(429, "rate_limited");
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_has_its_own_limit() {
    let app = TestApp::spawn_with(|options| {
        let proxy = options.set("TRUSTED_PROXIES", "127.0.0.1");
        proxy.set("RATE_LIMITS", "health=3/60")
    });
    let app = app.await;
    let from = |address: &str| app.anonymous().with("X-Forwarded-For", address);

    for n in 0..6 {
        from(&format!("203.0.113.{n}")).get("/health").await.expect(200);
    }
    // What a client writes itself stands to the left of what the proxy adds.
    for n in 0..2 {
        from(&format!("10.0.0.{n}, 203.0.113.1")).get("/health").await.expect(200);
    }

    from("10.0.0.9, 203.0.113.1").get("/health").await.refused(429, "rate_limited");
}

const HOME: &str = "https://app.example";

async fn with_web_client() -> TestApp {
    TestApp::spawn_with(|options| options.set("CLIENT_ORIGINS", HOME)).await
}

async fn preflight(client: &Client, origin: &str) -> Reply {
    let client = client
        .with("Origin", origin)
        .with("Access-Control-Request-Method", "PATCH")
        .with("Access-Control-Request-Headers", "authorization,if-match,idempotency-key");
    client.call(Method::OPTIONS, "/health", None).await
}

#[tokio::test]
async fn a_web_client_of_a_configured_origin_may_call() {
    let app = with_web_client().await;

    let allowed = preflight(&app.anonymous(), HOME).await.expect(200);
    let reply = app.anonymous().with("Origin", HOME).get("/nowhere").await.expect(404);

    assert_eq!(allowed.header("access-control-allow-origin"), Some(HOME));
    let methods = allowed.header("access-control-allow-methods").unwrap();
    assert!(["GET", "POST", "PUT", "PATCH", "DELETE"].iter().all(|m| methods.contains(m)));
    // Its sign-in may be in cookies.
    assert_eq!(allowed.header("access-control-allow-credentials"), Some("true"));
    assert_eq!(reply.header("access-control-allow-origin"), Some(HOME));
    let exposed = reply.header("access-control-expose-headers").unwrap().to_ascii_lowercase();
    for name in [
        "etag",
        "location",
        "link",
        "ratelimit",
        "ratelimit-policy",
        "retry-after",
        "x-request-id",
        "idempotency-replayed",
    ] {
        assert!(exposed.split(", ").any(|exposed| exposed == name), "{name} in {exposed}");
    }
}

#[tokio::test]
async fn a_web_client_of_another_origin_may_not() {
    let app = with_web_client().await;
    let header = "access-control-allow-origin";

    for origin in ["https://evil.example", "http://app.example", "https://app.example.evil", "null"]
    {
        let refused = preflight(&app.anonymous(), origin).await;
        assert!(refused.code() >= 400 && refused.header(header).is_none(), "{origin}");
        let reply = app.anonymous().with("Origin", origin).get("/health").await;
        assert_eq!(reply.header(header), None, "{origin}");
    }
}

#[tokio::test]
async fn a_token_that_is_none_is_refused_with_a_challenge() {
    let app = TestApp::spawn().await;
    let path = "/api/v1/me";

    let without = app.anonymous().get(path).await;
    assert_eq!(without.header("www-authenticate"), Some("Bearer realm=\"retainer\""));
    without.refused(401, "unauthenticated");
    for token in ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
        app.anonymous().with_token(token).get(path).await.refused(401, "unauthenticated");
    }
    let basic = app.anonymous().with("Authorization", "Basic YTpi");
    basic.get(path).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn a_problem_shows_nothing_of_the_inside() {
    let app = TestApp::spawn().await;

    let problem = app.anonymous().get("/nowhere").await.problem();

    let names: Vec<&String> = problem.as_object().unwrap().keys().collect();
    let expected = ["type", "title", "status", "detail", "instance", "code", "request_id"];
    assert!(names.iter().all(|name| expected.contains(&name.as_str())), "{names:?}");
    assert_eq!(problem["type"], Value::from("urn:retainer:problem:not_found"));
}
