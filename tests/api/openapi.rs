//! The OpenAPI document: committed as it is made, and complete for every operation.

use std::collections::BTreeSet;

use kernel::http::operation::Access;
use serde_json::Value;

use crate::support::contract::{Contract, Described, contract};

/// Fails with everything that was found.
fn assert_none(found: Vec<String>) {
    assert!(found.is_empty(), "\n  {}", found.join("\n  "));
}

/// What `problem` finds in each operation, with its name.
fn problems(problem: impl Fn(&Contract, &Described<'_>) -> Vec<String>) -> Vec<String> {
    let contract = contract();
    let operations = contract.operations();
    let each = operations.iter().flat_map(|described| {
        let found = problem(contract, described);
        let name = format!("{} {}", described.method, described.path);
        found.into_iter().map(move |text| format!("{name}: {text}"))
    });
    each.collect()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

#[test]
fn the_committed_document_is_the_one_this_build_makes() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/openapi.json");
    let committed = std::fs::read_to_string(file).unwrap_or_default();

    assert!(
        committed == retainer::reference::openapi_text().unwrap(),
        "openapi/openapi.json is out of date; write it anew with: cargo run -- openapi"
    );
}

#[test]
fn the_document_is_made_the_same_every_time() {
    let make = || retainer::reference::openapi_text().unwrap();

    assert!(make() == make());
    assert_eq!(contract().document()["openapi"], "3.1.0");
}

#[test]
fn every_operation_says_what_it_does_and_belongs_somewhere() {
    let tags = contract().document()["tags"].as_array().unwrap();
    let known: BTreeSet<&str> = tags.iter().map(|tag| text(tag, "name")).collect();
    assert_none(problems(|_, Described { operation, .. }| {
        let mut found = Vec::new();
        let summary = text(operation, "summary");
        if summary.is_empty() || summary.len() > 100 {
            found.push(format!("the summary `{summary}` is not one line"));
        }
        if text(operation, "operationId").is_empty() {
            found.push("has no operation_id".to_owned());
        }
        match operation["tags"].as_array().map(Vec::as_slice) {
            Some([tag]) if known.contains(tag.as_str().unwrap_or_default()) => {}
            other => found.push(format!("{other:?} is not one tag that the document describes")),
        }
        found
    }));
}

#[test]
fn no_two_operations_share_an_id() {
    let operations = contract().operations();
    let mut ids: Vec<&str> = operations.iter().map(|o| text(o.operation, "operationId")).collect();
    ids.sort_unstable();
    let doubled: Vec<_> = ids.windows(2).filter(|pair| pair[0] == pair[1]).collect();

    assert!(doubled.is_empty(), "{doubled:?}");
}

#[test]
fn every_operation_states_its_rules() {
    assert_none(problems(|contract, Described { method, path, operation }| {
        let mut rows = contract.table().rows().iter();
        let Some(row) = rows.find(|row| row.method == *method && row.path == *path) else {
            return vec!["has no row in the operation table".to_owned()];
        };
        let mut found = Vec::new();
        if text(operation, "x-limit-class") != row.class.name() {
            found.push("states no limit class".to_owned());
        }
        if text(operation, "x-priority") != row.priority.name() {
            found.push("states no priority".to_owned());
        }
        let (permission, bearers) = match row.access {
            Access::Member(permission) => (permission.key(), 1),
            Access::Operator => (kernel::tenancy::SUPER_ADMIN, 1),
            Access::SignedIn => ("", 1),
            Access::Public | Access::Link(_) => ("", 0),
        };
        if text(operation, "x-permission") != permission {
            found.push(format!("does not state the permission `{permission}`"));
        }
        let keys = usize::from(row.key_permission().is_some());
        if operation["security"].as_array().map(Vec::len) != Some(bearers + keys) {
            found.push("does not say whether it needs a token or takes an API key".to_owned());
        }
        for (status, _) in kernel::http::openapi::error_statuses(row) {
            if operation["responses"][status].is_null() {
                found.push(format!("does not document {status}"));
            }
        }
        found
    }));
}

#[test]
fn every_json_body_has_an_example_that_fits_it() {
    assert_none(problems(|contract, Described { operation, .. }| {
        let mut bodies = vec![("the request", &operation["requestBody"]["content"])];
        for (status, response) in members(&operation["responses"]) {
            if status.starts_with('2') {
                bodies.push((status, &contract.resolve(response)["content"]));
            }
        }
        let mut found = Vec::new();
        for (name, content) in bodies {
            for (kind, media) in members(content).filter(|(kind, _)| kind.ends_with("json")) {
                match example(contract, media) {
                    None => found.push(format!("{name} has no example of {kind}")),
                    Some(example) => {
                        let violations = contract.violations(&media["schema"], &example);
                        found.extend(violations.iter().map(|v| format!("{name}, example {v}")));
                    }
                }
            }
        }
        found
    }));
}

/// The example of a body: its own, its schema's, or put together from those of its members.
fn example(contract: &Contract, media: &Value) -> Option<Value> {
    let own = &media["example"];
    if own.is_null() { of_schema(contract, &media["schema"]) } else { Some(own.clone()) }
}

fn of_schema(contract: &Contract, schema: &Value) -> Option<Value> {
    let schema = contract.resolve(schema);
    for own in [&schema["example"], &schema["examples"][0]] {
        if !own.is_null() {
            return Some(own.clone());
        }
    }
    // A body that may be left out is one thing or null.
    if let Some(body) = schema["oneOf"].as_array().and_then(|kinds| kinds.first()) {
        return of_schema(contract, body);
    }
    match text(schema, "type") {
        "array" => of_schema(contract, &schema["items"]).map(|item| Value::from(vec![item])),
        // The envelope of a list: what matters is the entry.
        "object" if !schema["properties"]["data"].is_null() => {
            let data = of_schema(contract, &schema["properties"]["data"])?;
            Some(serde_json::json!({"data": data, "has_more": false, "next_cursor": null}))
        }
        _ => None,
    }
}
