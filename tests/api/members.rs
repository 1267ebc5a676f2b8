//! The members of an agency.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Agency, Client, TestApp};

/// The path of the member with an address.
async fn path(caller: &Client, email: &str) -> String {
    format!("/members/{}", id(caller, email).await)
}

async fn id(caller: &Client, email: &str) -> String {
    let list = caller.get("/members").await.ok();
    let members = list["data"].as_array().unwrap();
    let found = members.iter().find(|member| member["email"] == email).unwrap();
    found["id"].as_str().unwrap().to_owned()
}

async fn invite(caller: &Client, email: &str, role: &str) -> Value {
    caller.post("/members", json!({"email": email, "role": role})).await.created()
}

/// The kinds of mail that a person got, oldest first.
async fn mails(app: &TestApp, email: &str) -> Vec<String> {
    let inbox = app.inbox().await;
    inbox.iter().rev().filter(|mail| mail.to == email).map(|mail| mail.kind.clone()).collect()
}

async fn roles(acme: &Agency) -> Vec<String> {
    let list = acme.owner().root().in_agency(acme.slug()).get("/members").await.ok();
    let members = list["data"].as_array().unwrap();
    members.iter().map(|member| member["role"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_unknown_person_is_invited_and_comes_in_by_signing_in() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();

    let reply = owner
        .post(
            "/members",
            json!({"email": " Grace@X.test", "role": "admin", "display_name": "Grace"}),
        )
        .await;

    let location = reply.location();
    let invited = reply.created();
    assert_eq!(invited["email"], "grace@x.test");
    assert_eq!(invited["status"], "invited");
    assert_eq!(invited["accepted_at"], Value::Null);
    let grace = app.sign_in("grace@x.test").await;
    let accepted = owner.get(&location).await.ok();
    assert_eq!(accepted["status"], "active");
    assert_eq!(accepted["role"], "admin");
    assert_eq!(accepted["display_name"], "Grace");
    assert_eq!(grace.in_agency("acme").get("").await.ok()["role"], "admin");
    let mut kinds = mails(&app, "grace@x.test").await;
    kinds.sort_unstable();
    assert_eq!(kinds, ["sign_in_link", "team_invitation"]);
    let inbox = app.inbox().await;
    let mail =
        inbox.iter().find(|mail| mail.kind == "team_invitation" && mail.to == "grace@x.test");
    assert!(mail.unwrap().text.contains("/auth/sign-in?email=grace%40x.test"));
}

#[tokio::test]
async fn one_sign_in_accepts_the_invitations_of_several_agencies() {
    let app = TestApp::spawn().await;
    let (acme, bolt) = (app.agency("acme").await, app.agency("bolt").await);
    invite(&acme.owner(), "grace@x.test", "member").await;
    invite(&bolt.admin(), "grace@x.test", "admin").await;

    let grace = app.sign_in("grace@x.test").await;

    let me = grace.get("/api/v1/me").await.ok();
    let roles: Vec<&Value> =
        me["agencies"].as_array().unwrap().iter().map(|a| &a["role"]).collect();
    assert_eq!(roles, [&json!("member"), &json!("admin")]);
}

#[tokio::test]
async fn a_known_person_is_a_member_a_moment_later() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let grace = app.sign_in("grace@x.test").await;

    let added = invite(&owner, "grace@x.test", "member").await;

    // The answer does not say that she is known.
    assert_eq!((&added["status"], &added["user_id"]), (&json!("invited"), &Value::Null));
    app.run_jobs().await;
    grace.in_agency("acme").get("").await.ok();
    let path = format!("/members/{}", added["id"].as_str().unwrap());
    let member = owner.get(&path).await.ok();
    assert_eq!(member["status"], "active");
    assert_eq!(member["user_id"], json!(grace.user_id()));
    assert_eq!(mails(&app, "grace@x.test").await, ["sign_in_link", "team_added"]);
}

#[tokio::test]
async fn a_person_is_invited_once() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    invite(&owner, "grace@x.test", "member").await;

    let again = json!({"email": "GRACE@x.test", "role": "admin"});
    assert_eq!(owner.post("/members", again).await.refused(409, "conflict")["field"], "email");

    let many = join_all(
        (0..6).map(|_| owner.post("/members", json!({"email": "linus@x.test", "role": "member"}))),
    )
    .await;
    let mut codes: Vec<u16> = many.iter().map(crate::support::Reply::code).collect();
    codes.sort_unstable();
    assert_eq!(codes, [201, 409, 409, 409, 409, 409]);
    app.run_jobs().await;
    assert_eq!(mails(&app, "linus@x.test").await, ["team_invitation"]);
}

#[tokio::test]
async fn a_repeated_invitation_is_answered_once() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner().once("invite-grace");
    let body = json!({"email": "grace@x.test", "role": "member"});

    let first = owner.post("/members", body.clone()).await.created();
    let again = owner.post("/members", body).await;

    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.created(), first);
    app.run_jobs().await;
    assert_eq!(mails(&app, "grace@x.test").await.len(), 1);
}

