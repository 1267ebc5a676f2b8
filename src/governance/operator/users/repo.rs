//! Rows of people, across agencies.

use entity::membership::{self, MembershipStatus, Role};
use entity::{UserId, user};
use kernel::error::{Error, Result, Violation, violation};
use kernel::store::{Page, PageRequest, PlatformDb, Sort};
use sea_orm::sea_query::{LockType, Query};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, UpdateMany};

use super::model::UsersQuery;
use crate::operator::search::mentions;

/// Why people are read outside an agency's scope.
pub(super) const REASON: &str = "the operator sees all people";

/// Memberships that are read of one person. Nobody works in so many agencies.
const MEMBERSHIPS: u64 = 200;

/// Rows of `users`.
pub(super) struct UserRepo<'c> {
    db: PlatformDb<'c>,
}

impl<'c> UserRepo<'c> {
    pub(super) fn new(db: PlatformDb<'c>) -> Self {
        Self { db }
    }

    /// A page of people, newest first.
    pub(super) async fn page(
        &self,
        narrow: &UsersQuery,
        page: &PageRequest,
    ) -> Result<Page<user::Model>> {
        let UsersQuery { search, super_admin_only, owners_only, suspended_only, .. } = narrow;
        let mut query = user::Entity::find();
        if let Some(text) = search {
            query = query.filter(mentions([user::Column::Email], text));
        }
        if super_admin_only.unwrap_or(false) {
            query = query.filter(user::Column::IsSuperAdmin.eq(true));
        }
        if suspended_only.unwrap_or(false) {
            query = query.filter(user::Column::SuspendedAt.is_not_null());
        }
        if owners_only.unwrap_or(false) {
            let owners = Query::select()
                .column(membership::Column::UserId)
                .from(membership::Entity)
                .and_where(membership::Column::Role.eq(Role::Owner))
                .and_where(membership::Column::Status.eq(MembershipStatus::Active))
                .to_owned();
            query = query.filter(user::Column::Id.in_subquery(owners));
        }
        self.db.page(query, &Sort::descending([user::Column::Id]), page).await
    }

    /// The person with an id.
    pub(super) async fn require(&self, id: UserId) -> Result<user::Model> {
        let query = user::Entity::find().filter(user::Column::Id.eq(id));
        self.db.one(query).await?.ok_or(Error::NotFound)
    }

    /// The person with an id, locked until the unit of work ends.
    pub(super) async fn lock(&self, id: UserId) -> Result<user::Model> {
        let query = user::Entity::find().filter(user::Column::Id.eq(id));
        self.db.one(query.lock(LockType::NoKeyUpdate)).await?.ok_or(Error::NotFound)
    }

    /// The people who operate the platform, locked until the unit of work ends: who is one is
    /// decided by one at a time.
    pub(super) async fn lock_operators(&self) -> Result<Vec<user::Model>> {
        let query = user::Entity::find()
            .filter(user::Column::IsSuperAdmin.eq(true))
            .order_by_asc(user::Column::Id)
            .lock(LockType::NoKeyUpdate);
        self.db.all(query).await
    }

    /// Runs a conditional update of one person.
    ///
    /// # Errors
    /// [`Error::PreconditionFailed`] when the condition no longer held; [`Error::Conflict`] when the
    /// address is somebody else's.
    pub(super) async fn update(
        &self,
        id: UserId,
        update: UpdateMany<user::Entity>,
    ) -> Result<user::Model> {
        let update = update.filter(user::Column::Id.eq(id));
        match self.db.try_update_returning(update).await {
            Ok(mut rows) => rows.pop().ok_or(Error::PreconditionFailed),
            Err(error) if violation(&error) == Some(Violation::Unique) => {
                Err(Error::conflict_on("email", "somebody else signs in with this address"))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A person's memberships, oldest first.
    pub(super) async fn memberships(&self, id: UserId) -> Result<Vec<membership::Model>> {
        let query = membership::Entity::find()
            .filter(membership::Column::UserId.eq(id))
            .order_by_asc(membership::Column::Id)
            .limit(MEMBERSHIPS);
        self.db.all(query).await
    }
}
