//! The security log.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::{AgencyId, SecurityEventId, UserId};

/// A row of `security_events`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "security_events")]
pub struct Model {
    /// Primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SecurityEventId,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What happened: `login`, `token_reuse`, …
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    /// Whom it is about, where that is known. No foreign key: the entry outlives the person's row.
    pub user_id: Option<UserId>,
    /// The agency it is about, if any. No foreign key, for the same reason.
    pub agency_id: Option<AgencyId>,
    /// SHA-256 of the lower-case address that was named, in hexadecimal; never the address.
    #[sea_orm(column_type = "Text", nullable)]
    pub email_hash: Option<String>,
    /// The client's address.
    #[sea_orm(column_type = "Text", nullable)]
    pub ip: Option<String>,
    /// The client's program.
    #[sea_orm(column_type = "Text", nullable)]
    pub user_agent: Option<String>,
    /// The request, as in the log.
    #[sea_orm(column_type = "Text", nullable)]
    pub request_id: Option<String>,
    /// What else is worth knowing: reasons, ids, counts. Never a secret.
    #[sea_orm(column_type = "JsonBinary")]
    pub detail: Json,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
