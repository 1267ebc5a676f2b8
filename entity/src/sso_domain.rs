//! The mail domains whose people an agency's issuer may vouch for.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::{AgencyId, SsoConnectionId, SsoDomainId};

/// A row of `sso_domains`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sso_domains")]
pub struct Model {
    /// The owning agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// Second part of the primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SsoDomainId,
    /// For which issuer.
    pub connection_id: SsoConnectionId,
    /// Lower-case, as it stands after the `@`.
    #[sea_orm(column_type = "Text")]
    pub domain: String,
    /// What its domain name record must say. It is public there, and differs for each agency.
    #[sea_orm(column_type = "Text")]
    pub challenge: String,
    /// When the record was last seen; the domain counts for nothing without.
    pub verified_at: Option<DateTime<Utc>>,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::agency_owned!(identified);
