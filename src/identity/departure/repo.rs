//! What is kept about a person who goes, across agencies.

use entity::membership::{self, MembershipStatus, Role};
use entity::{AgencyId, UserId, activity, agency, api_key, token, user};
use kernel::error::Result;
use kernel::store::PlatformDb;
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// Why these rows are reached outside an agency's scope.
pub(super) const REASON: &str = "a person who goes leaves all agencies";

/// Memberships that are read of one person. Nobody works in so many agencies.
const MEMBERSHIPS: u64 = 200;

/// The rows of a person who goes.
pub(super) struct DepartureRepo<'c> {
    db: PlatformDb<'c>,
}

impl<'c> DepartureRepo<'c> {
    pub(super) fn new(db: PlatformDb<'c>) -> Self {
        Self { db }
    }

    /// A person's memberships, oldest first.
    pub(super) async fn memberships(&self, id: UserId) -> Result<Vec<membership::Model>> {
        let query = membership::Entity::find()
            .filter(membership::Column::UserId.eq(id))
            .order_by_asc(membership::Column::Id)
            .limit(MEMBERSHIPS);
        self.db.all(query).await
    }

    /// The active owners of some agencies.
    pub(super) async fn owners(&self, ids: Vec<AgencyId>) -> Result<Vec<membership::Model>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let query = membership::Entity::find()
            .filter(membership::Column::AgencyId.is_in(ids))
            .filter(membership::Column::Role.eq(Role::Owner))
            .filter(membership::Column::Status.eq(MembershipStatus::Active));
        self.db.all(query).await
    }

    /// The slugs of some agencies, in order.
    pub(super) async fn slugs(&self, ids: Vec<AgencyId>) -> Result<Vec<String>> {
        let query = agency::Entity::find()
            .filter(agency::Column::Id.is_in(ids))
            .order_by_asc(agency::Column::Slug);
        Ok(self.db.all(query).await?.into_iter().map(|row| row.slug).collect())
    }

    /// Removes the API keys that a person has made.
    pub(super) async fn delete_keys(&self, id: UserId) -> Result<()> {
        let delete = api_key::Entity::delete_many().filter(api_key::Column::CreatedBy.eq(id));
        self.db.delete_many(delete).await.map(|_| ())
    }

    /// Removes the sign-in links that were sent to an address.
    pub(super) async fn delete_links(&self, email: &str) -> Result<()> {
        let delete = token::Entity::delete_many().filter(token::Column::Email.eq(email));
        self.db.delete_many(delete).await.map(|_| ())
    }

    /// Removes a person, and by the database's own rules what is theirs alone; false when they
    /// belong somewhere (again), or operate the platform.
    pub(super) async fn delete(&self, id: UserId) -> Result<bool> {
        let memberships = Query::select()
            .column(membership::Column::UserId)
            .from(membership::Entity)
            .and_where(membership::Column::UserId.eq(id))
            .to_owned();
        let delete = user::Entity::delete_many()
            .filter(user::Column::Id.eq(id))
            .filter(user::Column::IsSuperAdmin.eq(false))
            .filter(user::Column::Id.not_in_subquery(memberships));
        Ok(self.db.delete_many(delete).await? > 0)
    }

    /// Whether a person is still there.
    pub(super) async fn exists(&self, id: UserId) -> Result<bool> {
        let query = user::Entity::find().filter(user::Column::Id.eq(id));
        Ok(self.db.one(query).await?.is_some())
    }

    /// Takes a person out of the entries of all activity logs: who, from where and with what. What
    /// was done, and to what, stays.
    pub(super) async fn anonymise_activity(&self, id: UserId) -> Result<()> {
        let update = activity::Entity::update_many()
            .col_expr(activity::Column::UserId, Expr::value(None::<UserId>))
            .col_expr(activity::Column::IpAddress, Expr::value(None::<String>))
            .col_expr(activity::Column::UserAgent, Expr::value(None::<String>))
            .filter(activity::Column::UserId.eq(id));
        self.db.update_many(update).await.map(|_| ())
    }
}
