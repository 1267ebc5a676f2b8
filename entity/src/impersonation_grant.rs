//! Leave for an operator of the platform to act inside an agency for a few hours.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::{AgencyId, ImpersonationGrantId, UserId};

/// A row of `impersonation_grants`. It is kept for good: the agency can see who was in.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "impersonation_grants")]
pub struct Model {
    /// The agency that is entered.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// Second part of the primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ImpersonationGrantId,
    /// Who enters; absent once that person's row is gone. One live grant for each agency.
    pub operator_id: Option<UserId>,
    /// Why.
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    /// Ends by itself then.
    pub expires_at: DateTime<Utc>,
    /// When it was ended, or found to have ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// When it began.
    pub created_at: DateTime<Utc>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::agency_owned!(identified);
