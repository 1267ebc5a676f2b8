//! Callers of the server: over real HTTP, each answer checked against the OpenAPI document.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use entity::{SessionId, UserId, session};
use kernel::App;
use kernel::ports::clock::{Clock, MovableClock};
use kernel::tenancy::ACCESS_TOKEN_TTL;
use reqwest::Method;
use sea_orm::ActiveValue::Set;
use serde_json::Value;

use super::app::TestApp;
use super::contract;
use super::reply::Reply;
use super::server::Server;

/// Somebody who calls the server.
///
/// A path is relative to the client's base; one that begins with `/api/` is whole.
#[derive(Clone)]
pub struct Client {
    server: Arc<Server>,
    http: reqwest::Client,
    clock: MovableClock,
    base: String,
    headers: Vec<(String, String)>,
    person: Option<Arc<Person>>,
    checked: bool,
}

/// Who is signed in.
pub struct Person {
    /// Their address.
    pub email: String,
    /// Their id.
    pub user_id: UserId,
    access: Mutex<Access>,
}

struct Access {
    token: String,
    until: DateTime<Utc>,
}

impl Client {
    /// Somebody who is not signed in.
    pub(super) fn new(app: &TestApp) -> Self {
        Self {
            server: app.server.clone(),
            http: app.http.clone(),
            clock: app.clock.clone(),
            base: String::new(),
            headers: Vec::new(),
            person: None,
            checked: true,
        }
    }

    /// The same caller, signed in; without a token with the first request.
    pub fn signed_in(&self, email: &str, user_id: UserId, token: Option<&str>) -> Self {
        let until = token.map_or(DateTime::UNIX_EPOCH, |_| self.clock.now() + ACCESS_TOKEN_TTL);
        let token = token.unwrap_or_default().to_owned();
        let access = Mutex::new(Access { token, until });
        let person = Person { email: email.to_owned(), user_id, access };
        Self { person: Some(Arc::new(person)), ..self.clone() }
    }

    /// The same caller, with paths relative to `base`.
    pub fn at(&self, base: impl Into<String>) -> Self {
        Self { base: base.into(), ..self.clone() }
    }

    /// The same caller, in an agency.
    pub fn in_agency(&self, slug: &str) -> Self {
        self.at(format!("/api/v1/agencies/{slug}"))
    }

    /// The same caller, with whole paths.
    pub fn root(&self) -> Self {
        self.at("")
    }

    /// The same caller, sending a header with every request.
    pub fn with(&self, name: &str, value: impl std::fmt::Display) -> Self {
        let mut changed = self.clone();
        changed.headers.push((name.to_owned(), value.to_string()));
        changed
    }

    /// The same caller, naming the version they read.
    pub fn if_match(&self, etag: impl std::fmt::Display) -> Self {
        self.with("If-Match", etag)
    }

    /// The same caller, asking for what they send to be done once.
    pub fn once(&self, key: &str) -> Self {
        self.with("Idempotency-Key", key)
    }

    /// The same caller with another bearer token, right or wrong.
    pub fn with_token(&self, token: &str) -> Self {
        Self { person: None, ..self.with("Authorization", format!("Bearer {token}")) }
    }

    /// The same caller, whose answers are not held against the OpenAPI document.
    pub fn unchecked(&self) -> Self {
        Self { checked: false, ..self.clone() }
    }

    /// Who is signed in.
    pub fn person(&self) -> &Person {
        self.person.as_ref().expect("nobody is signed in")
    }

    /// Their address.
    pub fn email(&self) -> &str {
        &self.person().email
    }

    /// Their id.
    pub fn user_id(&self) -> UserId {
        self.person().user_id
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, None).await
    }

    /// `POST` with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.call(Method::POST, path, Some(body)).await
    }

    /// `POST` without a body.
    pub async fn act(&self, path: &str) -> Reply {
        self.call(Method::POST, path, None).await
    }

    /// `PUT` with a JSON body.
    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.call(Method::PUT, path, Some(body)).await
    }

    /// `PATCH` with a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.call(Method::PATCH, path, Some(body)).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Reply {
        self.call(Method::DELETE, path, None).await
    }

    /// Any method, with a JSON body or none.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        match body {
            None => self.send(method, path, None, Vec::new()).await,
            Some(body) => {
                self.send(method, path, Some("application/json"), body.to_string().into()).await
            }
        }
    }

    /// An HTML form, as a browser sends it.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let form = reqwest::Url::parse_with_params("http://form", fields).expect("a form");
        let body = form.query().unwrap_or_default().to_owned();
        let form = Some("application/x-www-form-urlencoded");
        self.send(Method::POST, path, form, body.into()).await
    }

    /// Anything at all.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        content_type: Option<&str>,
        body: Vec<u8>,
    ) -> Reply {
        let path = if path.starts_with("/api/") {
            path.to_owned()
        } else {
            format!("{}{path}", self.base)
        };
        let url = format!("http://{}{path}", self.server.address());
        let mut request = self.http.request(method.clone(), url);
        if let Some(content_type) = content_type {
            request = request.header("Content-Type", content_type).body(body);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(person) = &self.person {
            request = request.bearer_auth(self.access_token(person).await);
        }
        let response = request.send().await;
        let response = response.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"));
        let reply = Reply::read(method, path, response).await;
        if self.checked {
            contract::check(&reply);
        }
        reply
    }

    /// The access token, renewed when the clock has been moved past its end.
    ///
    /// Renewed on a sign-in of its own and not through the API: a test that moves the clock means
    /// its own documents and not this caller's session, and no job may run behind its back.
    async fn access_token(&self, person: &Person) -> String {
        let now = self.clock.now();
        {
            let access = person.access.lock().unwrap();
            if access.until > now + TimeDelta::seconds(30) {
                return access.token.clone();
            }
        }
        let token = self.server.on_server(renewed(self.server.app().clone(), person.user_id)).await;
        let mut access = person.access.lock().unwrap();
        *access = Access { token, until: now + ACCESS_TOKEN_TTL };
        access.token.clone()
    }
}

/// A new sign-in of a person.
async fn renewed(app: App, user_id: UserId) -> String {
    let now = app.clock().now();
    let id: SessionId = app.new_id();
    let row = session::ActiveModel {
        id: Set(id),
        user_id: Set(user_id),
        ip: Set(None),
        user_agent: Set(None),
        last_used_at: Set(now),
        expires_at: Set(now + TimeDelta::days(1)),
        revoked_at: Set(None),
        revoked_reason: Set(None),
        created_at: Set(now),
    };
    let transaction = app.store().begin_platform("a person of a test signs in").await.unwrap();
    transaction.db().insert(row).await.unwrap();
    transaction.commit().await.unwrap();
    app.tokens().issue(user_id, id, now).unwrap()
}
