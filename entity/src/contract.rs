//! What only contracts have.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::entity::prelude::*;

use crate::{AgencyId, DocumentId};

/// A row of `contracts`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contracts")]
pub struct Model {
    /// The owning agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// The document.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DocumentId,
    /// What will be done.
    #[sea_orm(column_type = "Text")]
    pub services_description: String,
    /// May be empty.
    #[sea_orm(column_type = "Text")]
    pub special_conditions: String,
    /// How it is paid.
    #[sea_orm(column_type = "Text")]
    pub payment_terms: String,
    /// The terms; plain text.
    #[sea_orm(column_type = "Text")]
    pub terms: String,
    /// First day.
    pub commencement_date: Option<NaiveDate>,
    /// Last day.
    pub completion_date: Option<NaiveDate>,
    /// Whether the total holds the tax.
    pub price_includes_tax: bool,
    /// May be empty.
    #[sea_orm(column_type = "Text")]
    pub agency_signatory_name: String,
    /// May be empty.
    #[sea_orm(column_type = "Text")]
    pub agency_signatory_title: String,
    /// When it was sent.
    pub agency_signed_at: Option<DateTime<Utc>>,
    /// Whether the signatory must give a position.
    pub require_client_title: bool,
    /// Who signed.
    #[sea_orm(column_type = "Text", nullable)]
    pub client_signatory_name: Option<String>,
    /// Position of who signed.
    #[sea_orm(column_type = "Text", nullable)]
    pub client_signatory_title: Option<String>,
    /// When.
    pub client_signed_at: Option<DateTime<Utc>>,
    /// From which address.
    #[sea_orm(column_type = "Text", nullable)]
    pub client_signature_ip: Option<String>,
    /// With which program.
    #[sea_orm(column_type = "Text", nullable)]
    pub client_signature_user_agent: Option<String>,
    /// The words agreed to when signing.
    #[sea_orm(column_type = "Text", nullable)]
    pub consent_text: Option<String>,
    /// SHA-256 of the exact content signed, hexadecimal.
    #[sea_orm(column_type = "Text", nullable)]
    pub signed_content_hash: Option<String>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::agency_owned!(identified);
