//! People, seen and steered by the operator.

mod model;
mod repo;
mod routes;
pub mod service;

use kernel::http::operation::Operation;
pub use model::{UserDetail, UserSummary};
use utoipa_actix_web::service_config::ServiceConfig;

/// The operations of this capability.
pub const OPERATIONS: &[Operation] = &[
    Operation::operator("GET", "/api/v1/admin/users"),
    Operation::operator("GET", "/api/v1/admin/users/{user_id}"),
    Operation::operator("PATCH", "/api/v1/admin/users/{user_id}"),
    Operation::operator("DELETE", "/api/v1/admin/users/{user_id}"),
    Operation::operator("PATCH", "/api/v1/admin/users/{user_id}/access"),
    Operation::operator("POST", "/api/v1/admin/users/{user_id}/suspend"),
    Operation::operator("POST", "/api/v1/admin/users/{user_id}/unsuspend"),
    Operation::operator("DELETE", "/api/v1/admin/users/{user_id}/memberships/{agency_id}")
        .without_if_match(),
];

/// Adds the routes of this capability.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list)
        .service(routes::read)
        .service(routes::update)
        .service(routes::delete)
        .service(routes::set_access)
        .service(routes::suspend)
        .service(routes::unsuspend)
        .service(routes::remove_membership);
}
