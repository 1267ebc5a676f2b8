//! Agencies, seen and steered from outside.

mod model;
pub(super) mod repo;
mod routes;
pub mod service;

use kernel::http::operation::Operation;
pub use model::{AgencyDetail, AgencySummary};
use utoipa_actix_web::service_config::ServiceConfig;

/// The operations of this capability.
pub const OPERATIONS: &[Operation] = &[
    Operation::operator("GET", "/api/v1/admin/agencies"),
    Operation::operator("GET", "/api/v1/admin/agencies/{agency_id}"),
    Operation::operator("PATCH", "/api/v1/admin/agencies/{agency_id}"),
];

/// Adds the routes of this capability.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(routes::list).service(routes::read).service(routes::update);
}
