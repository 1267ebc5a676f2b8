//! One-time sign-in tokens and refresh tokens; only their hashes.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::SessionId;

/// A row of `tokens`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tokens")]
pub struct Model {
    /// SHA-256 of the token, hexadecimal.
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(column_type = "Text")]
    pub id: String,
    /// What it is for.
    pub kind: TokenKind,
    /// The address a magic link was sent to.
    #[sea_orm(column_type = "Text", nullable)]
    pub email: Option<String>,
    /// The family of a refresh token.
    pub session_id: Option<SessionId>,
    /// Where to go afterwards; may be empty.
    #[sea_orm(column_type = "Text")]
    pub callback: String,
    /// Invalid from then on.
    pub expires_at: DateTime<Utc>,
    /// Consumed (magic link) or rotated (refresh).
    pub used_at: Option<DateTime<Utc>>,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::text_enum! {
   /// What a stored token is for.
   TokenKind {
       /// Signs in once the address has been shown to be held.
       MagicLink = "magic_link",
       /// Buys a new access token once.
       Refresh = "refresh",
   }
}
