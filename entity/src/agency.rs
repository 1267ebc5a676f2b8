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
    /// The plan.
    pub subscription_tier: Tier,
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
