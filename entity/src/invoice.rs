//! What only invoices have.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::entity::prelude::*;

use crate::{AgencyId, DocumentId};

/// A row of `invoices`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invoices")]
pub struct Model {
    /// The owning agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// The document.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DocumentId,
    /// In the agency's time zone.
    pub issue_date: NaiveDate,
    /// How the due day follows.
    pub payment_terms: crate::profile::PaymentTerms,
    /// Words for custom terms; may be empty.
    #[sea_orm(column_type = "Text")]
    pub payment_terms_custom: String,
    /// May be empty.
    #[sea_orm(column_type = "Text")]
    pub discount_description: String,
    /// Internal; may be empty.
    #[sea_orm(column_type = "Text")]
    pub notes: String,
    /// Shown to the client; may be empty.
    #[sea_orm(column_type = "Text")]
    pub public_notes: String,
    /// Minor units received.
    pub amount_paid: i64,
    /// When fully paid.
    pub paid_at: Option<DateTime<Utc>>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::agency_owned!(identified);
