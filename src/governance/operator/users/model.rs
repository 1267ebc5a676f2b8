//! What is taken and shown of people.

use chrono::{DateTime, Utc};
use entity::membership::{MembershipStatus, Role};
use entity::{AgencyId, MembershipId, UserId, user};
use garde::Validate;
use identity::people::service::is_placeholder;
use kernel::http::{ETag, not_null};
use kernel::text::check_email;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What the list is narrowed to.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UsersQuery {
    /// Only people in whose address this occurs.
    #[garde(length(chars, min = 1, max = 100))]
    pub search: Option<String>,
    /// `true` shows only who operates the platform.
    #[garde(skip)]
    pub super_admin_only: Option<bool>,
    /// `true` shows only who owns an agency.
    #[garde(skip)]
    pub owners_only: Option<bool>,
    /// `true` shows only who may not sign in.
    #[garde(skip)]
    pub suspended_only: Option<bool>,
    /// Entries of a page, 1–100; 50 by default.
    #[garde(skip)]
    pub limit: Option<u64>,
    /// Where the previous page ended.
    #[garde(skip)]
    pub cursor: Option<String>,
    /// `total` counts all entries too.
    #[garde(skip)]
    pub include: Option<String>,
}

/// A person of the list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "usr_01jd3k9v5xe8rt2m4n6p8q0s2v", "email": "ada@riverbend.example", "avatar": "",
    "has_signed_in": true, "is_super_admin": false, "suspended_at": null,
    "created_at": "2026-11-21T09:00:00Z",
}))]
pub struct UserSummary {
    /// Who.
    pub id: UserId,
    /// The address that signs in.
    pub email: String,
    /// Address of a picture; may be empty.
    pub avatar: String,
    /// Whether the address has been proven; false for somebody who was only invited.
    pub has_signed_in: bool,
    /// Whether the person operates the platform.
    pub is_super_admin: bool,
    /// Since when they may not sign in.
    pub suspended_at: Option<DateTime<Utc>>,
    /// When they came.
    pub created_at: DateTime<Utc>,
}

impl From<user::Model> for UserSummary {
    fn from(row: user::Model) -> Self {
        Self {
            has_signed_in: !is_placeholder(&row),
            id: row.id,
            email: row.email,
            avatar: row.avatar,
            is_super_admin: row.is_super_admin,
            suspended_at: row.suspended_at,
            created_at: row.created_at,
        }
    }
}

/// A person as the operator sees them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "usr_01jd3k9v5xe8rt2m4n6p8q0s2v", "email": "ada@riverbend.example", "avatar": "",
    "has_phone": false, "has_signed_in": true, "is_super_admin": false,
    "default_agency_id": "agc_01jd3k9v5xe8rt2m4n6p8q0s2v", "suspended_at": null,
    "suspended_reason": null,
    "memberships": [{"id": "mem_01jd3k9v5xe8rt2m4n6p8q0s2v", "agency_id": "agc_01jd3k9v5xe8rt2m4n6p8q0s2v", "agency_slug": "riverbend", "agency_name": "Riverbend Studio", "role": "owner", "status": "active"}],
    "created_at": "2026-11-21T09:00:00Z", "updated_at": "2026-11-21T09:00:00Z",
}))]
pub struct UserDetail {
    /// Who.
    pub id: UserId,
    /// The address that signs in.
    pub email: String,
    /// Address of a picture; may be empty.
    pub avatar: String,
    /// Whether codes of the second factor can be sent to a number. The number is the person's.
    pub has_phone: bool,
    /// Whether the address has been proven; false for somebody who was only invited.
    pub has_signed_in: bool,
    /// Whether the person operates the platform.
    pub is_super_admin: bool,
    /// Used where a call of theirs names no agency.
    pub default_agency_id: Option<AgencyId>,
    /// Since when they may not sign in.
    pub suspended_at: Option<DateTime<Utc>>,
    /// Why.
    pub suspended_reason: Option<String>,
    /// Where they belong, oldest first; at most 200.
    pub memberships: Vec<UserMembership>,
    /// When they came.
    pub created_at: DateTime<Utc>,
    /// When the person was last changed.
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    #[schema(ignore)]
    pub(super) version: i64,
}

impl UserDetail {
    /// A row with what is beside it.
    pub(super) fn new(row: user::Model, memberships: Vec<UserMembership>) -> Self {
        Self {
            has_signed_in: !is_placeholder(&row),
            id: row.id,
            email: row.email,
            avatar: row.avatar,
            has_phone: !row.phone.is_empty(),
            is_super_admin: row.is_super_admin,
            default_agency_id: row.default_agency_id,
            suspended_at: row.suspended_at,
            suspended_reason: row.suspended_reason,
            memberships,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }

    /// The version of the person's row; the tag differs too when a membership does.
    ///
    /// # Errors
    /// [`kernel::Error::Internal`] when it has no JSON form.
    pub fn etag(&self) -> kernel::error::Result<ETag> {
        crate::operator::tag_of(self.version, self)
    }
}

/// A person's place in an agency.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "mem_01jd3k9v5xe8rt2m4n6p8q0s2v", "agency_id": "agc_01jd3k9v5xe8rt2m4n6p8q0s2v", "agency_slug": "riverbend", "agency_name": "Riverbend Studio", "role": "owner", "status": "active"}))]
pub struct UserMembership {
    /// Which.
    pub id: MembershipId,
    /// Where.
    pub agency_id: AgencyId,
    /// Part of the agency's paths.
    pub agency_slug: String,
    /// The agency, for people.
    pub agency_name: String,
    /// What they may do there.
    pub role: Role,
    /// Whether it counts.
    pub status: MembershipStatus,
}

/// Changes of a person by the operator.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({"email": "ada@riverbend.example"}))]
pub struct UserPatch {
    /// The address that signs in. The old one does no longer.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(custom(check_email)))]
    pub email: Option<String>,
    /// Address of a picture, at most 2048 characters; may be empty.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(length(chars, max = 2048)))]
    pub avatar: Option<String>,
    /// `true` forgets the number that codes of the second factor are sent to: the person names
    /// another with the next sign-in.
    #[serde(default)]
    #[garde(skip)]
    pub forget_phone: bool,
}

/// Whether a person operates the platform.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({"super_admin": true}))]
pub struct AccessPatch {
    /// Whether they do.
    #[garde(skip)]
    pub super_admin: bool,
}

/// Why somebody may not sign in any more.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({"reason": "sends spam from a free agency"}))]
pub struct Suspension {
    /// 1–500 characters, for operators; it is not shown to the person.
    #[garde(length(chars, min = 1, max = 500), custom(kernel::text::check_not_blank))]
    pub reason: String,
}

/// A membership, by person and agency.
#[derive(Debug, Deserialize)]
pub(super) struct MembershipPath {
    pub(super) user_id: UserId,
    pub(super) agency_id: AgencyId,
}
