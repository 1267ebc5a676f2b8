//! Stored files.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::{AgencyId, FileId, UserId};

/// A row of `files`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "files")]
pub struct Model {
    /// The owning agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// Second part of the primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: FileId,
    /// Where the bytes are in the file store.
    #[sea_orm(column_type = "Text")]
    pub file_key: String,
    /// Up to 255 characters.
    #[sea_orm(column_type = "Text")]
    pub file_name: String,
    /// Bytes.
    pub file_size: i64,
    /// As sniffed.
    #[sea_orm(column_type = "Text")]
    pub content_type: String,
    /// `logo`, …
    #[sea_orm(column_type = "Text")]
    pub purpose: String,
    /// Of the bytes, hexadecimal; the public address of a logo.
    #[sea_orm(column_type = "Text")]
    pub sha256: String,
    /// Who uploaded it.
    pub created_by: Option<UserId>,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::agency_owned!(identified);
