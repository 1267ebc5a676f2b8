//! The agencies of a person, and those in which an operator acts.

use chrono::{DateTime, Utc};
use entity::membership::MembershipStatus;
use entity::{UserId, agency, impersonation_grant, membership};
use kernel::error::Result;
use kernel::store::PlatformDb;
use sea_orm::sea_query::{Expr, ExprTrait, JoinType};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::model::{MyAgency, MyImpersonation};

/// Most agencies that are listed. Nobody works in so many; it bounds the answer.
const LISTED: u64 = 200;

/// The agencies in which a person has an active membership, by name; deleted ones are left out.
pub(super) async fn agencies(db: PlatformDb<'_>, user_id: UserId) -> Result<Vec<MyAgency>> {
    let of_agency = Expr::col((membership::Entity, membership::Column::AgencyId))
        .equals((agency::Entity, agency::Column::Id));
    let mut query = agency::Entity::find()
        .select_only()
        .columns([
            agency::Column::Id,
            agency::Column::Slug,
            agency::Column::Name,
            agency::Column::Status,
            agency::Column::PrimaryColor,
        ])
        .column(membership::Column::Role)
        .filter(membership::Column::UserId.eq(user_id))
        .filter(membership::Column::Status.eq(MembershipStatus::Active))
        .filter(agency::Column::DeletedAt.is_null())
        .order_by_asc(agency::Column::Name)
        .order_by_asc(agency::Column::Id)
        .limit(LISTED);
    QuerySelect::query(&mut query).join(JoinType::InnerJoin, membership::Entity, of_agency);
    db.all_as(query.into_model::<MyAgency>()).await
}

/// The agencies in which an operator acts for the owner at an instant.
pub(super) async fn impersonations(
    db: PlatformDb<'_>,
    operator: UserId,
    now: DateTime<Utc>,
) -> Result<Vec<MyImpersonation>> {
    use impersonation_grant::Column;

    let of_agency = Expr::col((impersonation_grant::Entity, Column::AgencyId))
        .equals((agency::Entity, agency::Column::Id));
    let mut query = impersonation_grant::Entity::find()
        .select_only()
        .columns([Column::Id, Column::AgencyId, Column::Reason, Column::ExpiresAt])
        .column_as(agency::Column::Slug, "agency_slug")
        .column_as(agency::Column::Name, "agency_name")
        .filter(Column::OperatorId.eq(operator))
        .filter(Column::EndedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .filter(agency::Column::DeletedAt.is_null())
        .order_by_asc(Column::Id)
        .limit(LISTED);
    QuerySelect::query(&mut query).join(JoinType::InnerJoin, agency::Entity, of_agency);
    db.all_as(query.into_model::<MyImpersonation>()).await
}
