//! The second factor: authenticator apps (RFC 6238) with recovery codes, and codes by text message
//! (spec §8.3).
//!
//! A proven first factor gives a *session token*: 256 random bits of which only the hash is stored,
//! good for 15 minutes and five codes, in the operations of this capability and nowhere else. A
//! right code exchanges it for a sign-in, once. Ten codes in 15 minutes that were not followed by a
//! right one lock a person out until the 15 minutes are over, however many sign-ins they come from.
//!
//! A code of the app is accepted once: its time step is kept, and none up to it is accepted again.
//! Whoever has no second factor and must have one registers it within the sign-in; from then on
//! the first factor alone registers nothing.

mod codes;
mod jobs;
mod model;
mod repo;
mod routes;
pub mod service;
mod totp;

pub use jobs::TellOfChange;
use kernel::http::limits::LimitClass;
use kernel::http::operation::Operation;
pub use model::{SecondFactorMethod, SecondFactorStep, SecondFactorView};
use utoipa_actix_web::service_config::ServiceConfig;

/// The operations of this capability.
pub const OPERATIONS: &[Operation] = &[
    Operation::public("POST", "/api/v1/auth/second-factor", LimitClass::SignIn),
    Operation::public("POST", "/api/v1/auth/second-factor/totp", LimitClass::SignIn),
    Operation::public("POST", "/api/v1/auth/second-factor/totp/confirm", LimitClass::SignIn),
    Operation::public("POST", "/api/v1/auth/phone/start", LimitClass::SmsSend),
    Operation::public("POST", "/api/v1/auth/phone/verify", LimitClass::SmsCheck),
    Operation::signed_in("GET", "/api/v1/me/second-factor"),
    Operation::signed_in("POST", "/api/v1/me/second-factor/totp"),
    Operation::signed_in("POST", "/api/v1/me/second-factor/totp/confirm"),
    Operation::signed_in("POST", "/api/v1/me/second-factor/totp/disable"),
    Operation::signed_in("POST", "/api/v1/me/second-factor/recovery-codes"),
    Operation::signed_in("POST", "/api/v1/me/second-factor/phone"),
    Operation::signed_in("POST", "/api/v1/me/second-factor/phone/confirm"),
    Operation::signed_in("POST", "/api/v1/me/second-factor/phone/remove"),
];

/// Adds the routes of this capability.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::sign_in::prove)
        .service(routes::sign_in::enrol_totp)
        .service(routes::sign_in::confirm_totp)
        .service(routes::sign_in::start_phone)
        .service(routes::sign_in::verify_phone)
        .service(routes::me::read)
        .service(routes::me::start_totp)
        .service(routes::me::confirm_totp)
        .service(routes::me::disable_totp)
        .service(routes::me::recovery_codes)
        .service(routes::me::start_phone)
        .service(routes::me::confirm_phone)
        .service(routes::me::remove_phone);
}
