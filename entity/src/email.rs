//! The log of e-mails sent for an agency.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::{AgencyId, DocumentId, EmailId, UserId};

/// A row of `email_logs`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "email_logs")]
pub struct Model {
    /// The owning agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// Second part of the primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EmailId,
    /// The document it is about.
    pub document_id: Option<DocumentId>,
    /// `proposal_sent`, `invoice_paid_client`, …
    #[sea_orm(column_type = "Text")]
    pub email_type: String,
    /// To whom.
    #[sea_orm(column_type = "Text")]
    pub recipient_email: String,
    /// May be empty.
    #[sea_orm(column_type = "Text")]
    pub recipient_name: String,
    /// May be empty.
    #[sea_orm(column_type = "Text")]
    pub reply_to: String,
    /// The name shown as sender.
    #[sea_orm(column_type = "Text")]
    pub from_name: String,
    /// Up to 500 characters.
    #[sea_orm(column_type = "Text")]
    pub subject: String,
    /// The HTML part.
    #[sea_orm(column_type = "Text")]
    pub body_html: String,
    /// The plain-text part.
    #[sea_orm(column_type = "Text")]
    pub body_text: String,
    /// How far it got.
    pub status: EmailStatus,
    /// When the provider took it.
    pub sent_at: Option<DateTime<Utc>>,
    /// Why the last attempt failed.
    #[sea_orm(column_type = "Text", nullable)]
    pub error_message: Option<String>,
    /// Attempts so far.
    pub attempts: i32,
    /// Who caused it; absent for the system.
    pub sent_by: Option<UserId>,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::agency_owned!(identified);

crate::text_enum! {
   /// How far an e-mail got.
   EmailStatus {
       /// In the queue.
       Pending = "pending",
       /// Taken by the provider.
       Sent = "sent",
       /// Given up.
       Failed = "failed",
   }
}
