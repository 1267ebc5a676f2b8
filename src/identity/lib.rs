//! Who people are and what they belong to: sign-in, agencies, members, profile and branding.
//!
//! A person proves an address with a one-time link and gets a short access token and a rotating
//! refresh token. Everything else is reached through a membership of an agency.

pub mod agencies;
pub mod auth;
pub mod branding;
mod changes;
pub mod me;
pub mod members;
pub mod people;
pub mod profile;
mod rules;

use kernel::http::operation::Operation;
use kernel::jobs::JobRegistry;
use utoipa_actix_web::service_config::ServiceConfig;

/// The templates of this area's pages: name and source.
pub const TEMPLATES: &[(&str, &str)] =
    &[("sign_in.html", include_str!("auth/templates/sign_in.html"))];

/// Every operation of this area.
pub fn operations() -> Vec<Operation> {
    [
        auth::OPERATIONS,
        me::OPERATIONS,
        agencies::OPERATIONS,
        branding::OPERATIONS,
        profile::OPERATIONS,
        members::OPERATIONS,
    ]
    .concat()
}

/// Adds the routes of this area.
pub fn configure(config: &mut ServiceConfig<'_>) {
    auth::configure(config);
    me::configure(config);
    agencies::configure(config);
    branding::configure(config);
    profile::configure(config);
    members::configure(config);
}

/// Adds the jobs of this area.
pub fn jobs(registry: &mut JobRegistry) {
    registry.register::<auth::SendSignInLink>();
}
