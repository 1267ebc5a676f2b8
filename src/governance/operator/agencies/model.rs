//! What is taken and shown of agencies.

use chrono::{DateTime, Utc};
use entity::agency::{AgencyStatus, SubscriptionStatus, Tier};
use entity::membership::{MembershipStatus, Role};
use entity::{AgencyId, MembershipId, UserId, agency};
use garde::Validate;
use kernel::http::{ETag, not_null};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::operator::freemium::FreemiumView;

/// What the list is narrowed to.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AgenciesQuery {
    /// Only agencies in whose name, slug or address this occurs.
    #[garde(length(chars, min = 1, max = 100))]
    pub search: Option<String>,
    /// Only agencies of this state.
    #[garde(skip)]
    pub status: Option<AgencyStatus>,
    /// Only agencies that pay for this tier.
    #[garde(skip)]
    pub tier: Option<Tier>,
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

/// An agency of the list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "agc_01jd3k9v5xe8rt2m4n6p8q0s2v", "slug": "riverbend", "name": "Riverbend Studio",
    "email": "hello@riverbend.example", "status": "active", "subscription_tier": "free",
    "is_freemium": false, "member_count": 3,
    "owner": {"user_id": "usr_01jd3k9v5xe8rt2m4n6p8q0s2v", "email": "ada@riverbend.example"},
    "created_at": "2026-11-21T09:00:00Z", "deleted_at": null,
}))]
pub struct AgencySummary {
    /// Which.
    pub id: AgencyId,
    /// Part of its paths.
    pub slug: String,
    /// For people.
    pub name: String,
    /// Its public contact; may be empty.
    pub email: String,
    /// Whether it may be used.
    pub status: AgencyStatus,
    /// The tier that is paid for.
    pub subscription_tier: Tier,
    /// Whether it uses everything without a charge now.
    pub is_freemium: bool,
    /// Memberships, invited ones included.
    pub member_count: u64,
    /// Its owner; the one who has been it longest where there are several.
    pub owner: Option<OwnerView>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was deleted.
    pub deleted_at: Option<DateTime<Utc>>,
}

/// Who owns an agency.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"user_id": "usr_01jd3k9v5xe8rt2m4n6p8q0s2v", "email": "ada@riverbend.example"}))]
pub struct OwnerView {
    /// Who.
    pub user_id: UserId,
    /// Their address.
    pub email: String,
}

/// An agency as the operator sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "agc_01jd3k9v5xe8rt2m4n6p8q0s2v", "slug": "riverbend", "name": "Riverbend Studio",
    "email": "hello@riverbend.example", "phone": "", "website": "", "status": "active",
    "subscription": {"tier": "free", "effective_tier": "enterprise", "status": "none", "ends_at": null, "cancel_at_period_end": false},
    "freemium": {"agency_id": "agc_01jd3k9v5xe8rt2m4n6p8q0s2v", "agency_slug": "riverbend", "agency_name": "Riverbend Studio", "is_freemium": true, "is_in_force": true, "reason": "partner", "granted_at": "2026-11-21T09:00:00Z", "granted_by": "usr_01jd3k9v5xe8rt2m4n6p8q0s2v", "expires_at": null},
    "member_count": 1,
    "members": [{"id": "mem_01jd3k9v5xe8rt2m4n6p8q0s2v", "user_id": "usr_01jd3k9v5xe8rt2m4n6p8q0s2v", "email": "ada@riverbend.example", "display_name": "Ada", "role": "owner", "status": "active"}],
    "documents": {"proposal": 3, "contract": 1, "invoice": 2},
    "usage": [{"resource": "members", "current": 1, "limit": -1}],
    "created_at": "2026-11-21T09:00:00Z", "updated_at": "2026-11-21T09:00:00Z", "deleted_at": null,
}))]
pub struct AgencyDetail {
    /// Which.
    pub id: AgencyId,
    /// Part of its paths.
    pub slug: String,
    /// For people.
    pub name: String,
    /// Its public contact; may be empty.
    pub email: String,
    /// Its public contact; may be empty.
    pub phone: String,
    /// Its public contact; may be empty.
    pub website: String,
    /// Whether it may be used.
    pub status: AgencyStatus,
    /// What it pays for.
    pub subscription: SubscriptionView,
    /// What it has without a charge.
    pub freemium: FreemiumView,
    /// Memberships, invited ones included.
    pub member_count: u64,
    /// The first of them, in the order in which they were made: at most 200.
    pub members: Vec<AgencyMember>,
    /// Documents by kind.
    pub documents: std::collections::BTreeMap<&'static str, u64>,
    /// What it uses of its plan.
    pub usage: Vec<UsageView>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was deleted.
    pub deleted_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    #[schema(ignore)]
    pub(super) version: i64,
}

