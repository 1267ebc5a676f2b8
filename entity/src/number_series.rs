//! The counters that number documents, without gaps.

use sea_orm::entity::prelude::*;

use crate::AgencyId;

/// A row of `number_series`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "number_series")]
pub struct Model {
    /// The owning agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// The kind of document.
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(column_type = "Text")]
    pub series: String,
    /// What numbers start with.
    #[sea_orm(column_type = "Text")]
    pub prefix: String,
    /// The next to be drawn.
    pub next_number: i64,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::agency_owned!();
