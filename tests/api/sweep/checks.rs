//! What is tried with each operation.

use std::sync::Arc;

use kernel::http::operation::{Access, Operation, Precondition};
use reqwest::Method;
use serde_json::{Value, json};

use super::outcasts::{Keys, Outcasts};
use super::rows::Row;
use super::world::World;
use crate::support::contract::{self, contract};
use crate::support::{Client, Reply, TestApp};

/// What came of a check: `Ok(true)` when it held, `Ok(false)` when there was nothing to check.
pub type Verdict = Result<bool, String>;

/// A server with two agencies that have one of everything each.
pub struct Sweep {
    pub app: TestApp,
    /// Whose things are called for.
    pub home: World,
    /// Whose things do not exist for the people of `home`, and the other way round.
    pub other: World,
    /// Who runs the platform.
    pub operator: Client,
    /// API keys of `home`.
    pub keys: Arc<Keys>,
    /// The suspended and the unpaid.
    pub outcasts: Outcasts,
}

/// A call that is about to be made.
pub(super) struct Call {
    method: Method,
    path: String,
    body: Option<Value>,
    raw: Option<(&'static str, &'static [u8])>,
    headers: Vec<(&'static str, String)>,
}

impl Call {
    /// Only the headers of the answer: of a stream there is no more.
    pub(super) fn headers_only(self) -> Self {
        Self { method: Method::HEAD, ..self }
    }

    /// Adds a header.
    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds a member that no operation has to a body that is an object.
    pub(super) fn add_unknown_member(&mut self) -> bool {
        let members = self.body.as_mut().and_then(Value::as_object_mut);
        members.map(|members| members.insert(UNKNOWN.to_owned(), json!(1))).is_some()
    }

    /// Adds a parameter that no operation has.
    pub(super) fn add_unknown_parameter(&mut self) {
        let mark = if self.path.contains('?') { '&' } else { '?' };
        self.path = format!("{}{mark}{UNKNOWN}=1", self.path);
    }
}

impl Sweep {
    /// The same agencies, called for on another server.
    pub async fn on(&self, app: TestApp) -> Self {
        let (home, other) = (self.home.on(&app).await, self.other.on(&app).await);
        let operator = app.operator().await.unchecked();
        let outcasts = self.outcasts.on(&app).await;
        Self { app, home, other, operator, keys: self.keys.clone(), outcasts }
    }

    /// The call of a row, with things named by `value`.
    pub(super) fn call(&self, row: &Row, value: impl Fn(&str) -> String) -> Call {
        let thing = |placeholder: &str| value(row.thing(placeholder));
        let query = if row.query.is_empty() { String::new() } else { format!("?{}", row.query) };
        let path = filled(row.path, thing) + &filled(&query, &value);
        let body = row.body.as_ref().map(|body| {
            serde_json::from_str(&filled_json(body, &value).to_string()).expect("a body")
        });
        let method = row.method.parse().expect("a method");
        Call { method, path, body, raw: row.raw, headers: Vec::new() }
    }

    pub(super) fn own(&self, name: &str) -> String {
        self.home.get(name).to_owned()
    }

    /// The names of things that a row's path, query and body speak of.
    fn names(&self, row: &Row) -> Vec<String> {
        let body = row.body.as_ref().map(Value::to_string).unwrap_or_default();
        let mut names: Vec<String> =
            placeholders(row.path).map(|placeholder| row.thing(placeholder).to_owned()).collect();
        names.extend(placeholders(row.query).map(ToOwned::to_owned));
        names.extend(placeholders(&body).filter(|name| is_name(name)).map(ToOwned::to_owned));
        names.sort();
        names.dedup();
        names
    }

    pub(super) fn owner(&self) -> Client {
        self.home.agency.owner().root().unchecked()
    }

    /// Whoever may make the call: the owner, an operator, or anybody.
    pub(super) fn permitted(&self, operation: &Operation) -> Client {
        match operation.access {
            Access::Public | Access::Link(_) => self.app.anonymous().unchecked(),
            Access::SignedIn | Access::Member(_) => self.owner(),
            Access::Operator => self.operator.clone(),
        }
    }

