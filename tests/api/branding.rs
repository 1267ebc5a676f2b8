//! The gradient in an agency's look: what it may be, who may have one, where it is seen.

use chrono::TimeDelta;
use entity::agency::Tier;
use kernel::ports::clock::Clock;
use serde_json::{Value, json};

use crate::plans::{Terms, agency_on, paid, put_on};
use crate::steps::{self, id, token};
use crate::support::{Agency, TestApp};

const WRITTEN: &str = "linear-gradient( 135deg,#0F766E , #F59E0B 060%,#1E40AF)";
const STORED: &str = "linear-gradient(135deg, #0f766e, #f59e0b 60%, #1e40af)";

/// A request for a gradient.
fn gradient(text: &str) -> Value {
    json!({"accent_gradient": text})
}

/// The gradient of the agency as its members see it.
async fn stored(agency: &Agency) -> Value {
    agency.member().get("").await.ok()["branding"]["accent_gradient"].clone()
}

/// The style sheet of a page, and its address.
async fn style(app: &TestApp, page: &str) -> (String, String) {
    let page = app.anonymous().get(page).await.expect(200).text();
    let href = page.split('"').find(|part| part.starts_with("/assets/brand/")).unwrap();
    let css = app.anonymous().get(href).await.expect(200);
    assert_eq!(css.content_type(), Some("text/css"));
    (href.to_owned(), css.text())
}

#[tokio::test]
async fn a_gradient_is_kept_in_one_form_until_it_is_taken_away() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    assert_eq!(stored(&acme).await, "");

    let set = acme.admin().patch("/branding", gradient(WRITTEN)).await;
    let again = acme.admin().patch("/branding", gradient(STORED)).await;
    assert_eq!(set.ok()["accent_gradient"], STORED);
    assert_eq!(again.etag(), "\"2\"", "what is stored already is no change");
    assert_eq!(stored(&acme).await, STORED);
    acme.admin().patch("/branding", json!({"accent_color": "#B91C1C"})).await.ok();
    assert_eq!(stored(&acme).await, STORED, "what is not named stays");

    let cleared = acme.admin().patch("/branding", gradient(" ")).await.ok();

    assert_eq!(cleared["accent_gradient"], "");
    assert_eq!(stored(&acme).await, "");
    acme.member().patch("/branding", gradient(STORED)).await.refused(403, "forbidden");
}

#[tokio::test]
async fn what_is_no_gradient_is_refused_and_changes_nothing() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    acme.owner().patch("/branding", gradient(STORED)).await.ok();
    let etag = acme.owner().get("").await.etag();

    for bad in [
        "none",
        "red",
        "radial-gradient(#000000, #ffffff)",
        "linear-gradient(90deg, #000000)",
        "linear-gradient(90deg, #000000, #111111, #222222, #333333, #444444, #555555)",
        "linear-gradient(361deg, #000000, #ffffff)",
        "linear-gradient(90deg, #000000 101%, #ffffff)",
        "linear-gradient(90deg, #000000, var(--x))",
        "linear-gradient(90deg, #000000, #ffffff), url(//evil.test/x)",
        "linear-gradient(90deg, #000000, #ffffff)} body { display: none",
        "linear-gradient(90deg, #000000, #ffffff);\"><script>",
    ] {
        let body = json!({"accent_gradient": bad, "primary_color": "#000001"});
        let broken = acme.owner().patch("/branding", body).await.broken_rules();
        let pointers: Vec<&str> = broken.iter().map(|(pointer, _)| pointer.as_str()).collect();
        assert_eq!(pointers, ["/accent_gradient"], "{bad}");
    }
    let both = json!({"accent_gradient": "none", "primary_color": "red"});
    assert_eq!(acme.owner().patch("/branding", both).await.broken_rules().len(), 2);
    let nothing = json!({"accent_gradient": null});
    acme.owner().patch("/branding", nothing).await.refused(422, "validation_failed");

    assert_eq!(acme.owner().get("").await.etag(), etag);
    assert_eq!(stored(&acme).await, STORED);
}

