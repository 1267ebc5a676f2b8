//! Events to publish, in the order in which they became true.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::{AgencyId, EventId, UserId};

/// A row of `outbox`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    /// The owning agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// Gap-free within the agency, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// What consumers de-duplicate by.
    pub id: EventId,
    /// `client.created`, …
    #[sea_orm(column_type = "Text")]
    pub event_type: String,
    /// What happened.
    #[sea_orm(column_type = "JsonBinary")]
    pub payload: Json,
    /// Whose row it is about, where members see only their own.
    pub owner_id: Option<UserId>,
    /// When it became true.
    pub created_at: DateTime<Utc>,
    /// When the relay passed it on.
    pub published_at: Option<DateTime<Utc>>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::agency_owned!();
