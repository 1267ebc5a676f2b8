//! The operator's invitations to try the product.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::{AgencyId, BetaInviteId, UserId};

/// A row of `beta_invites`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "beta_invites")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BetaInviteId,
    /// Who is invited; lower-case. One pending invitation for each address.
    #[sea_orm(column_type = "Text")]
    pub email: String,
    /// SHA-256 of the token, by which it is found.
    #[sea_orm(column_type = "Text")]
    pub token_hash: String,
    /// The token, encrypted, to be mailed again.
    #[sea_orm(column_type = "Text")]
    pub token_sealed: String,
    /// How it stands; `pending` only until `expires_at`, whatever is stored.
    pub status: InviteStatus,
    /// For the operator; may be empty.
    #[sea_orm(column_type = "Text")]
    pub notes: String,
    /// Who invited.
    pub created_by: Option<UserId>,
    /// When the newest mail was taken by the provider.
    pub sent_at: Option<DateTime<Utc>>,
    /// When an agency was made with it.
    pub used_at: Option<DateTime<Utc>>,
    /// Which.
    pub used_by_agency_id: Option<AgencyId>,
    /// Works until then.
    pub expires_at: DateTime<Utc>,
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

crate::text_enum! {
   /// How an invitation stands.
   InviteStatus {
       /// Waits to be used.
       Pending = "pending",
       /// An agency was made with it.
       Used = "used",
       /// Too late.
       Expired = "expired",
       /// Taken back.
       Revoked = "revoked",
   }
}
