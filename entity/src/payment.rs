//! Money received for invoices.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::{AgencyId, DocumentId, PaymentId, UserId};

/// A row of `payments`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payments")]
pub struct Model {
    /// The owning agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// Second part of the primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PaymentId,
    /// The invoice.
    pub invoice_id: DocumentId,
    /// Direction.
    pub kind: PaymentKind,
    /// Minor units; more than 0.
    pub amount: i64,
    /// ISO 4217.
    #[sea_orm(column_type = "Text")]
    pub currency: String,
    /// How.
    pub method: PaymentMethod,
    /// Of the bank or till.
    #[sea_orm(column_type = "Text", nullable)]
    pub reference: Option<String>,
    /// Internal.
    #[sea_orm(column_type = "Text", nullable)]
    pub notes: Option<String>,
    /// When the money came.
    pub received_at: DateTime<Utc>,
    /// `manual` or `stripe`.
    #[sea_orm(column_type = "Text")]
    pub source: String,
    /// Who recorded it.
    pub recorded_by: Option<UserId>,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::agency_owned!(identified);

crate::text_enum! {
   /// Direction of a payment.
   PaymentKind {
       /// Money in.
       Payment = "payment",
       /// Money back.
       Refund = "refund",
   }
}

crate::text_enum! {
   /// How money came.
   PaymentMethod {
       /// By bank.
       BankTransfer = "bank_transfer",
       /// By card.
       Card = "card",
       /// In cash.
       Cash = "cash",
       /// Another way.
       Other = "other",
   }
}

impl PaymentMethod {
    /// The name shown to people.
    pub fn label(self) -> &'static str {
        match self {
            Self::BankTransfer => "Bank Transfer",
            Self::Card => "Card",
            Self::Cash => "Cash",
            Self::Other => "Other",
        }
    }
}
