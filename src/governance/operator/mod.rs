//! What the operator of the platform does (spec §7.16): looking at agencies and people, keeping
//! them out and letting them in again, giving plans away, inviting, and acting inside an agency.
//!
//! Every operation is for super-admins alone, and every change leaves a mark: what is about an
//! agency in that agency's own activity log (`metadata.source` is `super_admin`), what is about a
//! person in the security log, each in the unit of work of the change. Nobody changes what they are
//! themselves, and no operator keeps another out: that a stolen account cannot lock everybody else
//! out is worth more than the detour of taking the flag away first.

pub mod agencies;
pub mod audit;
pub mod freemium;
pub mod impersonation;
pub mod invites;
mod search;
pub mod stats;
pub mod users;

use kernel::error::{Context, Error, Result};
use kernel::http::ETag;
use kernel::http::operation::Operation;
use kernel::jobs::JobRegistry;
use kernel::text::sha256_hex;
use serde::Serialize;
use utoipa_actix_web::service_config::ServiceConfig;

/// Every operation of the operator.
pub fn operations() -> Vec<Operation> {
    [
        stats::OPERATIONS,
        agencies::OPERATIONS,
        impersonation::OPERATIONS,
        users::OPERATIONS,
        audit::OPERATIONS,
        freemium::OPERATIONS,
        invites::OPERATIONS,
    ]
    .concat()
}

/// Adds the routes of the operator.
pub fn configure(config: &mut ServiceConfig<'_>) {
    stats::configure(config);
    agencies::configure(config);
    impersonation::configure(config);
    users::configure(config);
    audit::configure(config);
    freemium::configure(config);
    invites::configure(config);
}

/// Adds the jobs of the operator.
pub fn jobs(registry: &mut JobRegistry) {
    registry.register::<impersonation::TellOwners>();
}

/// The tag of what is put together from many rows: a hash of it, on top of a version where one row
/// is the main one.
fn tag_of(version: i64, view: &impl Serialize) -> Result<ETag> {
    let json = serde_json::to_vec(view).context("the tag of an answer")?;
    let hash: String = sha256_hex(json).chars().take(16).collect();
    Ok(ETag::variant(version, hash))
}

/// The refusal of what an operator must not do to themselves.
fn own_account(what: &'static str) -> Error {
    Error::refused("own_account", what)
}

/// The refusal of what an operator must not do to another.
fn operator_protected() -> Error {
    Error::refused(
        "super_admin_protected",
        "this person operates the platform; take that away first",
    )
}