    /// As [`Self::permitted`], naming a version where one must be named.
    fn caller(&self, operation: &Operation) -> Client {
        let caller = self.permitted(operation);
        match operation.precondition {
            Precondition::Required => caller.if_match("*"),
            _ => caller,
        }
    }

    /// Nobody gets in without a valid token.
    pub async fn credentials(&self, row: &Row, operation: &Operation) -> Verdict {
        if matches!(operation.access, Access::Public | Access::Link(_)) {
            return Ok(false);
        }
        let anonymous = self.app.anonymous().unchecked();
        for caller in [anonymous.clone(), anonymous.with_token("a.b.c")] {
            let reply = make(&caller, self.call(row, |name| self.own(name))).await;
            expect(&reply, &[401], None)?;
        }
        Ok(true)
    }

    /// What belongs to another agency is answered like what does not exist.
    pub async fn isolation(&self, row: &Row, operation: &Operation) -> Verdict {
        let mut tried = false;
        if row.path.contains("{agency_slug}") {
            // Somebody of another agency, with everything of this one.
            let caller = self.other.agency.owner().root().unchecked();
            let real = make(&caller, self.call(row, |name| self.own(name))).await;
            let made_up = make(
                &caller,
                self.call(row, |name| match name {
                    "agency_slug" => MADE_UP_SLUG.to_owned(),
                    name => self.own(name),
                }),
            );
            expect(&real, &[404], Some("not_found"))?;
            same(&real, self.home.get("agency_slug"), &made_up.await, MADE_UP_SLUG)?;
            tried = true;
        }
        let caller = self.caller(operation);
        for name in self.names(row).iter().filter(|name| *name != "agency_slug") {
            let made_up = made_up(self.home.get(name));
            let with = |value: &str| {
                let value = value.to_owned();
                make(
                    &caller,
                    self.call(
                        row,
                        |other| {
                            if other == name { value.clone() } else { self.own(other) }
                        },
                    ),
                )
            };
            let unknown = with(&made_up).await;
            let in_query = row.query.contains(&format!("{{{name}}}"));
            // A filter by what does not exist finds nothing; anything else is refused.
            let statuses: &[u16] = if in_query { &[200, 404, 422] } else { &[404, 422] };
            expect(&unknown, statuses, None).map_err(|why| format!("made-up {name}: {why}"))?;
            for foreign in self.foreign(name, operation) {
                let reply = with(&foreign).await;
                same(&reply, &foreign, &unknown, &made_up)
                    .map_err(|why| format!("foreign {name}: {why}"))?;
            }
            tried = true;
        }
        Ok(tried)
    }

    /// What must not be found under a name: the other agency's; of a public link, which is a
    /// credential of its own, those of other kinds of document.
    fn foreign(&self, name: &str, operation: &Operation) -> Vec<String> {
        let kind = match operation.access {
            // Nothing is foreign to an operator.
            Access::Operator => return Vec::new(),
            // A token in the path is a credential of its own.
            Access::Public if name.ends_with("_token") => return Vec::new(),
            Access::Link(kind) => kind,
            Access::Public | Access::SignedIn | Access::Member(_) => {
                return vec![self.other.get(name).to_owned()];
            }
        };
        let others = ["proposal", "contract", "invoice"].into_iter();
        let others = others.filter(|other| *other != kind.as_str());
        others.map(|other| self.own(&format!("{other}_token"))).collect()
    }

    /// A page behind a public link opens for nobody who holds another token.
    pub async fn page(&self, operation: &Operation) -> Verdict {
        let Access::Link(_) = operation.access else { return Ok(false) };
        let anonymous = self.app.anonymous().unchecked();
        let open = async |token: &str| {
            let path = operation.path.replace("{token}", token);
            match operation.method {
                "GET" => anonymous.get(&path).await,
                _ => anonymous.submit(&path, &[]).await,
            }
        };
        let unknown = open(MADE_UP_TOKEN).await;
        expect(&unknown, &[404], None)?;
        for token in self.foreign("", operation) {
            same(&open(&token).await, &token, &unknown, MADE_UP_TOKEN)?;
        }
        Ok(true)
    }

