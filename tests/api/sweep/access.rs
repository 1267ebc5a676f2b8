//! Who gets in, and how often: roles, API keys, the suspended, plans, limits.

use entity::agency::Tier;
use entity::document::DocumentKind;
use entity::membership::Role;
use kernel::http::operation::{Access, Operation, Precondition};

use kernel::tenancy::Plan;

use super::checks::{Call, Sweep, Verdict, expect, made_up, make, placeholders, takes_parameters};
use super::rows::Row;
use crate::support::{Client, minutes};

/// How a call that changes nothing is answered to whoever may make it.
const GETS_IN: [u16; 7] = [200, 400, 404, 409, 412, 422, 428];

/// How often each class may be called in a minute on the server with tight limits.
pub const TIGHT: usize = 2;

impl Sweep {
    /// A call that is refused once it is known that the caller may make it, so that trying it
    /// changes nothing.
    pub(super) fn probe(&self, row: &Row, operation: &Operation) -> Call {
        let mut call = self.call(row, |name| self.own(name));
        if operation.streams {
            return call.headers_only();
        }
        if call.add_unknown_member() {
            return call;
        }
        if operation.takes_idempotency_key() {
            return call.header("Idempotency-Key", "x".repeat(300));
        }
        if operation.precondition != Precondition::None {
            return call.header("If-Match", "\"0\"");
        }
        if operation.method == "GET" {
            return call;
        }
        if takes_parameters(operation) {
            call.add_unknown_parameter();
            return call;
        }
        let Some(id) = placeholders(row.path).find(|name| name.ends_with("_id")) else {
            // Changes something of the caller's own: let that be the passer-by.
            assert!(operation.access == Access::SignedIn, "{} changes something", row.path);
            return call;
        };
        let name = row.thing(id);
        let nothing = made_up(self.home.get(name));
        self.call(row, |other| if other == name { nothing.clone() } else { self.own(other) })
    }

    /// Each role gets in where it has the permission; elsewhere it is told which one is missing.
    pub async fn roles(&self, row: &Row, operation: &Operation) -> Verdict {
        let people = &self.home.agency;
        let permission = match operation.access {
            Access::Member(permission) => permission,
            Access::Operator => {
                // The highest role of an agency is nobody here.
                let reply = make(&self.owner(), self.probe(row, operation)).await;
                return expect(&reply, &[403], Some("forbidden")).map(|()| true);
            }
            Access::Public | Access::Link(_) | Access::SignedIn => return Ok(false),
        };
        for (role, caller) in [
            (Role::Owner, people.owner()),
            (Role::Admin, people.admin()),
            (Role::Member, people.member()),
        ] {
            let caller = caller.root().unchecked();
            let reply = make(&caller, self.probe(row, operation)).await;
            if permission.granted_to(role) {
                expect(&reply, &GETS_IN, None).map_err(|why| format!("{role:?}: {why}"))?;
            } else {
                expect(&reply, &[403], Some("forbidden"))
                    .map_err(|why| format!("{role:?}: {why}"))?;
                if !operation.streams && reply.problem()["permission"] != permission.key() {
                    return Err(format!("the refusal does not name `{}`", permission.key()));
                }
            }
        }
        Ok(true)
    }

    fn program(&self, key: &str) -> Client {
        self.app.anonymous().unchecked().with_token(key)
    }

    /// An API key gets in with the scope of the operation, and not with all the others; where no
    /// key may, not with all scopes there are.
    pub async fn scopes(&self, row: &Row, operation: &Operation) -> Verdict {
        if matches!(operation.access, Access::Public | Access::Link(_)) {
            return Ok(false);
        }
        let Some(permission) = operation.key_permission() else {
            let program = self.program(&self.keys.with_everything().await);
            let reply = make(&program, self.probe(row, operation)).await;
            return expect(&reply, &[403], Some("api_key_not_allowed")).map(|()| true);
        };
        let with = self.program(&self.keys.with(permission).await);
        let with = make(&with, self.probe(row, operation)).await;
        expect(&with, &GETS_IN, None).map_err(|why| format!("with the scope: {why}"))?;
        let without = self.program(&self.keys.without(permission).await);
        let without = make(&without, self.probe(row, operation)).await;
        expect(&without, &[403], Some("forbidden").filter(|_| !operation.streams))?;
        Ok(true)
    }

    /// A person who was suspended does not get in any more.
    pub async fn suspended_person(&self, row: &Row, operation: &Operation) -> Verdict {
        if matches!(operation.access, Access::Public | Access::Link(_)) {
            return Ok(false);
        }
        let reply = make(&self.outcasts.person, self.probe(row, operation)).await;
        expect(&reply, &[401], None)?;
        Ok(true)
    }

    /// An agency that was suspended is closed to its own people, and its links open nothing but
    /// invoices that can be read.
    pub async fn suspended_agency(&self, row: &Row, operation: &Operation) -> Verdict {
        let things = &self.outcasts.agency;
        let call = self.call(row, |name| things.get(name).to_owned());
        let call = if operation.streams { call.headers_only() } else { call };
        match operation.access {
            Access::Member(_) if row.path.contains("{agency_slug}") => {
                let owner = things.agency.owner().root().unchecked();
                let reply = make(&owner, call).await;
                let code = (!operation.streams).then_some("agency_suspended");
                expect(&reply, &[403], code)?;
            }
            Access::Link(kind) => {
                let reply = make(&self.app.anonymous().unchecked(), call).await;
                let readable = kind == DocumentKind::Invoice && operation.method == "GET";
                expect(&reply, if readable { &[200] } else { &[404] }, None)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What is not in an agency's plan is refused, with the plan that has it.
    pub async fn plan(&self, row: &Row, operation: &Operation) -> Verdict {
        let Some(feature) = operation.feature else { return Ok(false) };
        if Plan::of(Tier::Free).has(feature) {
            return Ok(false);
        }
        let things = &self.outcasts.free_agency;
        let call = self.call(row, |name| things.get(name).to_owned());
        let caller = match operation.access {
            Access::Link(_) => self.app.anonymous().unchecked(),
            _ => things.agency.owner().root().unchecked(),
        };
        let reply = make(&caller, call).await;
        expect(&reply, &[403], Some("feature_not_in_plan"))?;
        if reply.problem()["feature"] != feature.key() {
            return Err(format!("the refusal does not name `{}`", feature.key()));
        }
        Ok(true)
    }

    /// Whoever calls too often is told when to come back.
    ///
    /// For a server on which every class has [`TIGHT`] calls a minute.
    pub async fn limited(&self, row: &Row, operation: &Operation) -> Verdict {
        // Every budget is full again.
        self.app.clock.advance(minutes(2));
        let caller = match operation.access {
            Access::SignedIn => self.outcasts.passer_by.clone(),
            _ => self.permitted(operation),
        };
        for _ in 0..TIGHT {
            let reply = make(&caller, self.probe(row, operation)).await;
            if reply.code() == 429 {
                return Err(format!("refused before its {TIGHT} calls were made"));
            }
        }
        let mut reply = make(&caller, self.probe(row, operation)).await;
        // Where the tightest budget is counted by the operation itself, a wider one ends it; and a better plan has more.
        for _ in 0..30 * TIGHT {
            if reply.code() == 429 {
                break;
            }
            reply = make(&caller, self.probe(row, operation)).await;
        }
        expect(&reply, &[429], (!operation.streams).then_some("rate_limited"))?;
        for header in ["retry-after", "ratelimit", "ratelimit-policy"] {
            if reply.header(header).is_none() {
                return Err(format!("the refusal has no `{header}`"));
            }
        }
        Ok(true)
    }
}
