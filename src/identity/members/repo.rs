//! Rows of memberships.

use chrono::{DateTime, Utc};
use entity::membership::{self, Column, MembershipStatus, Role};
use entity::{MembershipId, UserId};
use kernel::error::{Error, Result, Violation, violation};
use kernel::store::{AgencyDb, Page, PageRequest, PlatformDb, Sort};
use sea_orm::sea_query::{Expr, ExprTrait, LockType};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, UpdateMany};

/// An agency's memberships.
pub(super) struct MemberRepo<'a> {
    db: &'a AgencyDb,
}

impl<'a> MemberRepo<'a> {
    pub(super) fn new(db: &'a AgencyDb) -> Self {
        Self { db }
    }

    /// Memberships in the order in which they were made; the founder's is first.
    pub(super) async fn page(&self, page: &PageRequest) -> Result<Page<membership::Model>> {
        self.db.page(membership::Entity::find(), &Sort::ascending([Column::Id]), page).await
    }

    /// The membership with an id.
    pub(super) async fn require(&self, id: MembershipId) -> Result<membership::Model> {
        self.db.require::<membership::Entity>(id).await
    }

    /// The membership with an id, locked until the unit of work ends: for a change that names no
    /// version and must not fail over somebody else's.
    pub(super) async fn lock(&self, id: MembershipId) -> Result<membership::Model> {
        let query = membership::Entity::find().filter(Column::Id.eq(id)).lock(LockType::Update);
        self.db.one(query).await?.ok_or(Error::NotFound)
    }

    /// The membership with an id, if this agency has it.
    pub(super) async fn find(&self, id: MembershipId) -> Result<Option<membership::Model>> {
        self.db.find::<membership::Entity>(id).await
    }

    /// The membership of a person, if they have one here.
    pub(super) async fn find_by_user(&self, user_id: UserId) -> Result<Option<membership::Model>> {
        self.db.one(membership::Entity::find().filter(Column::UserId.eq(user_id))).await
    }

    /// A person's membership, if they have one in this agency.
    pub(super) async fn find_of(&self, user_id: UserId) -> Result<Option<membership::Model>> {
        self.db.one(membership::Entity::find().filter(Column::UserId.eq(user_id))).await
    }

    /// Adds a membership.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the person has one already.
    pub(super) async fn insert(&self, row: membership::ActiveModel) -> Result<membership::Model> {
        self.db.try_insert(row).await?.map_err(|error| match violation(&error) {
            Some(Violation::Unique) => {
                Error::conflict_on("email", "this person is a member or invited already")
            }
            _ => error.into(),
        })
    }

    /// Runs a conditional update.
    ///
    /// # Errors
    /// [`Error::PreconditionFailed`] when the condition no longer held.
    pub(super) async fn update(
        &self,
        id: MembershipId,
        update: UpdateMany<membership::Entity>,
    ) -> Result<membership::Model> {
        let update = update.filter(Column::Id.eq(id));
        self.db.update_returning(update).await?.pop().ok_or(Error::PreconditionFailed)
    }

    /// Hands a role over: `None` when the membership no longer has the role it is to lose, or is
    /// not active.
    pub(super) async fn swap_role(
        &self,
        id: MembershipId,
        (from, to): (Role, Role),
        now: DateTime<Utc>,
    ) -> Result<Option<membership::Model>> {
        let update = touch(now)
            .col_expr(Column::Role, Expr::value(to))
            .filter(Column::Id.eq(id))
            .filter(Column::Role.eq(from))
            .filter(Column::Status.eq(MembershipStatus::Active));
        Ok(self.db.update_returning(update).await?.pop())
    }

    /// Accepts the invitation of a person; `None` when there is none (any more).
    pub(super) async fn accept(
        &self,
        user_id: UserId,
        now: DateTime<Utc>,
    ) -> Result<Option<membership::Model>> {
        let update = touch(now)
            .col_expr(Column::Status, Expr::value(MembershipStatus::Active))
            .col_expr(Column::AcceptedAt, Expr::value(now))
            .filter(Column::UserId.eq(user_id))
            .filter(Column::Status.eq(MembershipStatus::Invited));
        Ok(self.db.update_returning(update).await?.pop())
    }

    /// Deletes a membership that still has the version.
    ///
    /// # Errors
    /// [`Error::PreconditionFailed`] when it has been changed or deleted since.
    pub(super) async fn delete(&self, row: &membership::Model) -> Result<()> {
        let delete = membership::Entity::delete_many()
            .filter(Column::Id.eq(row.id))
            .filter(Column::Version.eq(row.version));
        match self.db.delete_many(delete).await? {
            0 => Err(Error::PreconditionFailed),
            _ => Ok(()),
        }
    }

    /// How many active owners the agency has. They stay locked until the unit of work ends, so
    /// that two of them cannot leave at once.
    pub(super) async fn lock_owners(&self) -> Result<usize> {
        let query = membership::Entity::find()
            .filter(Column::Role.eq(Role::Owner))
            .filter(Column::Status.eq(MembershipStatus::Active))
            .lock(LockType::Update);
        Ok(self.db.all(query).await?.len())
    }
}

/// The invitations that wait for a person, in all agencies.
pub(super) async fn pending(db: PlatformDb<'_>, user_id: UserId) -> Result<Vec<membership::Model>> {
    let query = membership::Entity::find()
        .filter(Column::UserId.eq(user_id))
        .filter(Column::Status.eq(MembershipStatus::Invited));
    db.all(query).await
}

fn touch(now: DateTime<Utc>) -> UpdateMany<membership::Entity> {
    membership::Entity::update_many()
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::UpdatedAt, Expr::value(now))
}