#[tokio::test]
async fn every_broken_rule_of_an_invitation_is_named() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let post = async |body: Value| owner.post("/members", body).await.broken_rules();

    let broken = post(json!({"email": "x", "role": "member", "display_name": "", "x": 1})).await;
    let owned = post(json!({"email": "grace@x.test", "role": "owner"})).await;

    let pointers: Vec<&str> = broken.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(pointers, ["/display_name", "/email", "/x"]);
    assert_eq!(owned[0].0, "/role");
}

#[tokio::test]
async fn members_are_listed_page_by_page() {
    let app = TestApp::spawn().await;
    let member = app.agency("acme").await.member();

    let first = member.get("/members?limit=2&include=total").await.ok();
    let cursor = first["next_cursor"].as_str().unwrap();
    let last = member.get(&format!("/members?limit=2&cursor={cursor}")).await.ok();

    assert_eq!(first["total"], 3);
    assert_eq!(first["data"][0]["role"], "owner");
    assert_eq!(last["data"].as_array().unwrap().len(), 1);
    assert_eq!(last["has_more"], false);
    member.get("/members?limit=0").await.refused(422, "validation_failed");
    member.get("/members?offset=1").await.refused(422, "validation_failed");
}

#[tokio::test]
async fn only_the_owner_changes_roles_and_never_the_owner_s() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let owner = acme.owner();
    let member = format!("{}/role", path(&owner, "member@acme.test").await);
    let own = format!("{}/role", path(&owner, "owner@acme.test").await);

    let denied = acme.admin().patch(&member, json!({"role": "admin"})).await;
    assert_eq!(denied.refused(403, "forbidden")["permission"], "member:change_role");
    let changed = owner.patch(&member, json!({"role": "admin"})).await.ok();

    assert_eq!(changed["role"], "admin");
    assert_eq!(acme.member().get("").await.ok()["role"], "admin");
    owner.patch(&own, json!({"role": "member"})).await.refused(409, "owner_protected");
    owner.patch(&member, json!({"role": "owner"})).await.refused(422, "validation_failed");
    owner.patch(&member, json!({})).await.refused(422, "validation_failed");
}

#[tokio::test]
async fn names_are_changed_by_who_may() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let of_member = path(&acme.owner(), "member@acme.test").await;
    let of_owner = path(&acme.owner(), "owner@acme.test").await;
    let name = json!({"display_name": " Grace "});

    assert_eq!(acme.admin().patch(&of_member, name.clone()).await.ok()["display_name"], "Grace");
    acme.admin().patch(&of_owner, name.clone()).await.refused(403, "owner_protected");
    assert_eq!(acme.owner().patch(&of_owner, name.clone()).await.ok()["display_name"], "Grace");
    acme.member().patch(&of_member, name.clone()).await.refused(403, "forbidden");
    let mine = acme.member().patch("/members/me", json!({"display_name": "Hopper"})).await.ok();

    assert_eq!(mine["email"], "member@acme.test");
    assert_eq!(mine["display_name"], "Hopper");
    acme.member()
        .patch("/members/me", json!({"display_name": ""}))
        .await
        .refused(422, "validation_failed");
    let stale = acme.owner().if_match("\"1\"").patch(&of_member, name).await;
    stale.refused(412, "precondition_failed");
}

#[tokio::test]
async fn removing_follows_the_roles() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let (owner, admin) = (acme.owner(), acme.admin());
    let of = async |email: &str| path(&owner, email).await;
    let (of_owner, of_admin) = (of("owner@acme.test").await, of("admin@acme.test").await);
    let of_member = of("member@acme.test").await;

    acme.member().delete(&of_member).await.refused(403, "forbidden");
    admin.delete(&of_admin).await.refused(403, "role_too_low");
    admin.delete(&of_owner).await.refused(409, "owner_protected");
    owner.delete(&of_owner).await.refused(409, "owner_protected");
    owner.if_match("\"9\"").delete(&of_member).await.refused(412, "precondition_failed");
    admin.delete(&of_member).await.no_content();
    owner.delete(&of_admin).await.no_content();

    acme.member().get("").await.refused(404, "not_found");
    owner.get(&of_member).await.refused(404, "not_found");
    owner.delete(&of_member).await.refused(404, "not_found");
    assert_eq!(roles(&acme).await, ["owner"]);
}

