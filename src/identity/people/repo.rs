//! Rows of people.

use chrono::{DateTime, Utc};
use entity::{AgencyId, UserId, membership, user};
use kernel::error::Result;
use kernel::store::PlatformDb;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, Query};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, UpdateMany};

/// Why people are read outside an agency's scope.
pub(crate) const REASON: &str = "a person may belong to several agencies";

/// What the subject of a placeholder starts with.
pub(crate) const INVITED: &str = "invited:";

/// Rows of `users`.
pub(crate) struct UserRepo<'c> {
    db: PlatformDb<'c>,
}

impl<'c> UserRepo<'c> {
    pub(crate) fn new(db: PlatformDb<'c>) -> Self {
        Self { db }
    }

    /// The person with an id.
    pub(crate) async fn find(&self, id: UserId) -> Result<Option<user::Model>> {
        self.db.one(user::Entity::find().filter(user::Column::Id.eq(id))).await
    }

    /// The person with an address.
    pub(crate) async fn find_by_email(&self, email: &str) -> Result<Option<user::Model>> {
        self.db.one(user::Entity::find().filter(user::Column::Email.eq(email))).await
    }

    /// The people with the given ids, in no order.
    pub(crate) async fn find_all(&self, ids: Vec<UserId>) -> Result<Vec<user::Model>> {
        self.db.all(user::Entity::find().filter(user::Column::Id.is_in(ids))).await
    }

    /// The person with an address, locked until the unit of work ends: whether somebody is still a
    /// placeholder is decided by one at a time.
    pub(crate) async fn lock_by_email(&self, email: &str) -> Result<Option<user::Model>> {
        let query = user::Entity::find().filter(user::Column::Email.eq(email));
        self.db.one(query.lock(LockType::NoKeyUpdate)).await
    }

    /// The person with an id, locked until the unit of work ends.
    pub(crate) async fn lock(&self, id: UserId) -> Result<Option<user::Model>> {
        let query = user::Entity::find().filter(user::Column::Id.eq(id));
        self.db.one(query.lock(LockType::NoKeyUpdate)).await
    }

    /// Adds a person unless somebody has the address already.
    pub(crate) async fn insert_unless_present(&self, row: user::ActiveModel) -> Result<()> {
        self.db.insert_unless_present(row).await.map(|_| ())
    }

    /// Turns a placeholder into a real person.
    pub(crate) async fn make_real(
        &self,
        person: &user::Model,
        subject: String,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let update = user::Entity::update_many()
            .col_expr(user::Column::Subject, Expr::value(subject))
            .col_expr(user::Column::Version, Expr::col(user::Column::Version).add(1))
            .col_expr(user::Column::UpdatedAt, Expr::value(now))
            .filter(user::Column::Id.eq(person.id));
        self.db.update_many(update).await.map(|_| ())
    }

    /// Stores a telephone number that a person has shown to hold; empty for none.
    pub(crate) async fn set_phone(
        &self,
        id: UserId,
        number: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let update = user::Entity::update_many()
            .col_expr(user::Column::Phone, Expr::value(number))
            .col_expr(user::Column::Version, Expr::col(user::Column::Version).add(1))
            .col_expr(user::Column::UpdatedAt, Expr::value(now))
            .filter(user::Column::Id.eq(id));
        self.db.update_many(update).await.map(|_| ())
    }

    /// Runs a conditional update of one person; `None` when the condition no longer held.
    pub(crate) async fn update(
        &self,
        id: UserId,
        update: UpdateMany<user::Entity>,
    ) -> Result<Option<user::Model>> {
        let update = update.filter(user::Column::Id.eq(id));
        Ok(self.db.update_returning(update).await?.pop())
    }

    /// Makes an agency the person's default, if there is none yet.
    pub(crate) async fn set_first_default(
        &self,
        id: UserId,
        agency_id: AgencyId,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let update = default_agency(Some(agency_id), now)
            .filter(user::Column::Id.eq(id))
            .filter(user::Column::DefaultAgencyId.is_null());
        self.db.update_many(update).await.map(|_| ())
    }

    /// Forgets an agency as the person's default.
    pub(crate) async fn forget_default(
        &self,
        id: UserId,
        agency_id: AgencyId,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let update = default_agency(None, now)
            .filter(user::Column::Id.eq(id))
            .filter(user::Column::DefaultAgencyId.eq(agency_id));
        self.db.update_many(update).await.map(|_| ())
    }

    /// Removes a person who never signed in and is invited nowhere (any more).
    pub(crate) async fn delete_placeholder(&self, id: UserId) -> Result<()> {
        let memberships = Query::select()
            .column(membership::Column::UserId)
            .from(membership::Entity)
            .and_where(membership::Column::UserId.eq(id))
            .to_owned();
        let delete = user::Entity::delete_many()
            .filter(user::Column::Id.eq(id))
            .filter(user::Column::Subject.starts_with(INVITED))
            .filter(user::Column::IsSuperAdmin.eq(false))
            .filter(user::Column::Id.not_in_subquery(memberships));
        self.db.delete_many(delete).await.map(|_| ())
    }
}

fn default_agency(agency_id: Option<AgencyId>, now: DateTime<Utc>) -> UpdateMany<user::Entity> {
    user::Entity::update_many()
        .col_expr(user::Column::DefaultAgencyId, Expr::value(agency_id))
        .col_expr(user::Column::Version, Expr::col(user::Column::Version).add(1))
        .col_expr(user::Column::UpdatedAt, Expr::value(now))
}
