//! An agency's customers.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::{AgencyId, ClientId, UserId};

/// A row of `clients`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "clients")]
pub struct Model {
    /// The owning agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// Second part of the primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ClientId,
    /// 1–255 characters.
    #[sea_orm(column_type = "Text")]
    pub business_name: String,
    /// Lower-case business name; the sort key of lists.
    #[sea_orm(column_type = "Text")]
    pub name_key: String,
    /// Lower-case; unique within the agency.
    #[sea_orm(column_type = "Text")]
    pub email: String,
    /// Up to 50 characters.
    #[sea_orm(column_type = "Text", nullable)]
    pub phone: Option<String>,
    /// Up to 255 characters.
    #[sea_orm(column_type = "Text", nullable)]
    pub contact_name: Option<String>,
    /// Postal address, lines kept.
    #[sea_orm(column_type = "Text", nullable)]
    pub address: Option<String>,
    /// ABN or the like.
    #[sea_orm(column_type = "Text", nullable)]
    pub business_number: Option<String>,
    /// Internal.
    #[sea_orm(column_type = "Text", nullable)]
    pub notes: Option<String>,
    /// Whether it is in use.
    pub status: ClientStatus,
    /// Who made it.
    pub created_by: Option<UserId>,
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
   /// Whether a client is in use.
   ClientStatus {
       /// Shown in lists.
       Active = "active",
       /// Put away; can be restored.
       Archived = "archived",
   }
}
