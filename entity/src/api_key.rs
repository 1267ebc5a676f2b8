//! Keys with which an agency's own programs call the API; only their hashes.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::{AgencyId, ApiKeyId, UserId};

/// A row of `api_keys`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_keys")]
pub struct Model {
    /// The owning agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// Second part of the primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApiKeyId,
    /// 1–100 characters, for people.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// How the key begins: enough to recognise and to find it, not to use it.
    #[sea_orm(column_type = "Text")]
    pub prefix: String,
    /// SHA-256 of the whole key, hexadecimal.
    #[sea_orm(column_type = "Text")]
    pub key_hash: String,
    /// SHA-256 of the key that this one replaced, hexadecimal.
    #[sea_orm(column_type = "Text", nullable)]
    pub previous_hash: Option<String>,
    /// Until when the replaced key works beside this one.
    pub previous_until: Option<DateTime<Utc>>,
    /// The permissions it carries: a list of strings.
    #[sea_orm(column_type = "JsonBinary")]
    pub scopes: Json,
    /// Requests a minute, where less than every key may make.
    pub requests_per_minute: Option<i32>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// From which address.
    #[sea_orm(column_type = "Text", nullable)]
    pub last_used_ip: Option<String>,
    /// Invalid from then on.
    pub expires_at: Option<DateTime<Utc>>,
    /// Switched off for good.
    pub revoked_at: Option<DateTime<Utc>>,
    /// On whose behalf it acts: the person who made it.
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
