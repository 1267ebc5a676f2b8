//! Optional extras of the price list.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::{AddonId, AgencyId};

/// A row of `agency_addons`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agency_addons")]
pub struct Model {
    /// The owning agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// Second part of the primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AddonId,
    /// 2–100 characters.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// Unique within the agency.
    #[sea_orm(column_type = "Text")]
    pub slug: String,
    /// May be empty.
    #[sea_orm(column_type = "Text")]
    pub description: String,
    /// ISO 4217.
    #[sea_orm(column_type = "Text")]
    pub currency: String,
    /// Minor units, without tax.
    pub price: i64,
    /// How the price counts.
    pub pricing_type: AddonPricing,
    /// What one unit is, when priced per unit.
    #[sea_orm(column_type = "Text", nullable)]
    pub unit_label: Option<String>,
    /// Slugs of packages it goes with; empty is all.
    #[sea_orm(column_type = "JsonBinary")]
    pub available_packages: Json,
    /// Lists are ordered by it.
    pub display_order: i32,
    /// Off instead of deleted.
    pub is_active: bool,
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

crate::agency_owned!(identified);

crate::text_enum! {
   /// How the price of an extra counts.
   AddonPricing {
       /// Once.
       OneTime = "one_time",
       /// Each month.
       Monthly = "monthly",
       /// Once for each unit.
       PerUnit = "per_unit",
   }
}
