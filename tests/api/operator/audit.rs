//! The audit log.

use serde_json::{Value, json};

use super::audit;
use crate::steps;
use crate::support::{TestApp, minutes};

#[tokio::test]
async fn the_activity_of_all_agencies_and_the_security_log_are_one_list() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let (acme, umbrella) = (app.agency("acme").await, app.agency("umbrella").await);
    app.clock.advance(minutes(1));
    steps::client(&acme.owner()).await;
    app.clock.advance(minutes(1));
    steps::client(&umbrella.owner()).await;
    app.clock.advance(minutes(1));
    let member = format!("/api/v1/admin/users/{}", acme.member().user_id());
    operator.post(&format!("{member}/suspend"), json!({"reason": "spam"})).await.ok();

    let all = audit(&operator, "").await;

    let newest: Vec<&Value> = all.iter().map(|entry| &entry["action"]).collect();
    let place = |action: &str| newest.iter().position(|known| *known == action).unwrap();
    assert!(place("security.user_suspended") < place("client.created"), "{newest:?}");
    let times: Vec<&str> = all.iter().map(|entry| entry["at"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
    let clients = audit(&operator, "action=client.").await;
    let agencies: Vec<&Value> = clients.iter().map(|entry| &entry["agency_id"]).collect();
    assert_eq!(agencies, [&json!(umbrella.id()), &json!(acme.id())]);
    let one = audit(&operator, &format!("agency={}&action=client.", acme.id())).await;
    assert_eq!(one.len(), 1);
    let user = acme.owner().user_id();
    let by_user = audit(&operator, &format!("user={user}&action=client.")).await;
    assert_eq!(by_user.len(), 1);
}

#[tokio::test]
async fn the_audit_log_is_read_page_by_page_and_by_time() {
    let app = TestApp::spawn().await;
    let operator = app.operator().await;
    let acme = app.agency("acme").await;
    for _ in 0..3 {
        app.clock.advance(minutes(1));
        steps::client(&acme.owner()).await;
    }
    let all = audit(&operator, "").await;
    let mut paged = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/api/v1/admin/audit-logs?limit=2&include=total{cursor}");
        let page = operator.get(&path).await.ok();
        paged.extend(page["data"].as_array().unwrap().clone());
        assert_eq!(page["total"], all.len());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }

    assert_eq!(paged, all);
    let clients = audit(&operator, "action=client.").await;
    let [newest, middle, _] = clients.as_slice() else { panic!("{clients:?}") };
    let (from, to) = (middle["at"].as_str().unwrap(), newest["at"].as_str().unwrap());
    let between = audit(&operator, &format!("action=client.&from={from}&to={to}")).await;
    assert_eq!(between, std::slice::from_ref(middle));
    let wrong = operator.get("/api/v1/admin/audit-logs?agency=nonsense").await;
    assert_eq!(wrong.code(), 422);
}
