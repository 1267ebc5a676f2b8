//! Signing in with the account of an identity provider: Google, GitHub, Microsoft, Facebook
//! (spec §8.1, §8.2).
//!
//! The authorization code flow of OAuth 2.0 (RFC 6749) with PKCE S256 (RFC 7636), and OpenID Connect
//! Core 1.0 where the provider speaks it, as RFC 9700 advises. What a sign-in must come back with
//! (`state`, verifier, nonce) is bound to the browser that began it, works once, and for 15 minutes.
//!
//! An account is known by what never changes: provider, issuer and subject. An address decides once,
//! at the first sign-in, and only when the provider says that it is verified; an unverified one
//! neither finds a person nor makes one. Somebody with such an account signs in with a link by mail
//! and connects it then.

mod cookie;
mod model;
pub(crate) mod party;
mod provider;
mod repo;
mod routes;
pub mod service;

use kernel::http::limits::LimitClass;
use kernel::http::operation::Operation;
use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) use cookie::browser;
pub use model::IdentityView;
pub(crate) use model::StartQuery;
pub use provider::Offered;
pub(crate) use provider::offered;
pub(crate) use repo::IdentityKey;
pub(crate) use routes::{Callback, sent_away};

/// The operations of this capability.
pub const OPERATIONS: &[Operation] = &[
    Operation::public("GET", "/api/v1/auth/oauth/{provider}/start", LimitClass::OAuth),
    Operation::public("GET", "/api/v1/auth/oauth/{provider}/callback", LimitClass::OAuth),
    Operation::signed_in("GET", "/api/v1/me/identities"),
    Operation::signed_in("POST", "/api/v1/me/identities"),
    Operation::signed_in("DELETE", "/api/v1/me/identities/{identity_id}").without_if_match(),
    Operation::public("GET", "/auth/signed-in", LimitClass::SignIn).page(),
];

/// Adds the routes of this capability.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::start)
        .service(routes::callback)
        .service(routes::identities)
        .service(routes::connect)
        .service(routes::disconnect)
        .map(|config| config.service(routes::signed_in));
}
