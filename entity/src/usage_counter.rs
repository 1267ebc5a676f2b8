//! How much of something an agency has used, in a month or in all.

use sea_orm::entity::prelude::*;

use crate::AgencyId;

/// A row of `usage_counters`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "usage_counters")]
pub struct Model {
    /// The owning agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// What is counted: `members`, `consultations`, `storage_bytes`, …
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub metric: String,
    /// A month of the agency's calendar (`2026-11`), or `total`.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub period: String,
    /// So much; never below zero. What is reserved for work that runs is included.
    pub used: i64,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::agency_owned!();
