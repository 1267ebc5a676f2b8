//! Every answer a test receives is held against the OpenAPI document: its status, its content type
//! and its body must be what the document promises for the operation.
//!
//! The document is the one this build makes; that the committed one is the same has its own test.

mod schema;

use std::sync::OnceLock;

use kernel::http::operation::OperationTable;
use reqwest::Method;
use serde_json::Value;

use super::reply::Reply;

/// The document, and the table it was completed from.
pub struct Contract {
    document: Value,
    table: OperationTable,
}

/// An operation of the document.
#[derive(Clone, Copy)]
pub struct Described<'c> {
    /// `GET`, `POST`, …
    pub method: &'c str,
    /// The path with its parameters in braces.
    pub path: &'c str,
    /// What the document says.
    pub operation: &'c Value,
}

/// The contract of this build.
pub fn contract() -> &'static Contract {
    static CONTRACT: OnceLock<Contract> = OnceLock::new();
    CONTRACT.get_or_init(|| Contract {
        document: serde_json::to_value(retainer::reference::openapi().expect("the document"))
            .expect("the document as JSON"),
        table: retainer::app::operations().expect("the operation table"),
    })
}

/// Fails the test when an answer is not one the document promises.
pub fn check(reply: &Reply) {
    if let Err(problem) = promised(reply) {
        reply.wrong(&format!("not as documented: {problem}"));
    }
}

/// Whether an answer is one the document promises; if not, why not.
pub fn promised(reply: &Reply) -> Result<(), String> {
    contract().problem_of(reply)
}

impl Contract {
    /// The whole document.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// The rules of every operation.
    pub fn table(&self) -> &OperationTable {
        &self.table
    }

    /// Every operation of the document, in its order.
    pub fn operations(&self) -> Vec<Described<'_>> {
        let paths = self.document["paths"].as_object().expect("paths").iter();
        paths
            .flat_map(|(path, item)| {
                let methods = item.as_object().expect("a path item").iter();
                methods.map(move |(method, operation)| Described {
                    method: upper_case(method),
                    path,
                    operation,
                })
            })
            .collect()
    }

    /// What a reference names, else the value itself.
    pub fn resolve<'c>(&'c self, value: &'c Value) -> &'c Value {
        match value["$ref"].as_str() {
            Some(reference) => {
                let pointer = reference.strip_prefix('#').expect("a reference in the document");
                self.document.pointer(pointer).unwrap_or_else(|| panic!("no {reference}"))
            }
            None => value,
        }
    }

    /// Why a value does not fit a schema of the document: every reason, with its place.
    pub fn violations(&self, schema: &Value, value: &Value) -> Vec<String> {
        schema::violations(self, schema, value)
    }

    fn problem_of(&self, reply: &Reply) -> Result<(), String> {
        if *reply.method() == Method::OPTIONS {
            return Ok(());
        }
        let head = *reply.method() == Method::HEAD;
        let method = if head { "GET" } else { reply.method().as_str() };
        let path = decoded(reply.path().split('?').next().unwrap_or_default());
        let Some(described) = self.find(method, &path) else {
            return if self.is_page(method, &path) || matches!(reply.code(), 404 | 405 | 429) {
                Ok(())
            } else {
                Err("there is no such operation".to_owned())
            };
        };
        let code = reply.code().to_string();
        let response = self.resolve(&described.operation["responses"][&code]);
        if response.is_null() {
            return Err(format!("{code} is not among its statuses"));
        }
        if code == "500" {
            return Err("the server failed".to_owned());
        }
        if head { Ok(()) } else { self.body_problem(response, reply) }
    }

    fn body_problem(&self, response: &Value, reply: &Reply) -> Result<(), String> {
        let Some(contents) = response["content"].as_object() else {
            return if reply.bytes().is_empty() {
                Ok(())
            } else {
                Err("a body where none is documented".to_owned())
            };
        };
        let found = reply.content_type().unwrap_or_default();
        let Some(content) = contents.get(found) else {
            let documented: Vec<&String> = contents.keys().collect();
            return Err(format!("content type `{found}` is not among {documented:?}"));
        };
        if !found.ends_with("json") {
            return Ok(());
        }
        let body = serde_json::from_slice(reply.bytes()).map_err(|_| "not JSON".to_owned())?;
        match self.violations(&content["schema"], &body) {
            violations if violations.is_empty() => Ok(()),
            violations => Err(violations.join("\n  ")),
        }
    }

    /// The operation of a request; where two paths fit, the one with fewer parameters.
    fn find(&self, method: &str, path: &str) -> Option<Described<'_>> {
        let fitting = self.operations().into_iter().filter(|described| fits(described.path, path));
        let best = fitting.min_by_key(|described| described.path.matches('{').count())?;
        let operation = &self.document["paths"][best.path][method.to_ascii_lowercase()];
        (!operation.is_null()).then_some(Described { method: best.method, operation, ..best })
    }

    fn is_page(&self, method: &str, path: &str) -> bool {
        let mut pages = self.table.rows().iter().filter(|row| row.page && row.method == method);
        pages.any(|row| fits(row.path, path))
    }
}

/// Whether a path is one of a template's. `{_:.*}` takes the rest.
fn fits(template: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    for expected in template.split('/') {
        match parts.next() {
            Some(_) if expected == "{_:.*}" => return true,
            Some(part) if expected.contains('{') && !part.is_empty() => {}
            Some(part) if part == expected => {}
            _ => return false,
        }
    }
    parts.next().is_none()
}

/// A path without its percent-encoding, as the router reads it: `%`, `/` and `+` stay encoded.
fn decoded(path: &str) -> String {
    let mut parts = path.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| match part.get(..2).map(|code| u8::from_str_radix(code, 16)) {
        Some(Ok(byte)) if byte.is_ascii() && !b"%/+".contains(&byte) => {
            text + &char::from(byte).to_string() + &part[2..]
        }
        _ => text + "%" + part,
    })
}

fn upper_case(method: &str) -> &'static str {
    match method {
        "get" => "GET",
        "post" => "POST",
        "put" => "PUT",
        "patch" => "PATCH",
        "delete" => "DELETE",
        other => panic!("the document has the method {other}"),
    }
}
