//! The sweep finds what is missing: each rule is taken away from every operation that has it, on a
//! server of its own, and each time the sweep must notice.

use entity::agency::Tier;
use kernel::http::limits::LimitClass;
use kernel::http::operation::{Access, Operation, Precondition};
use kernel::tenancy::{Permission, Plan};

use super::{Check, limits, operations, two_worlds};
use crate::support::Options;

/// A rule that is taken away.
struct Mutation {
    /// What is missing then.
    missing: &'static str,
    /// Which check must notice.
    check: Check,
    /// Takes it away.
    change: fn(Operation) -> Operation,
    /// How the server differs otherwise.
    options: fn(Options) -> Options,
}

/// Which rules can be missing.
const MUTATIONS: &[Mutation] = &[
    Mutation {
        missing: "the sign-in",
        check: Check::Credentials,
        change: |operation| Operation { access: Access::Public, ..operation },
        options: |options| options,
    },
    Mutation {
        missing: "the permission",
        check: Check::Roles,
        change: for_every_role,
        options: |options| options,
    },
    Mutation {
        missing: "the scope of API keys",
        check: Check::Scopes,
        change: for_every_role,
        options: |options| options,
    },
    Mutation {
        missing: "the plan's feature",
        check: Check::Plan,
        change: |operation| Operation { feature: None, ..operation },
        options: |options| options,
    },
    Mutation {
        missing: "the version that must be named",
        check: Check::Stale,
        change: |operation| Operation { precondition: Precondition::None, ..operation },
        options: |options| options,
    },
    Mutation {
        missing: "the limit",
        check: Check::Limited,
        change: |operation| Operation { class: unlimited(operation.class), ..operation },
        options: |options| limits(options, &WIDE),
    },
];

/// Asks of members only what every role has.
fn for_every_role(operation: Operation) -> Operation {
    match operation.access {
        Access::Member(_) => {
            Operation { access: Access::Member(Permission::AgencyView), ..operation }
        }
        _ => operation,
    }
}

/// Classes that are hardly limited on the server without limits.
const WIDE: [LimitClass; 2] = [LimitClass::Operations, LimitClass::PublicPdf];

/// Another class than an operation's own, hardly limited.
fn unlimited(class: LimitClass) -> LimitClass {
    if class == WIDE[0] { WIDE[1] } else { WIDE[0] }
}

/// Whether the rule is there to be taken away.
fn has(mutation: &Mutation, operation: &Operation) -> bool {
    use entity::membership::Role;

    let changed = (mutation.change)(*operation);
    match mutation.check {
        Check::Stale => operation.precondition == Precondition::Required,
        Check::Plan => operation.feature.is_some_and(|feature| !Plan::of(Tier::Free).has(feature)),
        Check::Limited => true,
        Check::Scopes => operation.key_permission().is_some() && changed.access != operation.access,
        // What every role has is missed by the scopes of API keys.
        Check::Roles => {
            changed.access != operation.access
                && matches!(operation.access, Access::Member(permission) if !permission.granted_to(Role::Member))
        }
        _ => !matches!(operation.access, Access::Public | Access::Link(_)),
    }
}

#[tokio::test]
async fn a_rule_that_is_taken_away_is_missed() {
    let sweep = two_worlds().await;
    let mut survived = Vec::new();
    for mutation in MUTATIONS {
        let options = |options| (mutation.options)(options).operations(mutation.change);
        let server = sweep.app.replica_with(options).await;
        let weak = sweep.on(server).await;
        let mut missed = 0;
        for (row, operation) in operations().iter().filter(|(_, o)| has(mutation, o)) {
            match weak.run(mutation.check, row, operation).await {
                Err(_) => missed += 1,
                Ok(_) => survived.push(format!(
                    "{} {} without {}",
                    operation.method, operation.path, mutation.missing
                )),
            }
        }
        println!("without {}: {missed} operations, each noticed", mutation.missing);
        assert!(missed > 0, "nothing was without {}", mutation.missing);
    }
    sweep.app.forget_jobs();

    assert!(survived.is_empty(), "nobody noticed:\n{}", survived.join("\n"));
}
