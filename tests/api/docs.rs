//! The documents say what is so: links lead somewhere, named files exist, tables follow the code.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use entity::agency::Tier;
use kernel::Error;
use kernel::config::SETTINGS;
use kernel::error::LimitReached;
use kernel::http::limits::{LimitClass, LimitKey};
use kernel::tenancy::plan::on_the_wire;
use kernel::tenancy::{Feature, Limit};
use regex::Regex;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every document, by its place below the root.
fn documents() -> Vec<(PathBuf, String)> {
    let mut folders = vec![root().join("docs")];
    let mut files = vec![root().join("README.md")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of documents") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                files.push(path);
            }
        }
    }
    files.sort();
    let text = |path: &PathBuf| std::fs::read_to_string(path).expect("a document");
    files.iter().map(|path| (path.clone(), text(path))).collect()
}

fn document(name: &str) -> String {
    let found = documents().into_iter().find(|(path, _)| path.ends_with(name));
    found.unwrap_or_else(|| panic!("no {name}")).1
}

/// A document without its blocks of code.
fn prose(text: &str) -> String {
    let parts = text.split("\n```").step_by(2);
    parts.collect::<Vec<_>>().join("\n")
}

/// The anchor that a heading gets.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn anchors(text: &str) -> BTreeSet<String> {
    let prose = prose(text);
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#'))).collect()
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let link = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let mut broken = Vec::new();
    for (path, text) in documents() {
        for found in link.captures_iter(&prose(&text)) {
            let target = &found[1];
            if target.starts_with("http://") || target.starts_with("https://") {
                continue;
            }
            let (file, fragment) = target.split_once('#').unwrap_or((target, ""));
            let place = match file {
                "" => path.clone(),
                file => path.parent().expect("a folder").join(file),
            };
            let leads = match std::fs::read_to_string(&place) {
                Ok(text) => fragment.is_empty() || anchors(&text).contains(fragment),
                Err(_) => place.is_dir() && fragment.is_empty(),
            };
            if !leads {
                broken.push(format!("{}: {target}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "broken links:\n  {}", broken.join("\n  "));
}

#[test]
fn every_file_that_a_document_names_exists() {
    let named = Regex::new(
        r"`((?:\./)?(?:src|tests|entity|migrations|docs|scripts|deploy|benches|openapi|\.ci)/[A-Za-z0-9_./-]*|Dockerfile|[a-z.-]+\.(?:yml|toml))`",
    )
    .unwrap();
    // Made by whoever needs it.
    let theirs = ["retainer.toml"];
    let mut missing = Vec::new();
    for (path, text) in documents() {
        for found in named.captures_iter(&prose(&text)) {
            if !theirs.contains(&&found[1]) && !root().join(&found[1]).exists() {
                missing.push(format!("{}: {}", path.display(), &found[1]));
            }
        }
    }
    assert!(missing.is_empty(), "files that are not there:\n  {}", missing.join("\n  "));
}

/// The rows of the first table after a heading, without its head.
fn table_after(text: &str, heading: &str) -> Vec<String> {
    let (_, rest) = text.split_once(heading).unwrap_or_else(|| panic!("no {heading}"));
    let rows = rest.lines().skip_while(|line| !line.starts_with('|'));
    rows.take_while(|line| line.starts_with('|')).skip(2).map(ToOwned::to_owned).collect()
}

fn row(cells: &[&str]) -> String {
    let cells =
        cells.iter().map(|cell| if cell.is_empty() { " ".into() } else { format!(" {cell} ") });
    format!("|{}|", cells.collect::<Vec<_>>().join("|"))
}

fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("`{text}`") }
}

#[test]
fn the_table_of_settings_is_the_one_in_the_code() {
    let written = table_after(&document("CONFIGURATION.md"), "# Configuration");

    let expected: Vec<String> = SETTINGS
        .iter()
        .map(|setting| {
            let secret = if setting.secret { "yes" } else { "" };
            row(&[&code(setting.key), &code(setting.default), secret, setting.help])
        })
        .collect();
    assert_eq!(written, expected, "docs/CONFIGURATION.md should hold:\n{}", expected.join("\n"));
}

#[test]
fn the_table_of_limit_classes_is_the_one_in_the_code() {
    let written = table_after(&document("API.md"), "## Rate limits");

    let key = |key| match key {
        LimitKey::Address => "address",
        LimitKey::Token => "link",
        LimitKey::Person => "person",
        LimitKey::ApiKey => "API key",
        LimitKey::Agency => "agency",
        LimitKey::Provider => "provider",
        LimitKey::Recipient => "recipient",
    };
    let time = |seconds| match seconds {
        60 => "a minute".to_owned(),
        600 => "in 10 minutes".to_owned(),
        3600 => "an hour".to_owned(),
        86400 => "a day".to_owned(),
        other => format!("in {other} s"),
    };
    let expected: Vec<String> = LimitClass::ALL
        .iter()
        .map(|class| {
            let budgets = class.budgets().iter().map(|budget| {
                let [least, growth, enterprise] =
                    [budget.quota, budget.growth, budget.enterprise].map(|quota| quota.requests);
                let requests = if budget.is_by_tier() {
                    format!("{least}, {growth} (growth) or {enterprise} (enterprise)")
                } else {
                    least.to_string()
                };
                format!("{requests} {} for each {}", time(budget.quota.seconds), key(budget.key))
            });
            row(&[&code(class.name()), &budgets.collect::<Vec<_>>().join("; ")])
        })
        .collect();
    assert_eq!(written, expected, "docs/API.md should hold:\n{}", expected.join("\n"));
}

#[test]
fn the_tables_of_plans_are_those_in_the_code() {
    let text = document("API.md");
    let (_, section) = text.split_once("## Plans").expect("a section on plans");

    let limits: Vec<String> = Limit::ALL
        .iter()
        .map(|limit| {
            let of = |tier: &Tier| on_the_wire(limit.of(*tier)).to_string();
            let cells: Vec<String> =
                [code(limit.name())].into_iter().chain(Tier::ALL.iter().map(of)).collect();
            row(&cells.iter().map(String::as_str).collect::<Vec<_>>())
        })
        .collect();
    assert_eq!(table_after(section, ""), limits, "docs/API.md should hold:\n{}", limits.join("\n"));
    let features: Vec<String> = Feature::ALL
        .iter()
        .map(|feature| format!("| `{}` | `{}` |", feature.key(), feature.required_tier()))
        .collect();
    let written: Vec<String> = table_after(section, "A limit that is reached")
        .iter()
        .map(|line| format!("{}|", line.split('|').take(3).collect::<Vec<_>>().join("|")))
        .collect();
    assert_eq!(written, features);
}

/// The source of every crate, without tests.
fn sources() -> String {
    let mut folders = vec![root().join("src")];
    let mut text = String::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text.push_str(&std::fs::read_to_string(&path).expect("a source"));
            }
        }
    }
    text
}