impl AgencyDetail {
    /// The version of the agency's row; the tag differs too when anything else shown does.
    ///
    /// # Errors
    /// [`kernel::Error::Internal`] when it has no JSON form.
    pub fn etag(&self) -> kernel::error::Result<ETag> {
        crate::operator::tag_of(self.version, self)
    }
}

/// What an agency pays for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"tier": "growth", "effective_tier": "growth", "status": "active", "ends_at": "2026-12-21T09:00:00Z", "cancel_at_period_end": false}))]
pub struct SubscriptionView {
    /// The tier that is paid for.
    pub tier: Tier,
    /// The tier that holds.
    pub effective_tier: Tier,
    /// How the subscription stands at the payment provider.
    pub status: SubscriptionStatus,
    /// The end of the period that is paid for.
    pub ends_at: Option<DateTime<Utc>>,
    /// Whether the subscription ends with it.
    pub cancel_at_period_end: bool,
}

/// Somebody's place in an agency.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "mem_01jd3k9v5xe8rt2m4n6p8q0s2v", "user_id": "usr_01jd3k9v5xe8rt2m4n6p8q0s2v", "email": "ada@riverbend.example", "display_name": "Ada", "role": "owner", "status": "active"}))]
pub struct AgencyMember {
    /// Which membership.
    pub id: MembershipId,
    /// Who.
    pub user_id: UserId,
    /// Their address.
    pub email: String,
    /// Their name in the agency; may be empty.
    pub display_name: String,
    /// What they may do.
    pub role: Role,
    /// Whether it counts.
    pub status: MembershipStatus,
}

/// How much of a limit is used.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"resource": "members", "current": 1, "limit": 3}))]
pub struct UsageView {
    /// What is limited.
    pub resource: &'static str,
    /// So much is used.
    pub current: i64,
    /// So much is allowed; -1 is any amount.
    pub limit: i64,
}

/// Changes of an agency by the operator.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(example = json!({"status": "suspended", "reason": "the owner asked for it"}))]
pub struct AgencyStatePatch {
    /// Whether it may be used. Members of one that is not `active` are refused from the next
    /// request on.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(skip)]
    pub status: Option<AgencyStatus>,
    /// The tier, as if it were paid for.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(skip)]
    pub subscription_tier: Option<Tier>,
    /// Changes the tier although a subscription at the payment provider is in force, which
    /// overwrites it with its next event.
    #[serde(default)]
    #[garde(skip)]
    pub force: bool,
    /// Why, at most 500 characters; it is kept in the agency's activity log.
    #[serde(default, deserialize_with = "not_null")]
    #[garde(inner(length(chars, min = 1, max = 500)))]
    pub reason: Option<String>,
}

impl AgencySummary {
    /// A row with what is beside it.
    pub(super) fn new(
        row: agency::Model,
        owner: Option<OwnerView>,
        member_count: u64,
        now: DateTime<Utc>,
    ) -> Self {
        let is_freemium = kernel::tenancy::plan::Subscription::from(&row).is_freemium(now);
        Self {
            id: row.id,
            slug: row.slug,
            name: row.name,
            email: row.email,
            status: row.status,
            subscription_tier: row.subscription_tier,
            is_freemium,
            member_count,
            owner,
            created_at: row.created_at,
            deleted_at: row.deleted_at,
        }
    }
}
