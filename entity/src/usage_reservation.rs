//! What work that still runs has reserved of an agency's plan.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::{AgencyId, ReservationId};

/// A row of `usage_reservations`. Its amount is part of the counter already; the row is there to
/// give it back when the work never says how it ended.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "usage_reservations")]
pub struct Model {
    /// The owning agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// Second part of the primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ReservationId,
    /// Of which counter.
    #[sea_orm(column_type = "Text")]
    pub metric: String,
    /// Of which counter.
    #[sea_orm(column_type = "Text")]
    pub period: String,
    /// How much.
    pub amount: i64,
    /// Given back after this, unless settled or released before.
    pub leased_until: DateTime<Utc>,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::agency_owned!(identified);