#[tokio::test]
async fn a_gradient_is_set_where_the_plan_has_custom_branding_and_taken_away_anywhere() {
    let app = TestApp::spawn().await;
    let acme = agency_on(&app, "acme", Tier::Free).await;
    let owner = acme.owner();

    for tier in [Tier::Free, Tier::Starter] {
        put_on(&app, acme.id(), paid(tier)).await;
        let body = json!({"accent_gradient": WRITTEN, "primary_color": "#000001"});
        let problem = owner.patch("/branding", body).await.refused(403, "feature_not_in_plan");
        assert_eq!(problem["feature"], "custom_branding");
        assert_eq!(problem["required_tier"], "growth");
        let branding = owner.get("").await.ok()["branding"].clone();
        assert_eq!(branding["accent_gradient"], "");
        assert_ne!(branding["primary_color"], "#000001");
        // Logo and three colours are everybody's.
        owner
            .patch("/branding", json!({"primary_color": "#0F766E", "accent_gradient": ""}))
            .await
            .ok();
    }
    let freemium = Terms { is_freemium: true, ..paid(Tier::Free) };
    for terms in [paid(Tier::Growth), paid(Tier::Enterprise), freemium] {
        put_on(&app, acme.id(), terms).await;
        owner.patch("/branding", gradient(WRITTEN)).await.ok();
        put_on(&app, acme.id(), paid(Tier::Free)).await;
        // The whole form is sent back with the gradient as it is: that sets none.
        let form = json!({"accent_gradient": STORED, "accent_color": "#B91C1C"});
        assert_eq!(owner.patch("/branding", form).await.ok()["accent_gradient"], STORED);
        let other = gradient("linear-gradient(0deg, #000000, #ffffff)");
        owner.patch("/branding", other).await.refused(403, "feature_not_in_plan");
        assert_eq!(owner.patch("/branding", gradient("")).await.ok()["accent_gradient"], "");
    }
}

#[tokio::test]
async fn pages_and_mails_show_a_gradient_while_the_plan_has_it() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let owner = acme.owner();
    let invoice = steps::sent_invoice(&owner).await;
    app.run_jobs().await;
    let (page, public) =
        (format!("/i/{}", token(&invoice)), format!("/public/v1/invoices/{}", token(&invoice)));
    let colors = json!({"primary_color": "#0F766E", "accent_gradient": WRITTEN});
    owner.patch("/branding", colors).await.ok();
    let until = app.clock.now() + TimeDelta::days(1);
    let freemium = Terms { is_freemium: true, freemium_until: Some(until), ..paid(Tier::Starter) };

    for (terms, shown) in [
        (paid(Tier::Growth), true),
        (paid(Tier::Starter), false),
        (paid(Tier::Enterprise), true),
        (freemium, true),
    ] {
        put_on(&app, acme.id(), terms).await;

        let (href, css) = style(&app, &page).await;
        let agency = app.anonymous().get(&public).await.ok()["agency"].clone();
        let place = format!("/invoices/{}/send", id(&invoice));
        owner.if_match("*").post(&place, json!({})).await.ok();
        app.run_jobs().await;
        let mail = app.inbox().await.into_iter().next().unwrap();

        assert_eq!(css.contains(&format!("--brand-gradient: {STORED};")), shown, "{css}");
        assert_eq!(css.contains("gradient"), shown, "{css}");
        assert_eq!(href.contains("135-0f766e-f59e0b_60-1e40af"), shown, "{href}");
        assert!(css.contains("--brand-primary: #0f766e;"), "{css}");
        assert_eq!(agency["accent_gradient"], if shown { STORED } else { "" });
        assert_eq!(mail.kind, "invoice_sent");
        assert_eq!(mail.html.contains(&format!("background-image:{STORED};")), shown);
        assert_eq!(mail.html.contains("gradient"), shown);
        assert!(mail.html.contains("background-color:#0F766E;"), "the colour stands in");
        assert_eq!(stored(&acme).await, STORED, "it is kept on any plan");
    }

    app.clock.advance(TimeDelta::days(2));

    let (_, css) = style(&app, &page).await;
    assert!(!css.contains("gradient"), "freemium has ended: {css}");
    assert_eq!(stored(&acme).await, STORED);
}

#[tokio::test]
async fn an_address_that_is_no_gradient_is_no_style_sheet() {
    let app = TestApp::spawn().await;
    let colors = "/assets/brand/0f766e-1e40af-f59e0b";
    let good = app.anonymous().get(&format!("{colors}-0-000000-ffffff_100.css")).await.expect(200);
    assert!(good.text().contains("linear-gradient(0deg, #000000, #ffffff 100%);"));

    for bad in [
        "-",
        "-0",
        "-0-000000",
        "-0-000000-fffff",
        "-400-000000-ffffff",
        "-0-000000-ffffff_",
        "-0-000000-ffffff_101",
        "-0-000000-ffffff-",
        "-0-000000-%7Dbody%7B",
        "-0-0-0-0-0-0-0",
    ] {
        let _ = app.anonymous().get(&format!("{colors}{bad}.css")).await.expect(404);
    }
}
