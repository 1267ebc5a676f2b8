//! Sign-in: a one-time link proves an address; it buys a short access token and a refresh token
//! that rotates (spec §8.2, §8.4).
//!
//! Only hashes of tokens are stored. A link works once, for 15 minutes; opening it changes nothing,
//! so that a mail scanner cannot use it up. A refresh token that comes back after its rotation ends
//! the whole sign-in.

pub(crate) mod cookies;
mod jobs;
mod keys;
mod model;
mod pages;
mod repo;
pub(crate) mod return_url;
mod routes;
pub mod service;

pub use jobs::SendSignInLink;
use kernel::http::limits::LimitClass;
use kernel::http::operation::Operation;
pub use model::{SignInOutcome, TokenPair};
use utoipa_actix_web::service_config::ServiceConfig;

/// The operations of this capability.
pub const OPERATIONS: &[Operation] = &[
    Operation::public("GET", "/api/v1/auth/providers", LimitClass::SignIn),
    Operation::public("POST", "/api/v1/auth/magic-link", LimitClass::MagicLink),
    Operation::public("POST", "/api/v1/auth/magic-link/verify", LimitClass::SignIn),
    Operation::public("POST", "/api/v1/auth/refresh", LimitClass::SignIn),
    Operation::signed_in("POST", "/api/v1/auth/logout"),
    Operation::public("GET", "/.well-known/jwks.json", LimitClass::Operations),
    Operation::public("GET", "/auth/sign-in", LimitClass::SignIn).page(),
    Operation::public("POST", "/auth/sign-in", LimitClass::MagicLink).page(),
    Operation::public("GET", "/auth/magic-link", LimitClass::SignIn).page(),
    Operation::public("POST", "/auth/magic-link", LimitClass::SignIn).page(),
];

/// Adds the routes of this capability.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::providers)
        .service(routes::request_link)
        .service(routes::verify_link)
        .service(routes::refresh)
        .service(routes::logout)
        .service(keys::read)
        .map(|config| {
            config
                .service(pages::ask)
                .service(pages::send)
                .service(pages::open_link)
                .service(pages::follow_link)
        });
}
