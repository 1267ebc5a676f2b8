//! Sign-ins whose first factor is proven and whose second is not; only hashes of their tokens.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::UserId;

/// A row of `pending_sign_ins`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pending_sign_ins")]
pub struct Model {
    /// SHA-256 of the session token, hexadecimal.
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(column_type = "Text")]
    pub id: String,
    /// Who signs in.
    pub user_id: UserId,
    /// What the first factor was.
    pub method: SignInMethod,
    /// Whether the person had no second factor and has to register one first.
    pub enrols: bool,
    /// The number a code was sent to, while none is stored; may be empty.
    #[sea_orm(column_type = "Text")]
    pub phone: String,
    /// Codes that were tried.
    pub attempts: i32,
    /// Invalid from then on.
    pub expires_at: DateTime<Utc>,
    /// When it became a sign-in.
    pub used_at: Option<DateTime<Utc>>,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::text_enum! {
    /// What proved who signs in, before any second factor.
    SignInMethod {
        /// A link by mail.
        MagicLink = "magic_link",
        /// Google.
        Google = "google",
        /// GitHub.
        GitHub = "github",
        /// Facebook.
        Facebook = "facebook",
        /// Microsoft.
        Microsoft = "microsoft",
        /// The issuer of an agency.
        Sso = "sso",
    }
}
