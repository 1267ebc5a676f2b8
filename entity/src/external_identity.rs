//! Accounts of identity providers that people sign in with.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::{AgencyId, IdentityId, UserId};

/// A row of `external_identities`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "external_identities")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: IdentityId,
    /// Who signs in with it.
    pub user_id: UserId,
    /// Where the account is.
    pub provider: IdentityProvider,
    /// The agency whose issuer it is, and which it leads into; only with `sso`.
    pub agency_id: Option<AgencyId>,
    /// Who vouches for the subject; empty where the provider alone says it.
    #[sea_orm(column_type = "Text")]
    pub issuer: String,
    /// The account, as the issuer calls it: never changes, never given away again.
    #[sea_orm(column_type = "Text")]
    pub subject: String,
    /// The address the provider named last, for people; may be empty. Nothing is decided by it.
    #[sea_orm(column_type = "Text")]
    pub email: String,
    /// Last sign-in.
    pub last_used_at: DateTime<Utc>,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::text_enum! {
   /// Who vouches for a person.
   IdentityProvider {
       /// Google.
       Google = "google",
       /// GitHub, or a GitHub Enterprise Server.
       Github = "github",
       /// Microsoft's identity platform.
       Microsoft = "microsoft",
       /// Facebook.
       Facebook = "facebook",
       /// An issuer that an agency has named, for that agency.
       Sso = "sso",
   }
}