/// The codes that the code can answer with: those of the error's variants, and those that are made
/// where the error is.
fn codes() -> BTreeSet<String> {
    let variants = [
        Error::BadRequest("".into()),
        Error::UnsupportedMediaType { expected: "" },
        Error::Forbidden { permission: "" },
        Error::FeatureNotInPlan { feature: Feature::Sso, tier: None },
        Error::PlanLimit(LimitReached {
            resource: Limit::Members,
            limit: 0,
            used: 0,
            tier: Tier::Free,
            required_tier: None,
            resets_at: None,
        }),
        Error::NotFound,
        Error::MethodNotAllowed { allowed: Vec::new() },
        Error::Gone("".into()),
        Error::InvalidState { current: String::new(), allowed: Vec::new() },
        Error::StillRunning,
        Error::PreconditionFailed,
        Error::PreconditionRequired,
        Error::PayloadTooLarge { max_bytes: 0 },
        Error::Validation(Vec::new()),
        Error::RateLimited { retry_after_s: 0 },
        Error::NotConfigured { what: "", setting: "" },
        Error::Upstream { upstream: "", cause: "".into() },
        Error::Unavailable { retry_after_s: 0, cause: "".into() },
        Error::internal(""),
    ];
    let made = Regex::new(
        r#"(?s)(?:Error::(?:conflict|refused)\(|(?:Conflict|Unauthenticated|Refused) \{)\s*(?:code: )?"([a-z_]+)""#,
    )
    .unwrap();
    let sources = sources();
    let made = made.captures_iter(&sources).map(|found| found[1].to_owned());
    let own = ["unauthenticated", "conflict"].map(ToOwned::to_owned);
    variants.iter().map(|error| error.code().to_owned()).chain(made).chain(own).collect()
}

#[test]
fn every_error_code_is_explained() {
    let written = table_after(&document("API.md"), "### Codes");

    let first = Regex::new(r"^\| `([a-z_]+)` \|").unwrap();
    let explained = written.iter().filter_map(|line| first.captures(line));
    let explained: BTreeSet<String> = explained.map(|found| found[1].to_owned()).collect();
    assert_eq!(explained, codes());
}
