//! Unguessable tokens that open one document to anybody who holds them.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::{AgencyId, DocumentId};

/// A row of `public_links`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "public_links")]
pub struct Model {
    /// Base58 of 128 random bits; primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(column_type = "Text")]
    pub token: String,
    /// The owning agency.
    pub agency_id: AgencyId,
    /// Which kind of document.
    pub kind: crate::document::DocumentKind,
    /// Which document.
    pub document_id: DocumentId,
    /// Invalid from then on.
    pub expires_at: Option<DateTime<Utc>>,
    /// Switched off.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
