//! The operator's side of invitations; the rest is [`identity::invites`]'.

mod model;
mod routes;

use kernel::http::operation::Operation;
pub use model::BetaInviteView;
use utoipa_actix_web::service_config::ServiceConfig;

/// The operations of this capability.
pub const OPERATIONS: &[Operation] = &[
    Operation::operator("GET", "/api/v1/admin/beta-invites"),
    Operation::operator("POST", "/api/v1/admin/beta-invites"),
    Operation::operator("POST", "/api/v1/admin/beta-invites/{invite_id}/revoke"),
    Operation::operator("POST", "/api/v1/admin/beta-invites/{invite_id}/resend"),
];

/// Adds the routes of this capability.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list)
        .service(routes::create)
        .service(routes::revoke)
        .service(routes::resend);
}
