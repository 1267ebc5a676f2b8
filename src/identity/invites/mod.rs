//! Invitations to try the product (spec §5.8): the operator invites an address, and an agency that
//! is made with the invitation by the holder of that address uses everything without a charge.
//!
//! An invitation is used once: of parallel attempts one succeeds, in the unit of work that makes
//! the agency. Of its token the hash is kept to find it by, and the token itself encrypted, since
//! the mail may have to be sent again. That its time is over counts from the instant on, whether or
//! not the upkeep has written it down.

mod jobs;
mod model;
mod pages;
mod repo;
mod routes;
pub mod service;

pub use jobs::SendBetaInvite;
use kernel::http::limits::LimitClass;
use kernel::http::operation::Operation;
pub use model::{InviteView, NewInvite, mask_email, status_at};
pub use pages::COOKIE;
use utoipa_actix_web::service_config::ServiceConfig;

/// The operations of this capability. Those of the operator are the operator's.
pub const OPERATIONS: &[Operation] = &[
    Operation::public("GET", "/public/v1/invites/{token}", LimitClass::PublicRead),
    Operation::public("GET", "/invite/{token}", LimitClass::PublicRead).page(),
];

/// Adds the routes of this capability.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(routes::look_up).map(|config| config.service(pages::open));
}
