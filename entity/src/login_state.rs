//! Sign-ins that are under way at an identity provider.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::external_identity::IdentityProvider;
use crate::{AgencyId, UserId};

/// A row of `login_states`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "login_states")]
pub struct Model {
    /// SHA-256 of the `state` parameter, hexadecimal.
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(column_type = "Text")]
    pub id: String,
    /// SHA-256 of the cookie of the browser that began, hexadecimal.
    #[sea_orm(column_type = "Text")]
    pub browser_hash: String,
    /// Where the person was sent.
    pub provider: IdentityProvider,
    /// The agency whose issuer it is; only with `sso`.
    pub agency_id: Option<AgencyId>,
    /// Who connects the account to their own; nobody when somebody signs in.
    pub user_id: Option<UserId>,
    /// PKCE verifier and nonce, encrypted.
    #[sea_orm(column_type = "Blob")]
    pub sealed: Vec<u8>,
    /// Where to go afterwards; may be empty.
    #[sea_orm(column_type = "Text")]
    pub return_url: String,
    /// Invalid from then on.
    pub expires_at: DateTime<Utc>,
    /// When the provider's answer came.
    pub used_at: Option<DateTime<Utc>>,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
