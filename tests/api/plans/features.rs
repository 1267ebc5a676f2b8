//! What a plan has and has not, at every way in.

use entity::agency::Tier;
use kernel::http::operation::Access;
use kernel::tenancy::Feature;
use kernel::tenancy::plan::{Plan, rank};
use reqwest::Method;
use serde_json::{Value, json};

use super::{agency_on, paid, put_on};
use crate::steps::{self, id, path, token};
use crate::support::contract::contract;
use crate::support::{Agency, Client, Reply, TestApp};

/// An id of the right shape for a path parameter, which nothing has.
fn made_up(parameter: &str) -> &'static str {
    match parameter {
        "proposal_id" => "prop_01jd3k9v5xe8rt2m4n6p8q0s2v",
        "contract_id" => "con_01jd3k9v5xe8rt2m4n6p8q0s2v",
        "invoice_id" => "inv_01jd3k9v5xe8rt2m4n6p8q0s2v",
        _ => "key_01jd3k9v5xe8rt2m4n6p8q0s2v",
    }
}

fn has(tier: Tier, feature: Feature) -> bool {
    Plan::of(tier).has(feature)
}

/// Insists on what the plan says: anything but the refusal, or the refusal with all its members.
#[track_caller]
fn assert_gate(reply: &Reply, tier: Tier, feature: Feature, whom: &Access) {
    let what = format!("{} {} on {tier}: {}", reply.method(), reply.path(), reply.status());
    let is_page = reply.content_type() == Some("text/html");
    let is_problem = reply.content_type() == Some("application/problem+json");
    let refused = match (is_page, is_problem) {
        // For people, in words.
        (true, _) => reply.code() == 403 && reply.text().contains("does not offer"),
        (_, true) => reply.problem()["code"] == "feature_not_in_plan",
        _ => false,
    };
    assert_eq!(refused, !has(tier, feature), "{what}");
    if !refused || is_page {
        return;
    }
    let problem = reply.problem();
    assert_eq!((reply.code(), problem["feature"].as_str()), (403, Some(feature.key())), "{what}");
    if matches!(whom, Access::Link(_)) {
        // A visitor is not told which plan the agency has.
        for member in ["tier", "required_tier", "upgrade"] {
            assert_eq!(problem[member], Value::Null, "{what}");
        }
        return;
    }
    assert_eq!(problem["tier"], tier.as_str(), "{what}");
    assert_eq!(problem["required_tier"], feature.required_tier().as_str(), "{what}");
    assert!(problem["upgrade"].as_str().is_some_and(|hint| hint.starts_with("upgrade to the ")));
}

/// Public links of one of each kind of document.
struct Links {
    proposal: String,
    contract: String,
    invoice: String,
}

async fn links(app: &TestApp, owner: &Client) -> Links {
    let proposal = steps::sent_proposal(owner).await;
    let contract = steps::sent_contract(app, owner).await;
    let invoice = steps::sent_invoice(owner).await;
    Links { proposal: token(&proposal), contract: token(&contract), invoice: token(&invoice) }
}

#[tokio::test]
async fn every_gated_operation_is_there_with_its_feature_and_not_without() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let links = links(&app, &acme.owner()).await;
    let gated: Vec<_> = contract()
        .table()
        .rows()
        .iter()
        .filter_map(|operation| operation.feature.map(|feature| (*operation, feature)))
        .collect();
    assert!(gated.len() > 12, "only {} operations are gated", gated.len());

    for tier in Tier::ALL {
        put_on(&app, acme.id(), paid(*tier)).await;
        for (operation, feature) in &gated {
            let segments = operation.path.split('/').map(|segment| {
                match segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                    None => segment,
                    Some("agency_slug") => "acme",
                    Some("token") if operation.path.contains("proposals") => &links.proposal,
                    Some("token") if operation.path.contains("contracts") => &links.contract,
                    Some("token") if operation.path.contains("invoices") => &links.invoice,
                    Some("token") if operation.path.starts_with("/p/") => &links.proposal,
                    Some("token") if operation.path.starts_with("/c/") => &links.contract,
                    Some("token") => &links.invoice,
                    Some(name) => made_up(name),
                }
            });
            let path = segments.collect::<Vec<_>>().join("/");
            let method: Method = operation.method.parse().unwrap();
            let caller = match operation.access {
                Access::Link(_) | Access::Public => app.anonymous(),
                _ => acme.owner().root().if_match("*"),
            };
            // Nothing of a body is right: what passes the gate is refused for that.
            let body = (method != Method::GET).then(|| json!({"surely_not_a_member": 1}));

            let reply = caller.call(method, &path, body).await;

            assert_gate(&reply, *tier, *feature, &operation.access);
        }
    }
    app.forget_jobs();
}

#[tokio::test]
async fn the_document_shows_which_feature_an_operation_needs() {
    for described in contract().operations() {
        let shown = described.operation["x-feature"].as_str();
        let rows = contract().table().rows().iter();
        let mut row = rows.filter(|o| o.method == described.method && o.path == described.path);

        let feature = row.next().unwrap().feature.map(Feature::key);

        assert_eq!(shown, feature, "{} {}", described.method, described.path);
    }
}

