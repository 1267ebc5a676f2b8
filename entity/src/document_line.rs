//! Priced lines of documents.

use sea_orm::entity::prelude::*;

use crate::{AddonId, AgencyId, DocumentId, LineId, PackageId};

/// A row of `document_lines`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document_lines")]
pub struct Model {
    /// The owning agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// Second part of the primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LineId,
    /// The document.
    pub document_id: DocumentId,
    /// Order within the document, from 0.
    pub position: i32,
    /// At least 1 character.
    #[sea_orm(column_type = "Text")]
    pub description: String,
    /// Thousandths.
    pub quantity_milli: i64,
    /// Minor units, without tax.
    pub unit_price: i64,
    /// Minor units: quantity × unit price, rounded half away from zero.
    pub amount: i64,
    /// Whether tax applies.
    pub is_taxable: bool,
    /// `setup`, `development`, `hosting`, `addon`, `other`.
    #[sea_orm(column_type = "Text", nullable)]
    pub category: Option<String>,
    /// Where it came from.
    pub package_id: Option<PackageId>,
    /// Where it came from.
    pub addon_id: Option<AddonId>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::agency_owned!(identified);
