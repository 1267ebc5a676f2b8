//! The issuer with which an agency's people sign in to it.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::{AgencyId, SsoConnectionId};

/// A row of `sso_connections`; an agency has one at most.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sso_connections")]
pub struct Model {
    /// The owning agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// Second part of the primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SsoConnectionId,
    /// The issuer's identifier: an https address.
    #[sea_orm(column_type = "Text")]
    pub issuer: String,
    /// This server's name there.
    #[sea_orm(column_type = "Text")]
    pub client_id: String,
    /// The secret that goes with it, encrypted.
    #[sea_orm(column_type = "Text")]
    pub client_secret: String,
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
