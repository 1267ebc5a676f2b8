//! Authenticator apps of people, and numbers that wait to be confirmed.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::UserId;

/// A row of `second_factors`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "second_factors")]
pub struct Model {
    /// Whose; primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// The shared secret of the authenticator app, base32, encrypted; empty without one.
    #[sea_orm(column_type = "Text")]
    pub totp_secret: String,
    /// Since when the app is asked for.
    pub totp_enabled_at: Option<DateTime<Utc>>,
    /// The newest time step whose code was accepted: none up to it is accepted again.
    pub totp_last_step: i64,
    /// The secret of an app that is being set up, encrypted; may be empty.
    #[sea_orm(column_type = "Text")]
    pub totp_pending: String,
    /// Until when it may be confirmed.
    pub totp_pending_until: Option<DateTime<Utc>>,
    /// A telephone number that is being registered, E.164; may be empty.
    #[sea_orm(column_type = "Text")]
    pub phone_pending: String,
    /// Until when it may be confirmed.
    pub phone_pending_until: Option<DateTime<Utc>>,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
    /// When the row last changed.
    pub updated_at: DateTime<Utc>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
