//! The audit log: what was done in all agencies, and what happened to people and their sign-ins,
//! as one list.
//!
//! The two logs are kept apart, because one belongs to agencies and the other does not; both are in
//! order of time by their ids, and are merged as they are read.

mod model;
mod repo;
mod routes;
pub mod service;

use kernel::http::operation::{Operation, Priority};
pub use model::AuditEntry;
use utoipa_actix_web::service_config::ServiceConfig;

/// The operations of this capability.
pub const OPERATIONS: &[Operation] =
    &[Operation::operator("GET", "/api/v1/admin/audit-logs").priority(Priority::Report)];

/// Adds the routes of this capability.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(routes::list);
}
