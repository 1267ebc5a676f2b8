//! What the figures look like.

use chrono::{DateTime, Utc};
use entity::UserId;
use serde::Serialize;
use utoipa::ToSchema;

/// Figures over the whole platform. Agencies that were deleted are not among them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "agencies": {"total": 12, "active": 11, "suspended": 1, "cancelled": 0},
    "agencies_by_tier": {"free": 7, "starter": 3, "growth": 1, "enterprise": 1},
    "freemium": 2,
    "users": {"total": 40, "super_admins": 2, "suspended": 1},
    "recent_sign_ups": [{"id": "usr_01jd3k9v5xe8rt2m4n6p8q0s2v", "email": "ada@riverbend.example", "created_at": "2026-11-21T09:00:00Z"}],
    "monthly_recurring_revenue": 16600,
    "currency": "AUD",
}))]
pub struct StatsView {
    /// Agencies by state.
    pub agencies: AgencyCounts,
    /// Agencies by the tier that is paid for, whatever freemium lets them use.
    pub agencies_by_tier: TierCounts,
    /// Agencies that use everything without a charge now.
    pub freemium: u64,
    /// People, those included who were invited and have yet to sign in.
    pub users: UserCounts,
    /// The last ten people who came, newest first.
    pub recent_sign_ups: Vec<SignUp>,
    /// What the subscriptions in force cost in a month at list price, in the minor unit: yearly
    /// ones count as if they were paid monthly.
    pub monthly_recurring_revenue: i64,
    /// ISO 4217 code of it.
    pub currency: &'static str,
}

/// Agencies by state.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(example = json!({"total": 12, "active": 11, "suspended": 1, "cancelled": 0}))]
pub struct AgencyCounts {
    /// All of them.
    pub total: u64,
    /// In use.
    pub active: u64,
    /// Stopped by an operator.
    pub suspended: u64,
    /// Ended.
    pub cancelled: u64,
}

/// Agencies by tier.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(example = json!({"free": 7, "starter": 3, "growth": 1, "enterprise": 1}))]
pub struct TierCounts {
    /// No charge.
    pub free: u64,
    /// Entry plan.
    pub starter: u64,
    /// Middle plan.
    pub growth: u64,
    /// Everything.
    pub enterprise: u64,
}

/// People by what they are.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(example = json!({"total": 40, "super_admins": 2, "suspended": 1}))]
pub struct UserCounts {
    /// All of them.
    pub total: u64,
    /// Who operate the platform.
    pub super_admins: u64,
    /// Who may not sign in.
    pub suspended: u64,
}

/// Somebody who came.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "usr_01jd3k9v5xe8rt2m4n6p8q0s2v", "email": "ada@riverbend.example", "created_at": "2026-11-21T09:00:00Z"}))]
pub struct SignUp {
    /// Who.
    pub id: UserId,
    /// Their address.
    pub email: String,
    /// When.
    pub created_at: DateTime<Utc>,
}
