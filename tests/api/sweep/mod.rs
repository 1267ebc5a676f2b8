//! The sweep: every operation of the OpenAPI document, called without credentials, by every role, by
//! programs with and without the scope, by the suspended and the unpaid, with another agency's
//! things, with things that are none, with members nobody knows, with stale versions, too often, and
//! as it is meant to be, twice.
//!
//! A new operation needs a row in [`rows`]; the rest follows from the document and the operation
//! table. `cargo nextest run --workspace --test api --no-capture sweep` shows what was tried.

mod access;
mod checks;
mod mutations;
mod outcasts;
mod report;
mod rows;
mod world;

use std::collections::BTreeSet;
use std::sync::Arc;

use checks::{Sweep, Verdict};
use kernel::http::limits::LimitClass;
use kernel::http::operation::Operation;
use outcasts::{Keys, Outcasts};
use report::Report;
use rows::{Row, rows};
use world::World;

use crate::support::contract::contract;
use crate::support::{Options, TestApp};

/// What is tried with an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    Credentials,
    Roles,
    Scopes,
    Foreign,
    SuspendedPerson,
    SuspendedAgency,
    Plan,
    Malformed,
    Unknown,
    Stale,
    Limited,
    Works,
}

impl Check {
    /// What comes before anything is changed.
    const HARMLESS: &'static [Self] = &[
        Self::Credentials,
        Self::Roles,
        Self::Scopes,
        Self::SuspendedPerson,
        Self::SuspendedAgency,
        Self::Plan,
        Self::Foreign,
        Self::Malformed,
        Self::Unknown,
        Self::Stale,
    ];

    /// The head of its column.
    fn title(self) -> &'static str {
        match self {
            Self::Credentials => "not signed in",
            Self::Roles => "each role",
            Self::Scopes => "each API key",
            Self::SuspendedPerson => "suspended person",
            Self::SuspendedAgency => "suspended agency",
            Self::Plan => "not in the plan",
            Self::Foreign => "another agency's",
            Self::Malformed => "no such id",
            Self::Unknown => "unknown field",
            Self::Stale => "out of date",
            Self::Limited => "too often",
            Self::Works => "works, and once",
        }
    }
}

impl Sweep {
    async fn run(&self, check: Check, row: &Row, operation: &Operation) -> Verdict {
        match check {
            Check::Credentials => self.credentials(row, operation).await,
            Check::Roles => self.roles(row, operation).await,
            Check::Scopes => self.scopes(row, operation).await,
            Check::SuspendedPerson => self.suspended_person(row, operation).await,
            Check::SuspendedAgency => self.suspended_agency(row, operation).await,
            Check::Plan => self.plan(row, operation).await,
            Check::Foreign => self.isolation(row, operation).await,
            Check::Malformed => self.malformed(row, operation).await,
            Check::Unknown => self.unknown(row, operation).await,
            Check::Stale => self.precondition(row, operation).await,
            Check::Limited => self.limited(row, operation).await,
            Check::Works => self.works(row, operation).await,
        }
    }
}

/// Every row with the rules of its operation.
fn operations() -> Vec<(Row, Operation)> {
    let rules = |row: &Row| {
        let mut known = contract().table().rows().iter();
        known.find(|o| o.method == row.method && o.path == row.path).copied()
    };
    let with_rules = |row| rules(&row).map(|operation| (row, operation));
    rows().into_iter().filter_map(with_rules).collect()
}

/// Two agencies with one of everything each, on one server.
async fn two_worlds() -> Sweep {
    let app = TestApp::spawn().await;
    let home = World::build(&app, "acme").await;
    let other = World::build(&app, "umbrella").await;
    let operator = app.operator().await;
    let outcasts = Outcasts::cast(&app, &operator).await;
    let keys = Arc::new(Keys::of(&home.agency));
    Sweep { app, home, other, operator: operator.unchecked(), keys, outcasts }
}

/// A server on which every class of operations but the `wide` ones may be called hardly ever.
fn limits(options: Options, wide: &[LimitClass]) -> Options {
    let quota = |class: &LimitClass| if wide.contains(class) { 1_000_000 } else { access::TIGHT };
    let class = |class: &LimitClass| format!("{}={}/60", class.name(), quota(class));
    let limits: Vec<String> = LimitClass::ALL.iter().map(class).collect();
    options.set("RATE_LIMITS", limits.join(","))
}

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
    let sweep = two_worlds().await;
    let tight = sweep.on(sweep.app.replica_with(|options| limits(options, &[])).await).await;
    let operations = operations();
    let mut report = Report::default();

    // What changes nothing, then what does: in the order of the rows.
    for (row, operation) in &operations {
        for check in Check::HARMLESS {
            report.add(operation, *check, sweep.run(*check, row, operation).await);
        }
        report.add(operation, Check::Limited, tight.run(Check::Limited, row, operation).await);
    }
    for (row, operation) in &operations {
        report.add(operation, Check::Works, sweep.run(Check::Works, row, operation).await);
    }
    // Pages are not in the document, and take no rows.
    for operation in contract().table().rows().iter().filter(|operation| operation.page) {
        report.add(operation, Check::Foreign, sweep.page(operation).await);
    }
    sweep.app.forget_jobs();

    println!("{}", report.table());
    assert_eq!(report.swept(), contract().operations().len(), "operations were left out");
    assert!(report.found().is_empty(), "{}", report.found().join("\n\n"));
}
