//! The sweep: every operation of the OpenAPI document, called without credentials, without the
//! permission, with another agency's things, with things that are none, with members nobody
//! knows, with stale versions, and as it is meant to be, twice.
//!
//! A new operation needs a row in [`rows`]; the rest follows from the document and the operation
//! table. `cargo nextest run --workspace --test api --no-capture sweep` shows what was tried.

mod checks;
mod rows;
mod world;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use checks::{Sweep, Verdict};
use kernel::http::operation::Operation;
use rows::{Row, rows};
use world::World;

use crate::support::TestApp;
use crate::support::contract::contract;

#[test]
fn every_operation_has_a_row() {
    let described: BTreeSet<_> =
        contract().operations().iter().map(|d| format!("{} {}", d.method, d.path)).collect();
    let mut known = BTreeSet::new();
    for row in rows() {
        let name = format!("{} {}", row.method, row.path);
        assert!(known.insert(name.clone()), "{name} has two rows");
    }

    let without_row: Vec<_> = described.difference(&known).collect();
    let gone: Vec<_> = known.difference(&described).collect();
    assert!(without_row.is_empty(), "add to tests/api/sweep/rows.rs: {without_row:#?}");
    assert!(gone.is_empty(), "remove from tests/api/sweep/rows.rs: {gone:#?}");
}

#[tokio::test]
async fn every_operation_keeps_the_rules() {
    let app = TestApp::spawn().await;
    let home = World::build(&app, "acme").await;
    let other = World::build(&app, "umbrella").await;
    let sweep = Sweep { app, home, other };
    let mut report = Report::default();
    let rows: Vec<(Row, Operation)> = rows()
        .into_iter()
        .filter_map(|row| {
            let mut known = contract().table().rows().iter();
            let operation = known.find(|o| o.method == row.method && o.path == row.path).copied();
            operation.map(|operation| (row, operation))
        })
        .collect();

    // What changes nothing, then what does: in the order of the rows.
    for (row, operation) in &rows {
        report.add(operation, "no token", sweep.credentials(row, operation).await);
        report.add(operation, "no permission", sweep.permission(row, operation).await);
        report.add(operation, "foreign", sweep.isolation(row, operation).await);
        report.add(operation, "malformed", sweep.malformed(row, operation).await);
        report.add(operation, "unknown", sweep.unknown(row, operation).await);
        report.add(operation, "stale", sweep.precondition(row, operation).await);
    }
    for (row, operation) in &rows {
        report.add(operation, "works", sweep.works(row, operation).await);
    }
    // Pages are not in the document, and take no rows.
    for operation in contract().table().rows().iter().filter(|operation| operation.page) {
        for column in ["no token", "no permission"] {
            report.add(operation, column, Ok(false));
        }
        report.add(operation, "foreign", sweep.page(operation).await);
    }
    sweep.app.forget_jobs();

    println!("{}", report.table());
    assert!(
        report.found.is_empty(),
        "{} findings:\n\n{}",
        report.found.len(),
        report.found.join("\n\n")
    );
}

/// What was tried, and what was found.
#[derive(Default)]
struct Report {
    columns: Vec<&'static str>,
    lines: Vec<(String, Vec<(&'static str, &'static str)>)>,
    found: Vec<String>,
}

impl Report {
    fn add(&mut self, operation: &Operation, column: &'static str, verdict: Verdict) {
        let name = format!("{:<6} {}", operation.method, operation.path);
        if !self.columns.contains(&column) {
            self.columns.push(column);
        }
        let mark = match verdict {
            Ok(true) => "ok",
            Ok(false) => "-",
            Err(why) => {
                self.found.push(format!("{name}, {column}: {why}"));
                "WRONG"
            }
        };
        match self.lines.iter_mut().find(|(known, _)| *known == name) {
            Some((_, marks)) => marks.push((column, mark)),
            None => self.lines.push((name, vec![(column, mark)])),
        }
    }

    fn table(&self) -> String {
        let width = self.lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let mut text = format!("\n{:width$}", "");
        for column in &self.columns {
            let _ = write!(text, "  {column}");
        }
        for (name, marks) in &self.lines {
            let _ = write!(text, "\n{name:width$}");
            for (column, mark) in marks {
                let _ = write!(text, "  {mark:<size$}", size = column.len());
            }
        }
        text
    }
}
