//! What the operator of the platform can do, and what not even they can.

mod agencies;
mod audit;
mod freemium;
mod impersonation;
mod invites;
mod users;

use entity::UserId;
use serde_json::{Value, json};

use crate::support::{Client, TestApp};

/// A second operator, made by the first.
async fn second_operator(app: &TestApp, operator: &Client) -> Client {
    let second = app.sign_in("second@retainer.test").await;
    let access = format!("/api/v1/admin/users/{}/access", second.user_id());
    operator.patch(&access, json!({"super_admin": true})).await.ok();
    second
}

/// The path of a person in the operator's API.
fn person(id: UserId) -> String {
    format!("/api/v1/admin/users/{id}")
}

/// The entries of the audit log, newest first.
async fn audit(operator: &Client, query: &str) -> Vec<Value> {
    let log = operator.get(&format!("/api/v1/admin/audit-logs?limit=100&{query}")).await.ok();
    log["data"].as_array().unwrap().clone()
}
