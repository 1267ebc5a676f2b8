//! A person's place in an agency.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::{AgencyId, MembershipId, UserId};

/// A row of `agency_memberships`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agency_memberships")]
pub struct Model {
    /// The owning agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// Second part of the primary key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MembershipId,
    /// Who; unique within the agency.
    pub user_id: UserId,
    /// What they may do.
    pub role: Role,
    /// Up to 100 characters; may be empty.
    #[sea_orm(column_type = "Text")]
    pub display_name: String,
    /// Whether it counts.
    pub status: MembershipStatus,
    /// When the (last) invitation went out.
    pub invited_at: Option<DateTime<Utc>>,
    /// When the person first came in.
    pub accepted_at: Option<DateTime<Utc>>,
    /// Who invited.
    pub invited_by: Option<UserId>,
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
   /// A role inside an agency.
   Role {
       /// Everything, money and deletion included.
       Owner = "owner",
       /// Everything but what only the owner may.
       Admin = "admin",
       /// Own work only.
       Member = "member",
   }
}

crate::text_enum! {
   /// Whether a membership counts.
   MembershipStatus {
       /// In use.
       Active = "active",
       /// The person has not signed in yet.
       Invited = "invited",
       /// Switched off.
       Suspended = "suspended",
   }
}
