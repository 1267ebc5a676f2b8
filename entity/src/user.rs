//! People who sign in.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::{AgencyId, UserId};

/// A row of `users`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    /// Lower-case; unique.
    #[sea_orm(column_type = "Text")]
    pub email: String,
    /// `email:<address>` once signed in, `invited:<uuid>` before.
    #[sea_orm(column_type = "Text")]
    pub subject: String,
    /// Address of a picture; may be empty.
    #[sea_orm(column_type = "Text")]
    pub avatar: String,
    /// E.164; set once a code sent to it came back, else empty.
    #[sea_orm(column_type = "Text")]
    pub phone: String,
    /// Operator of the platform.
    pub is_super_admin: bool,
    /// Chosen when a call names no agency.
    pub default_agency_id: Option<AgencyId>,
    /// Set while the person may not sign in.
    pub suspended_at: Option<DateTime<Utc>>,
    /// Why, for the operator; absent while not suspended.
    #[sea_orm(column_type = "Text", nullable)]
    pub suspended_reason: Option<String>,
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