    /// What is no id is answered like an id that does not exist.
    pub async fn malformed(&self, row: &Row, operation: &Operation) -> Verdict {
        let mut tried = false;
        for placeholder in placeholders(row.path).filter(|name| name.ends_with("_id")) {
            let caller = self.caller(operation);
            let name = row.thing(placeholder);
            let with = |value: &str| {
                let value = value.to_owned();
                make(
                    &caller,
                    self.call(
                        row,
                        |other| {
                            if other == name { value.clone() } else { self.own(other) }
                        },
                    ),
                )
            };
            let made_up = made_up(self.home.get(name));
            let unknown = with(&made_up).await;
            let another = match placeholder {
                "agency_id" => self.home.agency.owner().user_id().to_string(),
                _ => self.home.agency.id().to_string(),
            };
            for wrong in ["nonsense", another.as_str()] {
                let reply = with(wrong).await;
                expect(&reply, &[404], Some("not_found"))
                    .map_err(|why| format!("{placeholder} `{wrong}`: {why}"))?;
                same(&reply, wrong, &unknown, &made_up)?;
            }
            tried = true;
        }
        Ok(tried)
    }

    /// A member or parameter that nobody knows is refused by its name.
    pub async fn unknown(&self, row: &Row, operation: &Operation) -> Verdict {
        let mut call = self.call(row, |name| self.own(name));
        let expected = if call.add_unknown_member() {
            format!("/{UNKNOWN}")
        } else if takes_parameters(operation) {
            call.add_unknown_parameter();
            "?".to_owned()
        } else {
            return Ok(false);
        };
        let reply = make(&self.caller(operation), call).await;
        expect(&reply, &[422], Some("validation_failed"))?;
        let errors = reply.problem()["errors"].as_array().cloned().unwrap_or_default();
        if !errors.iter().any(|e| e["pointer"].as_str().unwrap_or_default().starts_with(&expected))
        {
            return Err(format!("the refusal does not point at {expected}: {errors:?}"));
        }
        Ok(true)
    }

    /// A change of an older version is refused, and one of no version where one must be named.
    pub async fn precondition(&self, row: &Row, operation: &Operation) -> Verdict {
        if operation.precondition == Precondition::None {
            return Ok(false);
        }
        let caller = self.permitted(operation);
        let call = || self.call(row, |name| self.own(name));
        let stale = make(&caller.if_match("\"0\""), call()).await;
        expect(&stale, &[412], Some("precondition_failed"))?;
        if operation.precondition == Precondition::Required {
            let without = make(&caller, call()).await;
            expect(&without, &[428], Some("precondition_required"))?;
        }
        Ok(true)
    }

