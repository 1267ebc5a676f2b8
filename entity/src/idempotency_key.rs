//! Answers kept for repeated requests.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::AgencyId;

/// A row of `idempotency_keys`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_keys")]
pub struct Model {
    /// SHA-256 over caller, operation and key.
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(column_type = "Text")]
    pub id: String,
    /// The caller's agency, where one is named.
    pub agency_id: Option<AgencyId>,
    /// SHA-256 over the request.
    #[sea_orm(column_type = "Text")]
    pub request_hash: String,
    /// How far the request got.
    pub state: KeyState,
    /// Status of the answer.
    pub status: Option<i32>,
    /// Headers of the answer worth repeating.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub headers: Option<Json>,
    /// Body of the answer.
    pub body: Option<Vec<u8>>,
    /// Until then another attempt is told to wait.
    pub locked_until: DateTime<Utc>,
    /// Forgotten from then on.
    pub expires_at: DateTime<Utc>,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::text_enum! {
   /// How far a request with an idempotency key got.
   KeyState {
       /// Its handler runs.
       Running = "running",
       /// Its effects are committed; the answer is not stored (yet).
       Committed = "committed",
       /// Its answer is stored.
       Answered = "answered",
   }
}
