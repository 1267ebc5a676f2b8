//! Sign-ins: one family of refresh tokens each.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::{SessionId, UserId};

/// A row of `sessions`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    /// Primary key; the `sid` of access tokens.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// Address at sign-in.
    #[sea_orm(column_type = "Text", nullable)]
    pub ip: Option<String>,
    /// Program at sign-in.
    #[sea_orm(column_type = "Text", nullable)]
    pub user_agent: Option<String>,
    /// Last refresh.
    pub last_used_at: DateTime<Utc>,
    /// Ends by itself then.
    pub expires_at: DateTime<Utc>,
    /// Ended by logout, suspicion or an operator.
    pub revoked_at: Option<DateTime<Utc>>,
    /// `logout`, `token_reuse`, …
    #[sea_orm(column_type = "Text", nullable)]
    pub revoked_reason: Option<String>,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
