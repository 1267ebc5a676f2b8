//! Looking at what happened, and showing what could: the activity log and the demo data.

pub mod activity;
pub mod demo;

use kernel::http::operation::Operation;
use kernel::jobs::JobRegistry;
use utoipa_actix_web::service_config::ServiceConfig;

/// Every operation of this area.
pub fn operations() -> Vec<Operation> {
    activity::routes::OPERATIONS.to_vec()
}

/// Adds the routes of this area.
pub fn configure(config: &mut ServiceConfig<'_>) {
    activity::routes::configure(config);
}

/// Adds the jobs of this area: none so far.
pub fn jobs(_registry: &mut JobRegistry) {}
