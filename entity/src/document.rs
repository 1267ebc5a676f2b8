//! What every sales document shares, whatever its kind.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::entity::prelude::*;

use crate::{AgencyId, ClientId, DocumentId, UserId};

/// A row of `documents`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "documents")]
pub struct Model {
    /// The owning agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// Second part of the primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DocumentId,
    /// Which kind; its own table holds the rest.
    pub kind: DocumentKind,
    /// Drawn when sent; unique within the agency and kind.
    #[sea_orm(column_type = "Text", nullable)]
    pub number: Option<String>,
    /// A state of the kind's own machine.
    #[sea_orm(column_type = "Text")]
    pub status: String,
    /// May be empty.
    #[sea_orm(column_type = "Text")]
    pub title: String,
    /// The client it was made for.
    pub client_id: Option<ClientId>,
    /// The document it was made from.
    pub source_id: Option<DocumentId>,
    /// Snapshot.
    #[sea_orm(column_type = "Text")]
    pub client_business_name: String,
    /// Snapshot; may be empty.
    #[sea_orm(column_type = "Text")]
    pub client_contact_name: String,
    /// Snapshot.
    #[sea_orm(column_type = "Text")]
    pub client_email: String,
    /// Snapshot; may be empty.
    #[sea_orm(column_type = "Text")]
    pub client_phone: String,
    /// Snapshot; may be empty.
    #[sea_orm(column_type = "Text")]
    pub client_address: String,
    /// Snapshot; may be empty.
    #[sea_orm(column_type = "Text")]
    pub client_business_number: String,
    /// ISO 4217.
    #[sea_orm(column_type = "Text")]
    pub currency: String,
    /// Minor units, without tax, before discount.
    pub subtotal: i64,
    /// Minor units.
    pub discount: i64,
    /// Minor units.
    pub tax: i64,
    /// Minor units, with tax, after discount.
    pub total: i64,
    /// Snapshot of the profile.
    pub tax_registered: bool,
    /// Snapshot of the profile.
    #[sea_orm(column_type = "Text")]
    pub tax_label: String,
    /// Snapshot of the profile; basis points.
    pub tax_rate_bps: i32,
    /// Last day it can be accepted or signed; for an invoice its due day. In the agency's time zone.
    pub valid_until: Option<NaiveDate>,
    /// The instant that day ends; what is compared with the clock.
    pub expires_at: Option<DateTime<Utc>>,
    /// 1 for the first content sent; grows with each new content.
    pub revision: i32,
    /// Canonical JSON of what was sent; never changes afterwards.
    #[sea_orm(column_type = "Text", nullable)]
    pub issued_content: Option<String>,
    /// SHA-256 of the canonical content, hexadecimal.
    #[sea_orm(column_type = "Text", nullable)]
    pub content_hash: Option<String>,
    /// The token of the public link.
    #[sea_orm(column_type = "Text", nullable)]
    pub public_token: Option<String>,
    /// Counted views through the public link.
    pub view_count: i64,
    /// First counted view.
    pub first_viewed_at: Option<DateTime<Utc>>,
    /// Last counted view.
    pub last_viewed_at: Option<DateTime<Utc>>,
    /// First send.
    pub sent_at: Option<DateTime<Utc>>,
    /// Accepted, declined, signed or paid.
    pub responded_at: Option<DateTime<Utc>>,
    /// Who made it; members see their own.
    pub created_by: Option<UserId>,
    /// Hidden everywhere since.
    pub deleted_at: Option<DateTime<Utc>>,
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
   /// The kinds of sales document.
   DocumentKind {
       /// An offer.
       Proposal = "proposal",
       /// An agreement to sign.
       Contract = "contract",
       /// A demand for payment.
       Invoice = "invoice",
   }
}
