//! API keys: how an agency's own programs call the API (spec §4.34, §7.15).
//!
//! A key is shown once, when it is made or rotated; afterwards nobody can read it, not even the
//! server, which keeps its SHA-256 alone. It carries some of the permissions, acts on behalf of
//! the person who made it and never beyond what that person may do, and stops at once when it is
//! revoked, expires, or its person leaves. How keys are written and checked is told in
//! `kernel::tenancy`.
//!
//! Making and changing keys needs the feature of the plan; seeing and revoking them does not, so
//! that an agency whose plan has lapsed can still take its keys back.

mod model;
mod repo;
mod routes;
mod rules;
pub mod service;

use kernel::Permission;
use kernel::http::operation::Operation;
use kernel::tenancy::Feature;
use utoipa_actix_web::service_config::ServiceConfig;

pub use model::{ApiKeyStatus, ApiKeyView, NewApiKey};

/// The operations of this capability.
pub const OPERATIONS: &[Operation] = &[
    Operation::member("GET", "/api/v1/agencies/{agency_slug}/api-keys", Permission::ApiKeyManage),
    Operation::member("POST", "/api/v1/agencies/{agency_slug}/api-keys", Permission::ApiKeyManage)
        .feature(Feature::ApiAccess),
    Operation::member(
        "GET",
        "/api/v1/agencies/{agency_slug}/api-keys/{api_key_id}",
        Permission::ApiKeyManage,
    ),
    Operation::member(
        "PATCH",
        "/api/v1/agencies/{agency_slug}/api-keys/{api_key_id}",
        Permission::ApiKeyManage,
    )
    .feature(Feature::ApiAccess),
    Operation::member(
        "POST",
        "/api/v1/agencies/{agency_slug}/api-keys/{api_key_id}/rotate",
        Permission::ApiKeyManage,
    )
    .feature(Feature::ApiAccess)
    .honours_if_match(),
    Operation::member(
        "DELETE",
        "/api/v1/agencies/{agency_slug}/api-keys/{api_key_id}",
        Permission::ApiKeyManage,
    ),
];

/// Adds the routes of this capability.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list)
        .service(routes::create)
        .service(routes::read)
        .service(routes::change)
        .service(routes::rotate)
        .service(routes::revoke);
}
