//! What the server answered, with helpers that say what went wrong.

use std::collections::BTreeMap;

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::Value;

/// An answer.
#[derive(Clone)]
pub struct Reply {
    method: Method,
    path: String,
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Reply {
    pub(super) async fn read(method: Method, path: String, response: reqwest::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await;
        let body = body.unwrap_or_else(|error| panic!("{method} {path}: {error:?}")).to_vec();
        Self { method, path, status, headers, body }
    }

    /// The method of the request.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path of the request, with its query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The status as a line: `409 Conflict`.
    pub fn status(&self) -> String {
        self.status.to_string()
    }

    /// The status as a number.
    pub fn code(&self) -> u16 {
        self.status.as_u16()
    }

    /// A header, if it is there.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a header of text"))
    }

    /// The names of the headers, sorted; one that stands there twice is named twice.
    pub fn header_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }

    /// The cookies that the answer sets, by name: value and attributes.
    pub fn cookies(&self) -> BTreeMap<&str, &str> {
        let set = self.headers.get_all("set-cookie").iter();
        set.filter_map(|cookie| cookie.to_str().ok()?.split_once('=')).collect()
    }

    /// The value of a cookie that the answer sets.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies().get(name)?.split(';').next()
    }

    /// The type of the body, without parameters.
    pub fn content_type(&self) -> Option<&str> {
        self.header("content-type").map(|value| value.split(';').next().unwrap_or_default().trim())
    }

    /// The body as it came.
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap_or_else(|_| self.wrong("not text"))
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| self.wrong("not JSON"))
    }

    /// Insists on a status.
    pub fn expect(self, code: u16) -> Self {
        if self.code() == code { self } else { self.wrong(&format!("expected {code}")) }
    }

    /// Insists on 200; returns the body.
    pub fn ok(self) -> Value {
        self.expect(200).json()
    }

    /// Insists on 201 with a place; returns the body.
    pub fn created(self) -> Value {
        let reply = self.expect(201);
        reply.location();
        reply.json()
    }

    /// Insists on 202; returns the body.
    pub fn accepted(self) -> Value {
        self.expect(202).json()
    }

    /// Insists on 204 with nothing in it.
    pub fn no_content(self) {
        let reply = self.expect(204);
        assert!(reply.body.is_empty(), "204 with a body: {}", reply.text());
    }

    /// Insists on a refusal with this status and code; returns the problem document.
    pub fn refused(self, status: u16, code: &str) -> Value {
        let problem = self.clone().expect(status).problem();
        if problem["code"] == code { problem } else { self.wrong(&format!("expected `{code}`")) }
    }

    /// The problem document of a refusal.
    pub fn problem(&self) -> Value {
        if self.content_type() != Some("application/problem+json") {
            self.wrong("expected a problem document");
        }
        self.json()
    }

    /// Where each broken rule of a 422 points, with its code, in order of the pointers.
    pub fn broken_rules(self) -> Vec<(String, String)> {
        let problem = self.expect(422).problem();
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut rules: Vec<_> =
            errors.iter().map(|error| (text(&error["pointer"]), text(&error["code"]))).collect();
        rules.sort();
        rules
    }

    /// The version of what was read.
    pub fn etag(&self) -> String {
        self.header("etag").unwrap_or_else(|| self.wrong("expected an ETag")).to_owned()
    }

    /// Where the new thing is.
    pub fn location(&self) -> String {
        self.header("location").unwrap_or_else(|| self.wrong("expected a Location")).to_owned()
    }

    /// Fails the test, showing the answer.
    pub fn wrong(&self, why: &str) -> ! {
        let body = String::from_utf8_lossy(&self.body);
        let body: String = body.chars().take(4000).collect();
        panic!("{} {} answered {}: {why}\n{body}", self.method, self.path, self.status);
    }
}
