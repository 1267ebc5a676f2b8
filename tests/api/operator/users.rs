//! People.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{audit, person, second_operator};
use crate::steps;
use crate::support::TestApp;

#[tokio::test]
async fn nobody_changes_what_they_are_themselves() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let me = person(operator.user_id());

    let suspended = operator.post(&format!("{me}/suspend"), json!({"reason": "by mistake"})).await;
    let deleted = operator.delete(&me).await;
    let demoted = operator.patch(&format!("{me}/access"), json!({"super_admin": false})).await;

    suspended.refused(403, "own_account");
    deleted.refused(403, "own_account");
    demoted.refused(403, "own_account");
    assert_eq!(operator.get(&me).await.ok()["is_super_admin"], true);
}

#[tokio::test]
async fn no_operator_keeps_another_out() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let second = second_operator(&app, &operator).await;
    let other = person(second.user_id());

    let suspended =
        operator.post(&format!("{other}/suspend"), json!({"reason": "a quarrel"})).await;
    let deleted = operator.delete(&other).await;
    let moved = operator.patch(&other, json!({"email": "mine@retainer.test"})).await;

    suspended.refused(403, "super_admin_protected");
    deleted.refused(403, "super_admin_protected");
    moved.refused(403, "super_admin_protected");
    // Once it is no operator any more, it can.
    operator.patch(&format!("{other}/access"), json!({"super_admin": false})).await.ok();
    operator.post(&format!("{other}/suspend"), json!({"reason": "a quarrel"})).await.ok();
}

#[tokio::test]
async fn operating_the_platform_begins_and_ends_with_the_next_request() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let second = second_operator(&app, &operator).await;

    second.get("/api/v1/admin/stats").await.ok();
    assert_eq!(second.get("/api/v1/me").await.ok()["is_super_admin"], true);
    let access = format!("{}/access", person(second.user_id()));
    let ended = operator.patch(&access, json!({"super_admin": false})).await.ok();

    assert_eq!(ended["is_super_admin"], false);
    let refusal = second.get("/api/v1/admin/stats").await.refused(403, "forbidden");
    assert_eq!(refusal["permission"], "super_admin");
    let log = audit(&operator, "action=security.operator_changed").await;
    let decisions: Vec<&Value> =
        log.iter().map(|entry| &entry["metadata"]["is_operator"]).collect();
    assert_eq!(decisions, [false, true]);
    assert_eq!(log[0]["metadata"]["by"], operator.user_id().to_string());
}

#[tokio::test]
async fn two_operators_who_take_it_from_each_other_leave_one() {
    let app = TestApp::spawn().await;
    let first = app.operator().await;
    let second = second_operator(&app, &first).await;
    let no = json!({"super_admin": false});
    let (of_first, of_second) = (person(first.user_id()), person(second.user_id()));

    join_all([
        first.patch(&format!("{of_second}/access"), no.clone()),
        second.patch(&format!("{of_first}/access"), no.clone()),
    ])
    .await;

    let left = [first.get("/api/v1/admin/stats").await, second.get("/api/v1/admin/stats").await];
    assert_eq!(left.iter().filter(|reply| reply.code() == 200).count(), 1);
}

#[tokio::test]
async fn who_was_only_invited_or_is_kept_out_cannot_become_an_operator() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let owner = app.agency("acme").await.owner();
    let body = json!({"email": "grace@x.test", "role": "member"});
    owner.post("/members", body).await.created();
    app.run_jobs().await;
    let invited = operator.get("/api/v1/admin/users?search=grace").await.ok();
    let invited = format!("/api/v1/admin/users/{}", steps::id(&invited["data"][0]));
    let ada = app.sign_in("ada@x.test").await;
    let kept_out = person(ada.user_id());
    operator.post(&format!("{kept_out}/suspend"), json!({"reason": "spam"})).await.ok();

    for (who, state) in [(invited, "invited"), (kept_out, "suspended")] {
        let reply = operator.patch(&format!("{who}/access"), json!({"super_admin": true})).await;
        assert_eq!(reply.refused(409, "invalid_state")["current"], state);
    }
}

