//! An agency's business details: what stands on its documents, its bank account, its tax and its
//! defaults. One row for each agency, made with it.
//!
//! Branch and account number are encrypted at rest, masked in every answer, and shown only on
//! request, which is logged.

mod model;
mod repo;
mod routes;
pub mod service;

use kernel::Permission;
use kernel::http::operation::Operation;
use utoipa_actix_web::service_config::ServiceConfig;

pub use model::{BankAccount, ProfileView};

/// The operations of this capability.
pub const OPERATIONS: &[Operation] = &[
    Operation::member("GET", "/api/v1/agencies/{agency_slug}/profile", Permission::ProfileView),
    Operation::member("PATCH", "/api/v1/agencies/{agency_slug}/profile", Permission::ProfileEdit),
];

/// Adds the routes of this capability.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(routes::read).service(routes::update);
}
