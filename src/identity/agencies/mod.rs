//! Agencies: creating one, and its public face.
//!
//! An agency is created whole, in one unit of work: its row, the owner's membership, its profile
//! and its number series exist together or not at all.

mod model;
mod permissions;
mod repo;
mod routes;
pub mod service;
pub mod slug;

use kernel::Permission;
use kernel::http::operation::Operation;
use utoipa_actix_web::service_config::ServiceConfig;

pub use model::{AgencyView, NewAgency};
pub(crate) use repo::AgencyRepo;

/// The operations of this capability.
pub const OPERATIONS: &[Operation] = &[
    Operation::signed_in("GET", "/api/v1/agencies/slug-available"),
    Operation::signed_in("POST", "/api/v1/agencies"),
    Operation::member("GET", "/api/v1/agencies/{agency_slug}", Permission::AgencyView),
    Operation::member("PATCH", "/api/v1/agencies/{agency_slug}", Permission::SettingsEdit),
    Operation::member("GET", "/api/v1/agencies/{agency_slug}/permissions", Permission::AgencyView),
];

/// Adds the routes of this capability. `slug-available` goes before the slug it could be.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::slug_available)
        .service(routes::create)
        .service(routes::read)
        .service(routes::update)
        .service(routes::read_permissions);
}
