//! The person who is signed in: who they are and where they belong.

mod export;
mod model;
mod repo;
mod routes;
pub mod service;

use kernel::http::operation::{Operation, Priority};
use utoipa_actix_web::service_config::ServiceConfig;

/// The operations of this capability.
pub const OPERATIONS: &[Operation] = &[
    Operation::signed_in("GET", "/api/v1/me"),
    Operation::signed_in("PATCH", "/api/v1/me"),
    Operation::signed_in("DELETE", "/api/v1/me").without_if_match(),
    Operation::signed_in("GET", "/api/v1/me/export").priority(Priority::Bulk),
    Operation::signed_in("GET", "/api/v1/me/agencies"),
    Operation::signed_in("PUT", "/api/v1/me/default-agency"),
    Operation::signed_in("PUT", "/api/v1/me/current-agency").without_if_match(),
];

/// Adds the routes of this capability.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::read)
        .service(routes::update)
        .service(routes::delete)
        .service(routes::export)
        .service(routes::agencies)
        .service(routes::set_default_agency)
        .service(routes::set_current_agency);
}
