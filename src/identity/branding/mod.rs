//! The look of an agency: three colours and a logo, on every page, mail and document; a gradient
//! on pages and mails where the plan has it.
//!
//! A logo is public under the hash of its bytes and never changes there. The bytes are stored
//! before the unit of work that makes them the logo: a crash between the two leaves a file that
//! nothing names, never a name without file.

mod image;
mod model;
mod repo;
mod routes;
pub mod service;

use kernel::Permission;
use kernel::http::limits::LimitClass;
use kernel::http::operation::Operation;
use utoipa_actix_web::service_config::ServiceConfig;

pub use model::{BrandingView, LogoView};

/// Largest logo: 2 MiB.
const LOGO_MAX_BYTES: usize = 2 * 1024 * 1024;

/// The operations of this capability.
pub const OPERATIONS: &[Operation] = &[
    Operation::member("PATCH", "/api/v1/agencies/{agency_slug}/branding", Permission::BrandingEdit),
    Operation::member(
        "PUT",
        "/api/v1/agencies/{agency_slug}/branding/logo",
        Permission::BrandingEdit,
    )
    .class(LimitClass::Upload)
    .max_body(LOGO_MAX_BYTES),
    Operation::member(
        "DELETE",
        "/api/v1/agencies/{agency_slug}/branding/logo",
        Permission::BrandingEdit,
    ),
    Operation::public("GET", "/assets/logos/{sha256}", LimitClass::Operations).page(),
];

/// Adds the routes of this capability.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::update)
        .service(routes::put_logo)
        .service(routes::delete_logo)
        .map(|config| config.service(routes::logo));
}
