//! An agency's business details, one row each.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::{AgencyId, FileId, ProfileId};

/// A row of `agency_profiles`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agency_profiles")]
pub struct Model {
    /// The owning agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// Second part of the primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ProfileId,
    /// The horizontal logo for documents.
    pub logo_file_id: Option<FileId>,
    /// As registered; may be empty.
    #[sea_orm(column_type = "Text")]
    pub legal_entity_name: String,
    /// May be empty.
    #[sea_orm(column_type = "Text")]
    pub trading_name: String,
    /// ABN or the like; may be empty.
    #[sea_orm(column_type = "Text")]
    pub business_number: String,
    /// May be empty.
    #[sea_orm(column_type = "Text")]
    pub address_line_1: String,
    /// May be empty.
    #[sea_orm(column_type = "Text")]
    pub address_line_2: String,
    /// May be empty.
    #[sea_orm(column_type = "Text")]
    pub city: String,
    /// May be empty.
    #[sea_orm(column_type = "Text")]
    pub state: String,
    /// May be empty.
    #[sea_orm(column_type = "Text")]
    pub postcode: String,
    /// Name of the country.
    #[sea_orm(column_type = "Text")]
    pub country: String,
    /// May be empty.
    #[sea_orm(column_type = "Text")]
    pub bank_name: String,
    /// Encrypted; may be empty.
    #[sea_orm(column_type = "Text")]
    pub bank_bsb: String,
    /// Encrypted; may be empty.
    #[sea_orm(column_type = "Text")]
    pub bank_account_number: String,
    /// May be empty.
    #[sea_orm(column_type = "Text")]
    pub bank_account_name: String,
    /// ISO 4217; the currency of new prices and documents.
    #[sea_orm(column_type = "Text")]
    pub currency: String,
    /// Whether tax is charged.
    pub tax_registered: bool,
    /// `GST`, `VAT`.
    #[sea_orm(column_type = "Text")]
    pub tax_label: String,
    /// Basis points: 1000 is 10 %.
    pub tax_rate_bps: i32,
    /// For new invoices.
    pub default_payment_terms: PaymentTerms,
    /// Set at first send.
    pub default_proposal_validity_days: i32,
    /// Set at creation.
    pub default_contract_validity_days: i32,
    /// Small print; may be empty.
    #[sea_orm(column_type = "Text")]
    pub invoice_footer: String,
    /// Small print; may be empty.
    #[sea_orm(column_type = "Text")]
    pub contract_footer: String,
    /// IANA name; calendar boundaries are drawn in it.
    #[sea_orm(column_type = "Text")]
    pub timezone: String,
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

crate::text_enum! {
   /// When an invoice is due, counted from its issue date.
   PaymentTerms {
       /// On the day of issue.
       DueOnReceipt = "DUE_ON_RECEIPT",
       /// After 7 days.
       Net7 = "NET_7",
       /// After 14 days.
       Net14 = "NET_14",
       /// After 30 days.
       Net30 = "NET_30",
       /// On a date given by hand.
       Custom = "CUSTOM",
   }
}

impl PaymentTerms {
    /// Days from issue to due date; `None` for a date given by hand.
    pub fn days(self) -> Option<i64> {
        match self {
            Self::DueOnReceipt => Some(0),
            Self::Net7 => Some(7),
            Self::Net14 => Some(14),
            Self::Net30 => Some(30),
            Self::Custom => None,
        }
    }
}
