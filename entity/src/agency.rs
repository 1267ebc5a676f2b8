//! Agencies: the tenants.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::AgencyId;

/// A row of `agencies`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agencies")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AgencyId,
    /// 2–100 characters.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// Unique on the platform; part of every path of the agency.
    #[sea_orm(column_type = "Text")]
    pub slug: String,
    /// `#rrggbb`.
    #[sea_orm(column_type = "Text")]
    pub primary_color: String,
    /// `#rrggbb`.
    #[sea_orm(column_type = "Text")]
    pub secondary_color: String,
    /// `#rrggbb`.
    #[sea_orm(column_type = "Text")]
    pub accent_color: String,
    /// `linear-gradient(…)` in the form of `kernel::gradient`; may be empty. Kept when the plan no
    /// longer has it.
    #[sea_orm(column_type = "Text")]
    pub accent_gradient: String,
    /// Public contact; receives notices of what clients did. May be empty.
    #[sea_orm(column_type = "Text")]
    pub email: String,
    /// Public contact. May be empty.
    #[sea_orm(column_type = "Text")]
    pub phone: String,
    /// Public contact. May be empty.
    #[sea_orm(column_type = "Text")]
    pub website: String,
    /// Whether the agency may be used.
    pub status: AgencyStatus,
    /// The plan that is paid for; the one that holds is `kernel::tenancy::plan`'s to say.
    pub subscription_tier: Tier,
    /// How the subscription stands.
    pub subscription_status: SubscriptionStatus,
    /// The subscription at the payment provider; empty without one.
    #[sea_orm(column_type = "Text")]
    pub subscription_id: String,
    /// The end of the period that is paid for.
    pub subscription_end: Option<DateTime<Utc>>,
    /// Whether the subscription ends with the period.
    pub cancel_at_period_end: bool,
    /// The provider's time of the newest event that was applied: older ones are passed over.
    pub subscription_event_at: Option<DateTime<Utc>>,
    /// The customer at the payment provider; empty without one.
    #[sea_orm(column_type = "Text")]
    pub stripe_customer_id: String,
    /// Whether the operator lets it use everything without a charge.
    pub is_freemium: bool,
    /// Why; kept as history after the end.
    pub freemium_reason: Option<FreemiumReason>,
    /// Until when; `None` is for good.
    pub freemium_expires_at: Option<DateTime<Utc>>,
    /// Since when.
    pub freemium_granted_at: Option<DateTime<Utc>>,
    /// By whom: a person's id, or `system:` and a word.
    #[sea_orm(column_type = "Text")]
    pub freemium_granted_by: Option<String>,
    /// Set when soft-deleted.
    pub deleted_at: Option<DateTime<Utc>>,
    /// Grows by one with each change; the `ETag`.
    pub version: i64,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
    /// When the row last changed.
    pub updated_at: DateTime<Utc>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::text_enum! {
   /// Whether an agency may be used.
   AgencyStatus {
       /// Normal.
       Active = "active",
       /// Stopped by the operator.
       Suspended = "suspended",
       /// Ended.
       Cancelled = "cancelled",
   }
}

crate::text_enum! {
   /// The plan of an agency, from least to most.
   Tier {
       /// No charge.
       Free = "free",
       /// Entry plan.
       Starter = "starter",
       /// Middle plan.
       Growth = "growth",
       /// Everything.
       Enterprise = "enterprise",
   }
}

crate::text_enum! {
   /// How the subscription of an agency stands at the payment provider.
   SubscriptionStatus {
       /// There is none.
       None = "none",
       /// Paid.
       Active = "active",
       /// A payment failed and is tried again.
       PastDue = "past_due",
       /// Payments failed and are no longer tried.
       Unpaid = "unpaid",
       /// Ended.
       Canceled = "canceled",
   }
}

crate::text_enum! {
   /// Why an agency uses everything without a charge.
   FreemiumReason {
       /// Tries what is new.
       BetaTester = "beta_tester",
       /// Works with the operator.
       Partner = "partner",
       /// A campaign.
       Promotional = "promotional",
       /// Was there before there were plans.
       EarlySignup = "early_signup",
       /// Brought others.
       ReferralReward = "referral_reward",
       /// The operator's own, or an installation where new agencies get everything.
       Internal = "internal",
   }
}
