//! The activity log: who did what. Append-only.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::{ActivityId, AgencyId, UserId};

/// A row of `activity_log`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "activity_log")]
pub struct Model {
    /// The owning agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// Second part of the primary key; in order of time.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ActivityId,
    /// Who; absent for the system and for visitors.
    pub user_id: Option<UserId>,
    /// `client.created`, …
    #[sea_orm(column_type = "Text")]
    pub action: String,
    /// `client`, …
    #[sea_orm(column_type = "Text")]
    pub entity_type: String,
    /// Which.
    pub entity_id: Option<Uuid>,
    /// Whose row it is about, where members see only their own.
    pub owner_id: Option<UserId>,
    /// Changed fields before; secrets as `***`.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub old_values: Option<Json>,
    /// Changed fields after; secrets as `***`.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub new_values: Option<Json>,
    /// From where.
    #[sea_orm(column_type = "Text", nullable)]
    pub ip_address: Option<String>,
    /// With what.
    #[sea_orm(column_type = "Text", nullable)]
    pub user_agent: Option<String>,
    /// `source`, `request_id`, …
    #[sea_orm(column_type = "JsonBinary")]
    pub metadata: Json,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::agency_owned!(identified);