    /// It does what it is for, and once only when it is repeated with a key.
    pub async fn works(&self, row: &Row, operation: &Operation) -> Verdict {
        if operation.streams {
            return Ok(false);
        }
        let caller = self.caller(operation);
        let call = || self.call(row, |name| self.own(name));
        if !row.repeated {
            let reply = make(&caller, call()).await;
            expect(&reply, &[row.answers], None)?;
            return Ok(true);
        }
        let caller = caller.once(&format!("sweep of {} {}", row.method, row.path));
        let (first, again) = (make(&caller, call()).await, make(&caller, call()).await);
        expect(&first, &[row.answers, 201], None)?;
        if again.header("idempotency-replayed") != Some("true") {
            return Err("the repetition is not marked as one".to_owned());
        }
        if (first.code(), first.bytes()) != (again.code(), again.bytes()) {
            return Err("the repetition was answered otherwise".to_owned());
        }
        let Call { method, path, .. } = call();
        let other = b"{ \"another\": \"body\" }".to_vec();
        let reused = caller.send(method, &path, Some("application/json"), other).await;
        expect(&reused, &[422], None)?;
        Ok(true)
    }
}

/// A member and parameter that no operation has.
const UNKNOWN: &str = "surely_not_a_member";

/// A slug that no agency has.
const MADE_UP_SLUG: &str = "no-such-agency";

/// What follows the prefix in an id that nothing has.
const MADE_UP_ID: &str = "01jd3k9v5xe8rt2m4n6p8q0s2v";

/// A token that opens nothing.
const MADE_UP_TOKEN: &str = "7NpWbYqS2xKfDh4mRtVa3e";

pub(super) async fn make(caller: &Client, call: Call) -> Reply {
    let Call { method, path, body, raw, headers } = call;
    let with_headers = |caller: Client, (name, value)| caller.with(name, value);
    let caller = &headers.into_iter().fold(caller.clone(), with_headers);
    match raw {
        Some((kind, bytes)) => caller.send(method, &path, Some(kind), bytes.to_vec()).await,
        None => caller.call(method, &path, body).await,
    }
}

/// Insists on a status, a code, and on an answer that the document promises.
pub(super) fn expect(reply: &Reply, statuses: &[u16], code: Option<&str>) -> Result<(), String> {
    let shown = || {
        let body = String::from_utf8_lossy(reply.bytes()).chars().take(600).collect::<String>();
        format!("{} {} answered {}: {body}", reply.method(), reply.path(), reply.status())
    };
    if !statuses.contains(&reply.code()) {
        return Err(format!("expected {statuses:?}; {}", shown()));
    }
    if let Some(code) = code.filter(|code| reply.problem()["code"] != **code) {
        return Err(format!("expected `{code}`; {}", shown()));
    }
    contract::promised(reply).map_err(|why| format!("not as documented: {why}; {}", shown()))
}

/// Insists that two answers differ in nothing but the thing that was asked for.
fn same(a: &Reply, thing_of_a: &str, b: &Reply, thing_of_b: &str) -> Result<(), String> {
    let (left, right) = (anonymous(a, thing_of_a), anonymous(b, thing_of_b));
    if left == right { Ok(()) } else { Err(format!("told from a made-up one: {left} and {right}")) }
}

/// An answer without what names the request or the thing asked for.
fn anonymous(reply: &Reply, thing: &str) -> String {
    let mut body = serde_json::from_slice(reply.bytes()).unwrap_or(Value::Null);
    if let Some(members) = body.as_object_mut() {
        members.remove("request_id");
        members.remove("instance");
    }
    format!("{} {:?} {body}", reply.status(), reply.content_type()).replace(thing, "[it]")
}

/// An id, slug or token that looks like another and that nothing has.
pub(super) fn made_up(like: &str) -> String {
    match like.split_once('_') {
        Some((prefix, rest)) if rest.len() == MADE_UP_ID.len() => format!("{prefix}_{MADE_UP_ID}"),
        _ if like.contains('-') => "no-such-thing".to_owned(),
        _ => MADE_UP_TOKEN.to_owned(),
    }
}

pub(super) fn takes_parameters(operation: &Operation) -> bool {
    let described = contract().operations();
    let described =
        described.iter().find(|d| d.method == operation.method && d.path == operation.path);
    let parameters = described.map(|d| &d.operation["parameters"]).and_then(Value::as_array);
    parameters.into_iter().flatten().any(|parameter| parameter["in"] == "query")
}

/// The names between braces.
pub(super) fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| rest.split('}').next())
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

/// A text with its placeholders filled.
fn filled(text: &str, value: impl Fn(&str) -> String) -> String {
    let mut parts = text.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| match part.split_once('}') {
        Some((name, rest)) => text + &value(name) + rest,
        None => text + "{" + part,
    })
}

/// A body whose texts `{name}` are filled.
fn filled_json(body: &Value, value: &impl Fn(&str) -> String) -> Value {
    match body {
        Value::String(text) => Value::String(filled(text, value)),
        Value::Array(items) => items.iter().map(|item| filled_json(item, value)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, item)| (name.clone(), filled_json(item, value))).collect()
        }
        other => other.clone(),
    }
}