#[tokio::test]
async fn a_person_who_is_suspended_is_out_at_once() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let anonymous = app.anonymous();
    anonymous.post("/api/v1/auth/magic-link", json!({"email": "ada@x.test"})).await.accepted();
    app.run_jobs().await;
    let token = app.magic_link_token("ada@x.test").await;
    let tokens =
        anonymous.post("/api/v1/auth/magic-link/verify", json!({"token": token})).await.ok();
    let ada = anonymous.with_token(tokens["access_token"].as_str().unwrap());
    let id = ada.get("/api/v1/me").await.ok()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/admin/users/{id}");

    let reply =
        operator.post(&format!("{path}/suspend"), json!({"reason": " sends spam "})).await.ok();

    assert_eq!(reply["suspended_reason"], "sends spam");
    assert_eq!(ada.get("/api/v1/me").await.code(), 401);
    let refresh = json!({"refresh_token": tokens["refresh_token"]});
    assert_eq!(anonymous.post("/api/v1/auth/refresh", refresh).await.code(), 401);
    anonymous.post("/api/v1/auth/magic-link", json!({"email": "ada@x.test"})).await.accepted();
    app.run_jobs().await;
    let token = app.magic_link_token("ada@x.test").await;
    let again = anonymous.post("/api/v1/auth/magic-link/verify", json!({"token": token})).await;
    again.refused(403, "account_suspended");
    let twice = operator.post(&format!("{path}/suspend"), json!({"reason": "again"})).await;
    twice.refused(409, "invalid_state");
    let log = audit(&operator, &format!("user={id}&action=security.user_")).await;
    assert_eq!(log[0]["action"], "security.user_suspended");
    assert_eq!(log[0]["metadata"]["reason"], "sends spam");
    assert_eq!(log[0]["metadata"]["by"], operator.user_id().to_string());

    let back = operator.act(&format!("{path}/unsuspend")).await.ok();

    assert_eq!((&back["suspended_at"], &back["suspended_reason"]), (&Value::Null, &Value::Null));
    assert_eq!(ada.get("/api/v1/me").await.code(), 401, "an ended sign-in stays ended");
    app.sign_in("ada@x.test").await.get("/api/v1/me").await.ok();
    operator.act(&format!("{path}/unsuspend")).await.refused(409, "invalid_state");
}

#[tokio::test]
async fn a_person_who_alone_owns_an_agency_is_not_deleted() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let owner = app.agency("acme").await.owner();
    let body = json!({"name": "Umbrella", "slug": "umbrella"});
    owner.root().post("/api/v1/agencies", body).await.created();

    let refusal = operator.delete(&person(owner.user_id())).await.refused(409, "sole_owner");

    let detail = refusal["detail"].as_str().unwrap();
    assert!(detail.ends_with("acme, umbrella"), "{detail}");
    owner.get("").await.ok();
}

#[tokio::test]
async fn what_a_deleted_person_made_stays() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let acme = app.agency("acme").await;
    let (owner, member) = (acme.owner(), acme.member());
    let proposal = steps::proposal(&member).await;
    let used = owner.get("/usage").await.ok();
    let path = person(member.user_id());

    operator.delete(&path).await.no_content();

    operator.get(&path).await.refused(404, "not_found");
    assert_eq!(member.get("").await.code(), 401);
    owner.get(&steps::path("proposals", &proposal)).await.ok();
    let left = owner.get("/members").await.ok();
    assert_eq!(left["data"].as_array().unwrap().len(), 2);
    let seats = |usage: &Value| usage["usage"]["members"]["current"].as_i64();
    assert_eq!(seats(&owner.get("/usage").await.ok()), seats(&used).map(|seats| seats - 1));
    let log = audit(&operator, &format!("agency={}&action=member.removed", acme.id())).await;
    assert_eq!(log[0]["metadata"]["source"], "super_admin");
    assert_eq!(log[0]["user_id"], operator.user_id().to_string());
    let log = audit(&operator, "action=security.user_deleted").await;
    assert_eq!(log[0]["user_id"], member.user_id().to_string());
}