/// Which features of today have something that they gate.
#[tokio::test]
async fn the_table_of_the_specification_holds_for_documents() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let owner = acme.owner();
    let (proposal, contract, invoice) = (
        steps::sent_proposal(&owner).await,
        steps::sent_contract(&app, &owner).await,
        steps::sent_invoice(&owner).await,
    );
    let documents =
        [("proposals", "p", &proposal), ("contracts", "c", &contract), ("invoices", "i", &invoice)];

    for tier in Tier::ALL {
        put_on(&app, acme.id(), paid(*tier)).await;
        let file = if has(*tier, Feature::PdfExport) { 200 } else { 403 };
        let mail = if has(*tier, Feature::EmailDelivery) { 200 } else { 403 };
        for (list, page, document) in documents {
            let place = path(list, document);
            let token = token(document);
            owner.get(&format!("{place}/pdf")).await.expect(file);
            app.anonymous().get(&format!("/public/v1/{list}/{token}/pdf")).await.expect(file);
            app.anonymous().get(&format!("/{page}/{token}/pdf")).await.expect(file);
            // The button is shown to who may press it.
            let shown = app.anonymous().get(&format!("/{page}/{token}")).await.expect(200).text();
            assert_eq!(shown.contains("Download PDF"), file == 200, "{page} on {tier}");
            // Again by mail; by hand always.
            let send = format!("{place}/send");
            let again = owner.if_match("*");
            let body = |deliver| match list {
                "contracts" => json!({"deliver": deliver, "without_terms": true}),
                _ => json!({"deliver": deliver}),
            };
            let sent = again.post(&send, body(true)).await.expect(mail);
            if mail == 403 {
                let problem = sent.refused(403, "feature_not_in_plan");
                assert_eq!(problem["feature"], "email_delivery");
                assert_eq!(problem["required_tier"], "starter");
            }
            again.post(&send, body(false)).await.expect(200);
        }
        // Proposals are everybody's.
        steps::proposal(&owner).await;
    }
    app.forget_jobs();
}

#[tokio::test]
async fn a_mail_that_the_plan_has_not_got_changes_nothing() {
    let app = TestApp::spawn().await;
    let acme = agency_on(&app, "acme", Tier::Free).await;
    let owner = acme.owner();
    let draft = steps::proposal(&owner).await;
    let place = path("proposals", &draft);

    // To send by mail is what happens when nothing is said.
    for body in [json!({}), json!({"deliver": true})] {
        owner.post(&format!("{place}/send"), body).await.refused(403, "feature_not_in_plan");
    }

    let after = owner.get(&place).await.ok();
    assert_eq!((&after["status"], &after["number"]), (&json!("draft"), &Value::Null));
    let sent = owner.post(&format!("{place}/send"), json!({"deliver": false})).await.ok();
    assert!(sent["number"].as_str().unwrap().ends_with("0001"));
    app.run_jobs().await;
    assert!(steps::mails(&app, sent["number"].as_str().unwrap()).await.is_empty());
}

#[tokio::test]
async fn transactional_mail_is_never_gated() {
    let app = TestApp::spawn().await;
    let acme = agency_on(&app, "acme", Tier::Free).await;
    let owner = acme.owner();
    let sent = steps::sent_proposal(&owner).await;

    // A client's answer is told to the agency, a sign-in link reaches its owner.
    steps::accept(&app, &sent).await;
    app.sign_in("owner@acme.test").await;

    let mails = steps::mails(&app, sent["number"].as_str().unwrap()).await;
    assert!(mails.iter().any(|(_, to)| to == "owner@acme.test"), "{mails:?}");
}

#[tokio::test]
async fn who_makes_the_software_is_said_below_white_label() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let owner = acme.owner();
    let invoice = steps::sent_invoice(&owner).await;
    let token = token(&invoice);
    app.run_jobs().await;

    for tier in Tier::ALL {
        put_on(&app, acme.id(), paid(*tier)).await;
        let expected = !has(*tier, Feature::WhiteLabel);

        let public = app.anonymous().get(&format!("/public/v1/invoices/{token}")).await.ok();
        let page = app.anonymous().get(&format!("/i/{token}")).await.expect(200).text();

        assert_eq!(public["agency"]["show_powered_by"], expected, "{tier}");
        assert_eq!(page.contains("Powered by Retainer"), expected, "{tier}");
        if has(*tier, Feature::EmailDelivery) {
            let place = format!("/invoices/{}/send", id(&invoice));
            owner.if_match("*").post(&place, json!({})).await.ok();
            app.run_jobs().await;
            let mail = app.inbox().await.into_iter().next().unwrap();
            assert_eq!(mail.kind, "invoice_sent");
            assert_eq!(mail.text.contains("Powered by Retainer"), expected, "{tier}");
            assert_eq!(mail.html.contains("Powered by Retainer"), expected, "{tier}");
        }
        if has(*tier, Feature::PdfExport) {
            owner.get(&format!("/invoices/{}/pdf", id(&invoice))).await.expect(200);
            assert_eq!(app.printed().last().unwrap().brand.show_powered_by, expected, "{tier}");
        }
    }
}

#[tokio::test]
async fn a_permission_that_is_missing_comes_before_the_plan() {
    let app = TestApp::spawn().await;
    let acme = agency_on(&app, "acme", Tier::Free).await;
    let umbrella: Agency = app.agency("umbrella").await;
    let invoice = steps::sent_invoice(&acme.owner()).await;
    let place = format!("/api/v1/agencies/acme/invoices/{}/pdf", id(&invoice));

    // Who has no business there learns nothing of the plan.
    app.anonymous().get(&place).await.refused(401, "unauthenticated");
    umbrella.owner().root().get(&place).await.refused(404, "not_found");
    acme.owner().root().get(&place).await.refused(403, "feature_not_in_plan");
    assert!(rank(Tier::Free) < rank(Feature::PdfExport.required_tier()));
}
