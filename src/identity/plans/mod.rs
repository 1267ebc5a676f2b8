//! Plans and what is used of them: the table of tiers for everybody, and an agency's own numbers
//! for its members.
//!
//! What a tier costs, has and allows is in [`kernel::tenancy::plan`], what is used is counted by
//! [`kernel::quota`]; this capability shows both.

mod model;
mod routes;
pub mod service;

use kernel::Permission;
use kernel::http::limits::LimitClass;
use kernel::http::operation::Operation;
use utoipa_actix_web::service_config::ServiceConfig;

pub use model::{PlanUsageView, PlanView};

/// The operations of this capability.
pub const OPERATIONS: &[Operation] = &[
    Operation::public("GET", "/public/v1/plans", LimitClass::PublicRead),
    Operation::member("GET", "/api/v1/agencies/{agency_slug}/usage", Permission::AgencyView),
    Operation::member(
        "GET",
        "/api/v1/agencies/{agency_slug}/billing/usage",
        Permission::AgencyView,
    ),
];

/// Adds the routes of this capability.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(routes::plans).service(routes::usage).service(routes::billing_usage);
}