#[tokio::test]
async fn a_membership_ends_but_not_the_last_owner_s() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let acme = app.agency("acme").await;
    let path = |id| format!("{}/memberships/{}", person(id), acme.id());

    operator.delete(&path(acme.admin().user_id())).await.no_content();

    assert_eq!(acme.admin().get("").await.code(), 404);
    operator.delete(&path(acme.admin().user_id())).await.refused(404, "not_found");
    operator.delete(&path(acme.owner().user_id())).await.refused(409, "last_owner");
    let shown = operator.get(&person(acme.owner().user_id())).await.ok();
    assert_eq!(shown["memberships"][0]["agency_slug"], "acme");
    assert_eq!(shown["memberships"][0]["role"], "owner");
}

#[tokio::test]
async fn a_changed_address_signs_in_and_the_old_one_does_not() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let acme = app.agency("acme").await;
    let path = person(acme.member().user_id());

    let changed = operator.patch(&path, json!({"email": " Grace@X.test "})).await.ok();

    assert_eq!(changed["email"], "grace@x.test");
    let grace = app.sign_in("grace@x.test").await;
    assert_eq!(grace.user_id(), acme.member().user_id());
    assert_eq!(grace.in_agency("acme").get("").await.ok()["role"], "member");
    let stranger = app.sign_in("member@acme.test").await;
    assert_ne!(stranger.user_id(), acme.member().user_id());
    let taken = operator.patch(&path, json!({"email": "owner@acme.test"})).await;
    assert_eq!(taken.refused(409, "conflict")["field"], "email");
    let log = audit(&operator, "action=security.user_changed").await;
    assert_eq!(log[0]["metadata"]["columns"], json!(["email", "subject"]));
}

#[tokio::test]
async fn people_are_found_by_what_they_are() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let acme = app.agency("acme").await;
    let member = person(acme.member().user_id());
    operator.post(&format!("{member}/suspend"), json!({"reason": "spam"})).await.ok();
    let found = async |query: &str| {
        let list = operator.get(&format!("/api/v1/admin/users?{query}")).await.ok();
        let data = list["data"].as_array().unwrap().clone();
        data.iter().map(|p| p["email"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };

    let all = ["member@acme.test", "admin@acme.test", "owner@acme.test"];
    assert_eq!(found("search=@ACME.").await, all);
    assert_eq!(found("search=@acme.&owners_only=true").await, ["owner@acme.test"]);
    assert_eq!(found("super_admin_only=true").await, [operator.email()]);
    assert_eq!(found("suspended_only=true").await, ["member@acme.test"]);
    assert_eq!(found("search=100%25").await, Vec::<String>::new());
    let pages = operator.get("/api/v1/admin/users?search=@acme.&limit=2&include=total").await.ok();
    assert_eq!((&pages["total"], &pages["has_more"]), (&json!(3), &json!(true)));
    let cursor = pages["next_cursor"].as_str().unwrap();
    assert_eq!(found(&format!("search=@acme.&limit=2&cursor={cursor}")).await, &all[2..]);
}

#[tokio::test]
async fn an_outdated_decision_about_a_person_is_refused() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let ada = app.sign_in("ada@x.test").await;
    let path = person(ada.user_id());
    let etag = operator.get(&path).await.etag();
    ada.patch("/api/v1/me", json!({"avatar": "https://x.test/ada.png"})).await.ok();

    let stale = operator.if_match(&etag);
    stale.patch(&path, json!({"avatar": ""})).await.refused(412, "precondition_failed");
    stale.delete(&path).await.refused(412, "precondition_failed");
    let access = format!("{path}/access");
    stale.patch(&access, json!({"super_admin": true})).await.refused(412, "precondition_failed");
}
