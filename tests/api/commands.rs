//! The commands of the binary, run as people run them.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::process::Installation;
use crate::support::database::Database;

/// A client that follows links.
fn browser() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().expect("an HTTP client")
}

async fn status(browser: &reqwest::Client, url: &str) -> u16 {
    let answer = browser.get(url).send().await;
    answer.unwrap_or_else(|error| panic!("{url}: {error:?}")).status().as_u16()
}

/// The addresses in a text.
fn addresses(text: &str) -> Vec<&str> {
    text.split_whitespace().filter(|word| word.starts_with("http://")).collect()
}

#[tokio::test]
async fn without_arguments_it_migrates_serves_and_prints_what_to_open() {
    let installation = Installation::new().await;

    let server = installation.serve().await;

    let printed = addresses(&server.welcome);
    assert_eq!(printed.len(), 3, "{}", server.welcome);
    for address in &printed {
        assert_eq!(status(&browser(), address).await, 200, "{address}");
    }
    assert_eq!(status(&browser(), &format!("{}/health/ready", server.url)).await, 200);
    let migrations = installation.run(&["migrate", "status"]).await;
    assert!(!migrations.out.is_empty(), "{migrations:?}");
    assert!(migrations.out.lines().all(|line| line.starts_with("applied")), "{migrations:?}");
    let asked = installation.run(&["doctor", "--url", &server.url]).await;
    assert_eq!((asked.code, asked.out.trim()), (Some(0), "ready"), "{asked:?}");

    assert!(server.stop().await.success(), "{}", installation.log());
    installation.remove().await;
}

#[tokio::test]
async fn the_demo_prints_pages_that_open_and_loads_once() {
    // It shows everything, also where agencies begin on a plan with less.
    let installation = Installation::new().await.set("NEW_AGENCY_PLAN", "free");
    let server = installation.serve().await;
    let installation = installation.set("PUBLIC_BASE_URL", &server.url);

    let demo = installation.run(&["demo"]).await;

    assert_eq!(demo.code, Some(0), "{demo:?}");
    let pages = addresses(&demo.out);
    let count = |letter| pages.iter().filter(|page| page.contains(&format!("/{letter}/"))).count();
    assert!(count('p') > 0 && count('c') > 0 && count('i') > 0, "{demo:?}");
    for page in &pages {
        assert_eq!(status(&browser(), page).await, 200, "{page}");
    }
    let again = installation.run(&["demo"]).await;
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(again.out.starts_with("The demo data is there already."), "{again:?}");
    assert_eq!(addresses(&again.out), pages);

    assert!(server.stop().await.success(), "{}", installation.log());
    installation.remove().await;
}

#[tokio::test]
async fn a_wrong_configuration_is_reported_whole_and_without_values() {
    let installation = Installation::new()
        .await
        .set("PORT", "eighty")
        .set("ENV", "production")
        .set("REQUEST_TIMEOUT", "fast")
        .set("JWT_PRIVATE_KEY", "hunter2")
        .set("JWT_PRIVATE_KEY_FILE", "hunter3");

    for command in [&["doctor"][..], &["serve"], &["migrate", "up"], &["demo"]] {
        let ended = installation.run(command).await;

        assert_eq!(ended.code, Some(2), "{command:?}: {ended:?}");
        for key in ["PORT", "PUBLIC_BASE_URL", "SMTP_URL", "REQUEST_TIMEOUT", "JWT_PRIVATE_KEY"] {
            let named = ended.err.lines().any(|line| line.trim().starts_with(&format!("{key}:")));
            assert!(named, "no {key} in {ended:?}");
        }
        for value in ["eighty", "fast", "hunter"] {
            assert!(!ended.err.contains(value), "{value} shown: {ended:?}");
        }
    }
    installation.remove().await;
}

#[tokio::test]
async fn the_doctor_finds_every_problem_of_a_well_formed_configuration() {
    let installation = Installation::new().await;
    let healthy = installation.run(&["doctor"]).await;
    // The schema of an embedded database is made at first start; on a server it must be applied.
    let schema_waits = healthy.out.contains("migrate up");
    assert_eq!(healthy.code, Some(i32::from(schema_waits)), "{healthy:?}");

    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its number").port();
    let installation = installation
        .set("PORT", port.to_string())
        .set("ENCRYPTION_KEY", "hunter2")
        .set("JWT_PRIVATE_KEY", "hunter2");
    let ill = installation.run(&["doctor"]).await;

    assert_eq!(ill.code, Some(1), "{ill:?}");
    for check in ["signing key", "encryption key", "address"] {
        let line = ill.out.lines().find(|line| line.contains(check));
        assert!(line.is_some_and(|line| line.starts_with("WRONG")), "{check}: {ill:?}");
    }
    assert!(!ill.out.contains("hunter2"), "{ill:?}");
    installation.remove().await;
}

#[tokio::test]
async fn whoever_may_not_change_the_schema_finds_it_up_to_date() {
    let installation = Installation::new().await;
    let migrated = installation.run(&["migrate", "up"]).await;
    assert_eq!(migrated.code, Some(0), "{migrated:?}");
    // In production the server's role owns no table. On SQLite the server owns the file.
    if let Database::Postgres { url, name } = installation.database() {
        let mut owner = PgConnection::connect(url).await.expect("the database");
        let refuse = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
        owner.execute(AssertSqlSafe(refuse)).await.expect("the owner may");
    }

    for command in [&["migrate", "up"][..], &["migrate", "status"], &["doctor"]] {
        let ended = installation.run(command).await;

        assert_eq!(ended.code, Some(0), "{command:?}: {ended:?}");
    }
    installation.remove().await;
}

#[tokio::test]
async fn the_openapi_document_is_checked_and_written() {
    let installation = Installation::new().await;
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/openapi.json");

    let current = installation.run(&["openapi", "--check", "--out", committed]).await;
    let missing = installation.run(&["openapi", "--check"]).await;
    let written = installation.run(&["openapi"]).await;
    let checked = installation.run(&["openapi", "--check"]).await;

    assert_eq!(current.code, Some(0), "{current:?}");
    assert_eq!(missing.code, Some(1), "{missing:?}");
    assert_eq!((written.code, checked.code), (Some(0), Some(0)), "{written:?} {checked:?}");
    installation.remove().await;
}

#[tokio::test]
async fn the_first_operator_is_made_on_the_command_line() {
    let installation = Installation::new().await;

    let nobody = installation.run(&["admin", "list"]).await;
    let granted = installation.run(&["admin", "grant", "Ada@X.test"]).await;
    let twice = installation.run(&["admin", "grant", "ada@x.test"]).await;
    let listed = installation.run(&["admin", "list"]).await;
    let revoked = installation.run(&["admin", "revoke", "ada@x.test"]).await;
    let unknown = installation.run(&["admin", "revoke", "eve@x.test"]).await;
    let nonsense = installation.run(&["admin", "grant", "nonsense"]).await;
    let left = installation.run(&["admin", "list"]).await;

    assert!(nobody.out.contains("retainer admin grant EMAIL"), "{nobody:?}");
    assert_eq!(granted.code, Some(0), "{granted:?}");
    assert!(twice.out.contains("already"), "{twice:?}");
    assert_eq!(listed.out.trim(), "ada@x.test");
    assert_eq!(revoked.code, Some(0), "{revoked:?}");
    assert_eq!((unknown.code, nonsense.code), (Some(1), Some(1)), "{unknown:?} {nonsense:?}");
    assert_eq!(left.out, nobody.out);
    installation.remove().await;
}
