//! The members of an agency: inviting, roles, leaving, and who owns it (spec §1.4).
//!
//! An agency always has an owner: the owner's membership is neither removed nor changed but by a
//! transfer, which hands the role over in one statement that only one of parallel calls wins.

mod jobs;
mod mails;
mod model;
mod repo;
mod routes;
mod rules;
pub mod service;

use kernel::Permission;
use kernel::http::limits::LimitClass;
use kernel::http::operation::Operation;
use utoipa_actix_web::service_config::ServiceConfig;

pub use jobs::WelcomeMember;
pub use model::{InvitableRole, MemberView, NewMember};

/// The operations of this capability.
pub const OPERATIONS: &[Operation] = &[
    Operation::member("GET", "/api/v1/agencies/{agency_slug}/members", Permission::MemberView),
    Operation::member("POST", "/api/v1/agencies/{agency_slug}/members", Permission::MemberInvite)
        .class(LimitClass::EmailSending),
    Operation::member("PATCH", "/api/v1/agencies/{agency_slug}/members/me", Permission::MemberView)
        .not_for_keys(),
    Operation::member(
        "POST",
        "/api/v1/agencies/{agency_slug}/members/leave",
        Permission::MemberView,
    )
    .not_for_keys(),
    Operation::member(
        "GET",
        "/api/v1/agencies/{agency_slug}/members/{member_id}",
        Permission::MemberView,
    ),
    Operation::member(
        "PATCH",
        "/api/v1/agencies/{agency_slug}/members/{member_id}",
        Permission::MemberInvite,
    ),
    Operation::member(
        "DELETE",
        "/api/v1/agencies/{agency_slug}/members/{member_id}",
        Permission::MemberRemove,
    ),
    Operation::member(
        "PATCH",
        "/api/v1/agencies/{agency_slug}/members/{member_id}/role",
        Permission::MemberChangeRole,
    ),
    Operation::member(
        "POST",
        "/api/v1/agencies/{agency_slug}/members/{member_id}/resend-invitation",
        Permission::MemberInvite,
    )
    .class(LimitClass::EmailSending),
    Operation::member(
        "DELETE",
        "/api/v1/agencies/{agency_slug}/members/{member_id}/invitation",
        Permission::MemberInvite,
    ),
    Operation::member(
        "POST",
        "/api/v1/agencies/{agency_slug}/ownership-transfer",
        Permission::MemberTransferOwnership,
    ),
];

/// Adds the routes of this capability. `me` and `leave` go before the id they could be.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(routes::list)
        .service(routes::invite)
        .service(routes::rename_me)
        .service(routes::leave)
        .service(routes::read)
        .service(routes::rename)
        .service(routes::remove)
        .service(routes::change_role)
        .service(routes::resend_invitation)
        .service(routes::cancel_invitation)
        .service(routes::transfer_ownership);
}
