//! The agency that has nothing to do with a test.

use std::path::Path;

use regex::Regex;
use serde_json::json;

use crate::steps::{self, id, path};
use crate::support::{Client, TestApp};

#[tokio::test]
async fn what_one_agency_does_leaves_another_as_it_was() {
    let app = TestApp::spawn().await;
    let owner = app.agency("acme").await.owner();
    let there = app.bystander().owner();
    let before = everything(&there).await;

    let signed = steps::signed_contract(&app, &owner).await;
    let body = json!({"contract_id": id(&signed)});
    let invoice = path("invoices", &owner.post("/invoices/from-contract", body).await.created());
    owner.act(&format!("{invoice}/send")).await.ok();
    owner.post(&format!("{invoice}/payments"), json!({"method": "cash"})).await.created();
    app.run_jobs().await;

    assert_eq!(everything(&there).await, before);
    assert!(app.inbox().await.iter().all(|mail| !mail.to.contains("bystander")));
}

/// The lists of an agency as they are.
async fn everything(owner: &Client) -> Vec<serde_json::Value> {
    let mut lists = Vec::new();
    for list in ["clients", "proposals", "contracts", "invoices", "activity", "members"] {
        lists.push(owner.get(&format!("/{list}?include=total")).await.ok());
    }
    lists
}

/// Every database holds the bystander's rows too, and more of them as the product grows: a test
/// counts within its own agency.
#[test]
fn no_test_counts_over_all_agencies() {
    let everywhere = [r"(?i)select\s+count", r"platform\([^)]*\)\s*\.\s*count"];
    let everywhere = everywhere.map(|pattern| Regex::new(pattern).unwrap());
    let mut found = Vec::new();
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api")) {
        let text = std::fs::read_to_string(&file).unwrap();
        for pattern in &everywhere {
            found.extend(
                pattern
                    .find_iter(&text)
                    .map(|found| format!("{}: {}", file.display(), found.as_str())),
            );
        }
    }

    // This file names what it looks for.
    found.retain(|place| !place.contains("tests/api/bystander.rs"));
    assert_eq!(found, Vec::<String>::new());
}

fn sources(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
