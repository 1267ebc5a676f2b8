//! Agencies that use everything without a charge, by leave of the operator (spec §2.5).

mod model;
mod repo;
mod routes;
pub mod service;

use kernel::http::operation::Operation;
pub use model::FreemiumView;
use utoipa_actix_web::service_config::ServiceConfig;

/// The operations of this capability.
pub const OPERATIONS: &[Operation] = &[
    Operation::operator("GET", "/api/v1/admin/freemium"),
    Operation::operator("POST", "/api/v1/admin/agencies/{agency_id}/freemium"),
    Operation::operator("PATCH", "/api/v1/admin/agencies/{agency_id}/freemium"),
    Operation::operator("DELETE", "/api/v1/admin/agencies/{agency_id}/freemium"),
];

/// Adds the routes of this capability.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list)
        .service(routes::grant)
        .service(routes::change)
        .service(routes::revoke);
}
