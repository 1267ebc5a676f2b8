//! Lists of clients: order, pages, search, status.

use serde_json::json;

use super::{make, names};
use crate::support::TestApp;

#[tokio::test]
async fn archived_clients_are_hidden_until_restored() {
    let app = TestApp::spawn().await;
    let agency = app.agency("acme").await;
    let admin = agency.admin();
    make(&admin, "Ada", "ada@x.test").await;
    let path = format!("/clients/{}", make(&admin, "Bob", "bob@x.test").await);

    let archived = admin.act(&format!("{path}/archive")).await;

    assert_eq!(archived.etag(), "\"2\"");
    assert_eq!(archived.ok()["status"], "archived");
    assert_eq!(names(&admin, "/clients").await, ["Ada"]);
    assert_eq!(names(&admin, "/clients?status=archived").await, ["Bob"]);
    assert_eq!(names(&admin, "/clients?status=all").await, ["Ada", "Bob"]);
    for (query, count) in [("", 1), ("?status=archived", 1), ("?status=all", 2)] {
        let counted = admin.get(&format!("/clients/count{query}")).await.ok();
        assert_eq!(counted["count"], count, "{query}");
    }
    let again = admin.act(&format!("{path}/archive")).await.refused(409, "invalid_state");
    assert_eq!(again["current"], "archived");
    assert_eq!(again["allowed"], json!(["active"]));
    assert_eq!(admin.act(&format!("{path}/restore")).await.ok()["status"], "active");
    admin.act(&format!("{path}/restore")).await.refused(409, "invalid_state");
    assert_eq!(names(&admin, "/clients").await, ["Ada", "Bob"]);
}

#[tokio::test]
async fn pages_go_by_name_and_lose_and_repeat_nothing() {
    let app = TestApp::spawn().await;
    let member = app.agency("acme").await.member();
    for number in 0..7 {
        // Ties: many of one name, in different case.
        let name = ["same", "Same", "Alpha"][number % 3];
        make(&member, name, &format!("c{number}@x.test")).await;
    }

    let mut seen = Vec::new();
    let first = member.get("/clients?limit=2&include=total").await.ok();
    assert_eq!(first["total"], 7);
    let mut next = Some("/clients?limit=2".to_owned());
    while let Some(path) = next {
        let reply = member.get(&path).await;
        next = reply.header("link").map(|link| {
            let (target, rel) = link.split_once(">; ").unwrap();
            assert_eq!(rel, "rel=\"next\"");
            target.trim_start_matches('<').to_owned()
        });
        let page = reply.ok();
        for entry in page["data"].as_array().unwrap() {
            let text = |member: &str| entry[member].as_str().unwrap().to_owned();
            seen.push((text("business_name").to_lowercase(), text("id")));
        }
        assert_eq!(page["has_more"], next.is_some());
        // Added behind the reader's back, before the place they are at.
        make(&member, "AAA", &format!("a{}@x.test", seen.len())).await;
    }

    let mut sorted = seen.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(seen, sorted);
    assert_eq!(seen.len(), 7);
}

#[tokio::test]
async fn a_search_takes_every_character_as_it_is() {
    let app = TestApp::spawn().await;
    let member = app.agency("acme").await.member();
    for (name, email, contact) in [
        ("100% Clean", "clean@x.test", "Zoe Émile"),
        ("100 Clean", "other@x.test", "Bob"),
        ("Under_score", "under@x.test", "Bang!"),
        ("UnderXscore", "a_b@y.test", "Back\\slash"),
    ] {
        let new = json!({"business_name": name, "email": email, "contact_name": contact});
        member.post("/clients", new).await.created();
    }

    for (search, expected) in [
        ("100%25", vec!["100% Clean"]),
        ("CLEAN", vec!["100 Clean", "100% Clean"]),
        ("r_s", vec!["Under_score"]),
        ("_", vec!["Under_score", "UnderXscore"]),
        ("%25", vec!["100% Clean"]),
        ("!", vec!["Under_score"]),
        ("%5C", vec!["UnderXscore"]),
        ("%27%22", vec![]),
        ("@Y.TEST", vec!["UnderXscore"]),
        ("bob", vec!["100 Clean"]),
        ("%C3%89mile", vec!["100% Clean"]),
        ("%20%20", vec!["100 Clean", "100% Clean", "Under_score", "UnderXscore"]),
    ] {
        assert_eq!(
            names(&member, &format!("/clients?search={search}")).await,
            expected,
            "{search}"
        );
    }
}

#[tokio::test]
async fn bad_list_parameters_are_refused() {
    let app = TestApp::spawn().await;
    let member = app.agency("acme").await.member();
    let search = format!("search={}", "x".repeat(256));

    for query in [
        "limit=0",
        "limit=101",
        "limit=x",
        "cursor=abc",
        "include=all",
        "status=gone",
        "colour=red",
        "search=%00",
        search.as_str(),
    ] {
        let reply = member.get(&format!("/clients?{query}")).await;
        reply.refused(422, "validation_failed");
    }
    member.get("/clients/count?limit=1").await.refused(422, "validation_failed");
}
