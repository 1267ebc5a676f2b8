//! Packages of the price list.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::{AgencyId, PackageId};

/// A row of `agency_packages`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agency_packages")]
pub struct Model {
    /// The owning agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// Second part of the primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PackageId,
    /// 2–100 characters.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// Unique within the agency.
    #[sea_orm(column_type = "Text")]
    pub slug: String,
    /// May be empty.
    #[sea_orm(column_type = "Text")]
    pub description: String,
    /// How the price is presented.
    pub pricing_model: PricingModel,
    /// ISO 4217.
    #[sea_orm(column_type = "Text")]
    pub currency: String,
    /// Minor units, without tax, once.
    pub setup_fee: i64,
    /// Minor units, without tax, each month.
    pub monthly_price: i64,
    /// Minor units, without tax, once.
    pub one_time_price: i64,
    /// Minor units, without tax, each month.
    pub hosting_fee: i64,
    /// 0 is none.
    pub minimum_term_months: i32,
    /// How ending early is charged.
    pub cancellation_fee_type: CancellationFee,
    /// Minor units, for a fixed fee.
    pub cancellation_fee_amount: i64,
    /// A list of strings.
    #[sea_orm(column_type = "JsonBinary")]
    pub included_features: Json,
    /// Unlimited when absent.
    pub max_pages: Option<i32>,
    /// Lists are ordered by it.
    pub display_order: i32,
    /// Highlighted.
    pub is_featured: bool,
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
   /// How the price of a package is presented.
   PricingModel {
       /// The monthly price first.
       Subscription = "subscription",
       /// One price.
       LumpSum = "lump_sum",
       /// Both.
       Hybrid = "hybrid",
   }
}

crate::text_enum! {
   /// How ending before the minimum term is charged.
   CancellationFee {
       /// Not at all.
       None = "none",
       /// A fixed amount.
       Fixed = "fixed",
       /// The months that are left.
       RemainingBalance = "remaining_balance",
   }
}
