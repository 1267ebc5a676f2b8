//! Acting inside an agency, in the owner's place (spec R-26).
//!
//! An operator who says why gets a grant of four hours for one agency, and the owner a mail that
//! says so. While it lasts, the operations of the agency are open to them under their own name; what
//! they cannot do even then is `kernel::tenancy`'s to say. Every entry that they leave in the
//! agency's activity log carries `impersonated_by` and the grant.

mod jobs;
mod model;
mod repo;
mod routes;
pub mod service;

pub use jobs::TellOwners;
use kernel::http::operation::Operation;
pub use model::GrantView;
use utoipa_actix_web::service_config::ServiceConfig;

/// The operations of this capability.
pub const OPERATIONS: &[Operation] = &[
    Operation::operator("POST", "/api/v1/admin/agencies/{agency_id}/impersonate"),
    Operation::operator("POST", "/api/v1/admin/impersonation/stop"),
];

/// Adds the routes of this capability.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(routes::start).service(routes::stop);
}
