//! Figures over the whole platform.

mod model;
mod repo;
mod routes;
pub mod service;

use kernel::http::operation::{Operation, Priority};
pub use model::StatsView;
use utoipa_actix_web::service_config::ServiceConfig;

/// The operations of this capability.
pub const OPERATIONS: &[Operation] =
    &[Operation::operator("GET", "/api/v1/admin/stats").priority(Priority::Report)];

/// Adds the routes of this capability.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(routes::read);
}