#[tokio::test]
async fn an_invitation_is_sent_again_and_taken_back() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let owner = acme.owner();
    let grace = invite(&owner, "grace@x.test", "member").await;
    let path = format!("/members/{}", grace["id"].as_str().unwrap());
    app.clock.advance(crate::support::minutes(5));

    let again = owner.act(&format!("{path}/resend-invitation")).await.ok();
    assert_ne!(again["invited_at"], grace["invited_at"]);
    app.run_jobs().await;
    assert_eq!(mails(&app, "grace@x.test").await, ["team_invitation", "team_invitation"]);
    owner.delete(&format!("{path}/invitation")).await.no_content();

    owner.get(&path).await.refused(404, "not_found");
    let stranger = app.sign_in("grace@x.test").await;
    assert_eq!(stranger.get("/api/v1/me").await.ok()["agencies"], json!([]));
    let in_already = crate::members::path(&owner, "member@acme.test").await;
    let resent = owner.act(&format!("{in_already}/resend-invitation")).await;
    assert_eq!(resent.refused(409, "invalid_state")["current"], "active");
    owner.delete(&format!("{in_already}/invitation")).await.refused(409, "invalid_state");
}

#[tokio::test]
async fn members_leave_but_the_last_owner_does_not() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;

    acme.owner().act("/members/leave").await.refused(409, "last_owner");
    acme.member().act("/members/leave").await.no_content();

    acme.member().get("").await.refused(404, "not_found");
    assert_eq!(roles(&acme).await, ["owner", "admin"]);
}

#[tokio::test]
async fn the_ownership_passes_on() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let heir = id(&acme.owner(), "member@acme.test").await;
    let transfer = json!({"member_id": heir});

    let denied = acme.admin().post("/ownership-transfer", transfer.clone()).await;
    assert_eq!(denied.refused(403, "forbidden")["permission"], "member:transfer_ownership");
    let owner = acme.owner().post("/ownership-transfer", transfer).await.ok();

    assert_eq!(owner["email"], "member@acme.test");
    assert_eq!(owner["role"], "owner");
    assert_eq!(roles(&acme).await, ["member", "admin", "owner"]);
    acme.owner().act("/members/leave").await.no_content();
    assert_eq!(acme.member().get("").await.ok()["role"], "owner");
}

#[tokio::test]
async fn the_ownership_passes_to_active_members_only() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let invited = invite(&owner, "grace@x.test", "member").await["id"].clone();
    let own = id(&owner, "owner@acme.test").await;
    let foreign = id(&app.bystander().owner(), "member@bystander.test").await;
    let to = async |id: Value| {
        owner.post("/ownership-transfer", json!({"member_id": id})).await.broken_rules()
    };

    assert_eq!(to(invited).await[0].1, "not_active");
    assert_eq!(to(json!(own)).await[0].1, "is_owner");
    assert_eq!(to(json!(foreign)).await[0].1, "unknown");
    assert_eq!(to(json!("mem_01jd3k9v5xe8rt2m4n6p8q0s2v")).await[0].1, "unknown");
    assert_eq!(to(json!("usr_01jd3k9v5xe8rt2m4n6p8q0s2v")).await[0].1, "invalid");
    app.run_jobs().await;
}

#[tokio::test]
async fn an_agency_keeps_one_owner_whatever_happens_at_once() {
    let app = TestApp::spawn().await;
    let acme = app.agency("acme").await;
    let owner = acme.owner();
    let (admin, member) =
        (id(&owner, "admin@acme.test").await, id(&owner, "member@acme.test").await);
    let transfer = |to: &str| {
        let (owner, body) = (owner.clone(), json!({"member_id": to}));
        async move { owner.post("/ownership-transfer", body).await.code() }
    };
    let remove = |id: &str| {
        let (owner, path) = (owner.clone(), format!("/members/{id}"));
        async move { owner.delete(&path).await.code() }
    };
    let leave = async { owner.act("/members/leave").await.code() };

    let codes = tokio::join!(
        transfer(&admin),
        transfer(&member),
        remove(&admin),
        remove(&member),
        transfer(&admin),
        leave,
    );

    let all = [codes.0, codes.1, codes.2, codes.3, codes.4, codes.5];
    assert!(all.iter().all(|code| *code < 500), "{all:?}");
    let remaining = [acme.owner(), acme.admin(), acme.member()];
    let mut owners = 0;
    for person in &remaining {
        let reply = person.get("").await;
        owners += usize::from(reply.code() == 200 && reply.json()["role"] == "owner");
    }
    assert_eq!(owners, 1, "{all:?}");
}

#[tokio::test]
async fn another_agency_s_members_do_not_exist() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let foreign = path(&app.bystander().owner(), "member@bystander.test").await;

    owner.get(&foreign).await.refused(404, "not_found");
    owner.delete(&foreign).await.refused(404, "not_found");
    owner
        .patch(&format!("{foreign}/role"), json!({"role": "admin"}))
        .await
        .refused(404, "not_found");
    owner.get("/members/cli_01jd3k9v5xe8rt2m4n6p8q0s2v").await.refused(404, "not_found");
    app.bystander().member().in_agency("acme").get("/members").await.refused(404, "not_found");
}
