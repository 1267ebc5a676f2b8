//! What memberships take and answer.

use chrono::{DateTime, Utc};
use entity::membership::{self, MembershipStatus, Role};
use entity::{MembershipId, UserId, user};
use garde::Validate;
use kernel::http::ETag;
use kernel::text::check_email;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::rules;

/// A role that can be given; the owner's passes on by a transfer only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvitableRole {
    /// Everything but what only the owner may.
    Admin,
    /// Own work only.
    Member,
}

impl From<InvitableRole> for Role {
    fn from(role: InvitableRole) -> Self {
        match role {
            InvitableRole::Admin => Self::Admin,
            InvitableRole::Member => Self::Member,
        }
    }
}

/// Who is invited.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({"email": "grace@riverbend.example", "role": "member", "display_name": "Grace"}))]
pub struct NewMember {
    /// Whoever holds this address.
    #[garde(custom(check_email))]
    pub email: String,
    /// What they may do.
    #[garde(skip)]
    pub role: InvitableRole,
    /// What the others call them, 1–100 characters.
    #[serde(default)]
    #[garde(inner(custom(rules::line(1, 100))))]
    pub display_name: Option<String>,
}

/// A new display name.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({"display_name": "Grace"}))]
pub struct MemberPatch {
    /// 1–100 characters.
    #[garde(custom(rules::line(1, 100)))]
    pub display_name: String,
}

/// A new role.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({"role": "admin"}))]
pub struct RoleChange {
    /// What the member may do from now on.
    #[garde(skip)]
    pub role: InvitableRole,
}

/// Who becomes the owner.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({"member_id": "mem_01jd3k9v5xe8rt2m4n6p8q0s2v"}))]
pub struct OwnershipTransfer {
    /// An active member.
    #[garde(skip)]
    pub member_id: MembershipId,
}

/// Which page of the members.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MembersQuery {
    /// Entries, 1–100; 50 when left out.
    #[garde(skip)]
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    #[garde(skip)]
    pub cursor: Option<String>,
    /// `total` counts all entries.
    #[garde(skip)]
    pub include: Option<String>,
}

/// A member in a path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct MemberPath {
    /// The member.
    pub member_id: MembershipId,
}

/// A membership with its person.
#[derive(Clone, Debug)]
pub struct Member {
    /// The membership.
    pub row: membership::Model,
    /// The person.
    pub person: user::Model,
}

impl Member {
    /// The version of the membership.
    pub fn etag(&self) -> ETag {
        ETag::version(self.row.version)
    }
}

/// A member as the others see them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "mem_01jd3k9v5xe8rt2m4n6p8q0s2v",
    "user_id": null,
    "email": "grace@riverbend.example",
    "avatar": "",
    "display_name": "Grace",
    "role": "member",
    "status": "invited",
    "invited_at": "2026-11-21T09:00:00Z",
    "accepted_at": null,
    "created_at": "2026-11-21T09:00:00Z",
    "updated_at": "2026-11-21T09:00:00Z",
}))]
pub struct MemberView {
    /// Which membership.
    pub id: MembershipId,
    /// Who; null until they have come in.
    pub user_id: Option<UserId>,
    /// Their address.
    pub email: String,
    /// Address of a picture; empty until they have come in.
    pub avatar: String,
    /// What the others call them; may be empty.
    pub display_name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they are in, or have yet to sign in.
    pub status: MembershipStatus,
    /// When the last invitation went out.
    pub invited_at: Option<DateTime<Utc>>,
    /// When they came in.
    pub accepted_at: Option<DateTime<Utc>>,
    /// When the membership was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl From<Member> for MemberView {
    fn from(Member { row, person }: Member) -> Self {
        // Whether somebody has an account, and since when, is not told to whoever invites them.
        let has_come_in = row.status != MembershipStatus::Invited;
        Self {
            id: row.id,
            user_id: has_come_in.then_some(row.user_id),
            email: person.email,
            avatar: if has_come_in { person.avatar } else { String::new() },
            display_name: row.display_name,
            role: row.role,
            status: row.status,
            invited_at: row.invited_at,
            accepted_at: row.accepted_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
