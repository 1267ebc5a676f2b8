//! The sign-ins of a person: seen as a list, and ended from anywhere.
//!
//! A sign-in is a family of refresh tokens on one device. One that has ended takes its access
//! tokens with it: every request looks its sign-in up, and open live streams are told at once in
//! this process and within half a minute in the others.

mod device;
mod model;
mod repo;
mod routes;
pub mod service;

use kernel::http::operation::Operation;
pub use model::KeptSession;
use utoipa_actix_web::service_config::ServiceConfig;

/// The operations of this capability.
pub const OPERATIONS: &[Operation] = &[
    Operation::signed_in("GET", "/api/v1/auth/sessions"),
    Operation::signed_in("DELETE", "/api/v1/auth/sessions").without_if_match(),
    Operation::signed_in("DELETE", "/api/v1/auth/sessions/{session_id}").without_if_match(),
];

/// Adds the routes of this capability.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(routes::list).service(routes::end_others).service(routes::end);
}
