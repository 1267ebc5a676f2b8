//! Rows of agencies and of their members, across agencies.

use entity::agency::{self, AgencyStatus, Column, Tier};
use entity::membership::{self, MembershipStatus, Role};
use entity::{AgencyId, UserId, user};
use kernel::error::{Error, Result};
use kernel::store::{Page, PageRequest, PlatformDb, Sort};
use sea_orm::sea_query::{Expr, ExprTrait, JoinType};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, UpdateMany,
};

use crate::operator::search::mentions;

/// Why agencies are read outside an agency's scope.
pub(in crate::operator) const REASON: &str = "the operator sees all agencies";

/// A page of agencies, newest first.
pub(super) async fn page(
    db: &PlatformDb<'_>,
    search: Option<&str>,
    status: Option<AgencyStatus>,
    tier: Option<Tier>,
    page: &PageRequest,
) -> Result<Page<agency::Model>> {
    let mut query = agency::Entity::find();
    if let Some(text) = search {
        query = query.filter(mentions([Column::Name, Column::Slug, Column::Email], text));
    }
    if let Some(status) = status {
        query = query.filter(Column::Status.eq(status));
    }
    if let Some(tier) = tier {
        query = query.filter(Column::SubscriptionTier.eq(tier));
    }
    db.page(query, &Sort::descending([Column::Id]), page).await
}

/// The agency with an id.
pub(in crate::operator) async fn require(
    db: &PlatformDb<'_>,
    id: AgencyId,
) -> Result<agency::Model> {
    db.one(agency::Entity::find().filter(Column::Id.eq(id))).await?.ok_or(Error::NotFound)
}

/// The agencies with the given ids, in no order.
pub(in crate::operator) async fn find_all(
    db: &PlatformDb<'_>,
    ids: Vec<AgencyId>,
) -> Result<Vec<agency::Model>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    db.all(agency::Entity::find().filter(Column::Id.is_in(ids))).await
}

/// Runs a conditional update of one agency.
///
/// # Errors
/// [`Error::PreconditionFailed`] when the condition no longer held.
pub(in crate::operator) async fn update(
    db: &PlatformDb<'_>,
    id: AgencyId,
    update: UpdateMany<agency::Entity>,
) -> Result<agency::Model> {
    let update = update.filter(Column::Id.eq(id));
    db.update_returning(update).await?.pop().ok_or(Error::PreconditionFailed)
}

/// An owner of an agency, with their address.
#[derive(Debug, FromQueryResult)]
pub(super) struct Owner {
    pub(super) agency_id: AgencyId,
    pub(super) user_id: UserId,
    pub(super) email: String,
}

/// The active owners of some agencies, by how long they have been members.
pub(super) async fn owners(db: &PlatformDb<'_>, ids: Vec<AgencyId>) -> Result<Vec<Owner>> {
    let person = Expr::col((membership::Entity, membership::Column::UserId))
        .equals((user::Entity, user::Column::Id));
    let mut query = membership::Entity::find()
        .select_only()
        .columns([membership::Column::AgencyId, membership::Column::UserId])
        .column(user::Column::Email)
        .filter(membership::Column::AgencyId.is_in(ids))
        .filter(membership::Column::Role.eq(Role::Owner))
        .filter(membership::Column::Status.eq(MembershipStatus::Active))
        .order_by_asc(membership::Column::Id);
    QuerySelect::query(&mut query).join(JoinType::InnerJoin, user::Entity, person);
    db.all_as(query.into_model::<Owner>()).await
}

/// How many memberships an agency has.
#[derive(Debug, FromQueryResult)]
pub(super) struct MemberCount {
    pub(super) agency_id: AgencyId,
    pub(super) members: i64,
}

/// How many memberships some agencies have.
pub(super) async fn member_counts(
    db: &PlatformDb<'_>,
    ids: Vec<AgencyId>,
) -> Result<Vec<MemberCount>> {
    let query = membership::Entity::find()
        .select_only()
        .column(membership::Column::AgencyId)
        .column_as(membership::Column::Id.count(), "members")
        .filter(membership::Column::AgencyId.is_in(ids))
        .group_by(membership::Column::AgencyId);
    db.all_as(query.into_model::<MemberCount>()).await
}

/// The people with the given ids, in no order.
pub(super) async fn people(db: &PlatformDb<'_>, ids: Vec<UserId>) -> Result<Vec<user::Model>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    db.all(user::Entity::find().filter(user::Column::Id.is_in(ids))).await
}
