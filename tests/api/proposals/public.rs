//! Proposals as whoever holds the link sees them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::steps::{self, BROWSER, id, members_of, path, token, visitor, worked_example};
use crate::support::{Client, TestApp, minutes};

fn link(sent: &Value) -> String {
    format!("/public/v1/proposals/{}", token(sent))
}

#[tokio::test]
async fn outsiders_see_what_is_meant_for_them_and_nothing_else() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let draft = worked_example(&owner).await;
    let sent = steps::send(&owner, &path("proposals", &draft), json!({})).await;

    let reply = visitor(&app).get(&link(&sent)).await;

    assert_eq!(reply.header("cache-control"), Some("private, no-store"));
    assert_eq!(reply.header("x-robots-tag"), Some("noindex"));
    let seen = reply.ok();
    assert_eq!(
        members_of(&seen),
        [
            "agency",
            "allowed_actions",
            "client",
            "closing_content",
            "contract_token",
            "executive_summary",
            "issued_on",
            "next_steps",
            "number",
            "opportunity_content",
            "price",
            "responded_at",
            "revision",
            "status",
            "timeline",
            "title",
            "valid_until",
        ]
    );
    assert_eq!(
        members_of(&seen["agency"]),
        [
            "accent_color",
            "accent_gradient",
            "address",
            "business_number",
            "email",
            "legal_name",
            "logo_url",
            "name",
            "phone",
            "primary_color",
            "secondary_color",
            "show_powered_by",
            "website",
        ]
    );
    assert_eq!(members_of(&seen["client"]), ["contact_name", "email", "name"]);
    assert_eq!(seen["price"], sent["price"]);
    assert_eq!(seen["allowed_actions"], json!(["accept", "decline", "request_revision"]));
    assert_eq!(seen["issued_on"], json!(steps::today(&app)));
    assert_eq!(seen["contract_token"], Value::Null);
}

#[tokio::test]
async fn a_view_counts_once_for_each_visitor_in_half_an_hour() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let sent = steps::sent_proposal(&owner).await;
    // Who a visitor is is forgotten with the day: not so near to midnight.
    steps::move_to_end_of(&app, steps::today(&app), chrono::TimeDelta::hours(9));
    let views = async || {
        let read = owner.get(&path("proposals", &sent)).await.ok();
        (read["view_count"].as_i64().unwrap(), read["status"].as_str().unwrap().to_owned())
    };
    let look = async |who: &Client| who.get(&link(&sent)).await.ok()["status"].clone();
    let other = app.anonymous().with("User-Agent", format!("{BROWSER} other"));

    assert_eq!(views().await, (0, "sent".to_owned()));
    assert_eq!(look(&visitor(&app)).await, "viewed");
    assert_eq!(views().await, (1, "viewed".to_owned()));
    app.clock.advance(minutes(29));
    look(&visitor(&app)).await;
    assert_eq!(views().await.0, 1);
    look(&other).await;
    assert_eq!(views().await.0, 2);
    // The window runs from the view that was counted, not from the last one.
    app.clock.advance(minutes(2));
    look(&visitor(&app)).await;
    look(&other).await;
    assert_eq!(views().await.0, 3);
}

#[tokio::test]
async fn robots_programs_and_looks_at_the_headers_are_not_counted() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let sent = steps::sent_proposal(&owner).await;

    for robot in [
        "Googlebot/2.1 (+http://www.google.com/bot.html)",
        "Slackbot-LinkExpanding 1.0",
        "facebookexternalhit/1.1",
        "WhatsApp/2.23",
        "Some Link Preview Service",
    ] {
        app.anonymous().with("User-Agent", robot).get(&link(&sent)).await.ok();
    }
    app.anonymous().get(&link(&sent)).await.ok();
    let _ = visitor(&app).call(Method::HEAD, &link(&sent), None).await.expect(200);
    let _ = visitor(&app).get(&format!("{}/pdf", link(&sent))).await.expect(200);

    let read = owner.get(&path("proposals", &sent)).await.ok();
    assert_eq!((&read["view_count"], &read["status"]), (&json!(0), &json!("sent")));
}

#[tokio::test]
async fn a_view_does_not_get_into_the_way_of_an_editor() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let sent = steps::sent_proposal(&owner).await;
    let place = path("proposals", &sent);
    visitor(&app).get(&link(&sent)).await.ok();
    let read = owner.get(&place).await;

    let other = app.anonymous().with("User-Agent", format!("{BROWSER} other"));
    other.get(&link(&sent)).await.ok();

    // What was read has changed, the version has not.
    assert_ne!(owner.get(&place).await.etag(), read.etag());
    owner
        .if_match(read.etag())
        .post(&format!("{place}/send"), json!({"deliver": false}))
        .await
        .ok();
}

#[tokio::test]
async fn a_link_opens_its_own_document_and_nothing_else() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let (proposal, invoice) =
        (steps::sent_proposal(&owner).await, steps::sent_invoice(&owner).await);
    let unknown = "7NpWbYqS2xKfDh4mRtVa3e";
    let body = async |path: String| {
        let mut problem = visitor(&app).get(&path).await.refused(404, "not_found");
        for own in ["request_id", "instance"] {
            problem[own] = Value::Null;
        }
        problem
    };

    let made_up = body(format!("/public/v1/proposals/{unknown}")).await;

    for (kind, token) in [
        ("invoices", token(&proposal)),
        ("contracts", token(&proposal)),
        ("proposals", token(&invoice)),
        ("proposals", id(&proposal).to_owned()),
        ("proposals", proposal["number"].as_str().unwrap().to_owned()),
        ("proposals", "%00".to_owned()),
    ] {
        assert_eq!(body(format!("/public/v1/{kind}/{token}")).await, made_up, "{kind}/{token}");
    }
    let answer = format!("/public/v1/proposals/{}/accept", token(&invoice));
    visitor(&app).act(&answer).await.refused(404, "not_found");
}
