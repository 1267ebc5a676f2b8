//! Rows about a person, across agencies.

use entity::{UserId, activity, agency, membership, security_event};
use kernel::error::Result;
use kernel::store::PlatformDb;
use sea_orm::sea_query::{Expr, ExprTrait, JoinType};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::model::{ExportedActivity, ExportedMembership};

/// Why these rows are read outside an agency's scope.
pub(super) const REASON: &str = "a person is shown what is kept about them, in whatever agency";

/// Entries that a list of the file may have.
pub(super) const MOST: u64 = 1_000;

/// Memberships that are read of one person. Nobody works in so many agencies.
const MEMBERSHIPS: u64 = 200;

/// A person's memberships, oldest first.
pub(super) async fn memberships(
    db: &PlatformDb<'_>,
    user_id: UserId,
) -> Result<Vec<ExportedMembership>> {
    use membership::Column;

    let of_agency = Expr::col((membership::Entity, Column::AgencyId))
        .equals((agency::Entity, agency::Column::Id));
    let mut query = membership::Entity::find()
        .select_only()
        .columns([
            Column::Id,
            Column::AgencyId,
            Column::Role,
            Column::Status,
            Column::DisplayName,
            Column::InvitedAt,
            Column::AcceptedAt,
        ])
        .column_as(agency::Column::Slug, "agency_slug")
        .column_as(agency::Column::Name, "agency_name")
        .filter(Column::UserId.eq(user_id))
        .order_by_asc(Column::Id)
        .limit(MEMBERSHIPS);
    QuerySelect::query(&mut query).join(JoinType::InnerJoin, agency::Entity, of_agency);
    db.all_as(query.into_model::<ExportedMembership>()).await
}

/// The entries of the security log about a person, newest first.
pub(super) async fn security_events(
    db: &PlatformDb<'_>,
    user_id: UserId,
) -> Result<Vec<security_event::Model>> {
    let query = security_event::Entity::find()
        .filter(security_event::Column::UserId.eq(user_id))
        .order_by_desc(security_event::Column::At)
        .order_by_desc(security_event::Column::Id)
        .limit(MOST);
    db.all(query).await
}

/// What a person did in all agencies, newest first.
pub(super) async fn activity(
    db: &PlatformDb<'_>,
    user_id: UserId,
) -> Result<Vec<ExportedActivity>> {
    use activity::Column;

    let query = activity::Entity::find()
        .select_only()
        .columns([
            Column::Id,
            Column::AgencyId,
            Column::Action,
            Column::EntityType,
            Column::EntityId,
            Column::IpAddress,
            Column::UserAgent,
        ])
        .column_as(Column::CreatedAt, "at")
        .filter(Column::UserId.eq(user_id))
        .order_by_desc(Column::Id)
        .limit(MOST);
    db.all_as(query.into_model::<ExportedActivity>()).await
}
