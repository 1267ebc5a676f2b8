//! Looking at what happened, showing what could, and running the platform: the activity log, the
//! demo data and the operator.

pub mod activity;
pub mod demo;
pub mod operator;

use kernel::http::operation::Operation;
use kernel::jobs::JobRegistry;
use utoipa_actix_web::service_config::ServiceConfig;

/// Every operation of this area.
pub fn operations() -> Vec<Operation> {
    [activity::routes::OPERATIONS.to_vec(), operator::operations()].concat()
}

/// Adds the routes of this area.
pub fn configure(config: &mut ServiceConfig<'_>) {
    activity::routes::configure(config);
    operator::configure(config);
}

/// Adds the jobs of this area.
pub fn jobs(registry: &mut JobRegistry) {
    operator::jobs(registry);
}
