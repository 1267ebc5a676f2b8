//! Who people are and what they belong to: sign-in, agencies, members, profile and branding.
//!
//! A person proves an address with a one-time link and gets a short access token and a rotating
//! refresh token. Everything else is reached through a membership of an agency.

pub mod agencies;
pub mod api_keys;
pub mod auth;
pub mod branding;
pub mod changes;
pub mod departure;
pub mod invites;
pub mod me;
pub mod members;
pub mod oauth;
pub mod operators;
pub mod people;
pub mod plans;
pub mod profile;
mod rules;
pub mod second_factor;
pub mod sessions;
pub mod sso;

use kernel::http::operation::Operation;
use kernel::jobs::JobRegistry;
use utoipa_actix_web::service_config::ServiceConfig;

/// The templates of this area's pages: name and source.
pub const TEMPLATES: &[(&str, &str)] = &[
    ("sign_in.html", include_str!("auth/templates/sign_in.html")),
    ("invite.html", include_str!("invites/templates/invite.html")),
];

/// Every operation of this area.
pub fn operations() -> Vec<Operation> {
    [
        auth::OPERATIONS,
        oauth::OPERATIONS,
        sso::OPERATIONS,
        second_factor::OPERATIONS,
        sessions::OPERATIONS,
        invites::OPERATIONS,
        me::OPERATIONS,
        agencies::OPERATIONS,
        branding::OPERATIONS,
        profile::OPERATIONS,
        members::OPERATIONS,
        plans::OPERATIONS,
        api_keys::OPERATIONS,
    ]
    .concat()
}

/// Adds the routes of this area.
pub fn configure(config: &mut ServiceConfig<'_>) {
    auth::configure(config);
    oauth::configure(config);
    sso::configure(config);
    second_factor::configure(config);
    sessions::configure(config);
    invites::configure(config);
    me::configure(config);
    agencies::configure(config);
    branding::configure(config);
    profile::configure(config);
    members::configure(config);
    plans::configure(config);
    api_keys::configure(config);
}

/// Adds the jobs of this area.
pub fn jobs(registry: &mut JobRegistry) {
    registry.register::<auth::SendSignInLink>();
    registry.register::<members::WelcomeMember>();
    registry.register::<invites::SendBetaInvite>();
    registry.register::<second_factor::TellOfChange>();
}
