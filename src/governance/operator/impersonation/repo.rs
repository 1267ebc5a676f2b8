//! Rows of grants.

use chrono::{DateTime, Utc};
use entity::impersonation_grant::{self, Column};
use entity::membership::{self, MembershipStatus, Role};
use entity::{ImpersonationGrantId, UserId, user};
use kernel::error::{Error, Result, Violation, violation};
use kernel::store::{AgencyDb, PlatformDb};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

/// The live grants of an operator, in all agencies.
pub(super) async fn live(
    db: &PlatformDb<'_>,
    operator: UserId,
    now: DateTime<Utc>,
) -> Result<Vec<impersonation_grant::Model>> {
    let query = impersonation_grant::Entity::find()
        .filter(Column::OperatorId.eq(operator))
        .filter(Column::EndedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .order_by_asc(Column::Id);
    db.all(query).await
}

/// Grants of one agency.
pub(super) struct GrantRepo<'a> {
    db: &'a AgencyDb,
}

impl<'a> GrantRepo<'a> {
    pub(super) fn new(db: &'a AgencyDb) -> Self {
        Self { db }
    }

    /// The grant with an id.
    pub(super) async fn require(
        &self,
        id: ImpersonationGrantId,
    ) -> Result<impersonation_grant::Model> {
        self.db.require::<impersonation_grant::Entity>(id).await
    }

    /// Writes down that the time of an operator's grants is over, so that another can be made.
    pub(super) async fn close_lapsed(&self, operator: UserId, now: DateTime<Utc>) -> Result<()> {
        let update = impersonation_grant::Entity::update_many()
            .col_expr(Column::EndedAt, Expr::col(Column::ExpiresAt))
            .filter(Column::OperatorId.eq(operator))
            .filter(Column::EndedAt.is_null())
            .filter(Column::ExpiresAt.lte(now));
        self.db.update_many(update).await.map(|_| ())
    }

    /// Adds a grant.
    ///
    /// # Errors
    /// [`Error::Conflict`] (`already_impersonating`) when the operator has a live one.
    pub(super) async fn insert(
        &self,
        row: impersonation_grant::ActiveModel,
    ) -> Result<impersonation_grant::Model> {
        self.db.try_insert(row).await?.map_err(|error| match violation(&error) {
            Some(Violation::Unique) => Error::conflict(
                "already_impersonating",
                "you have leave to act in this agency already; stop first to begin anew",
            ),
            _ => error.into(),
        })
    }

    /// Ends a grant; false when it has ended already.
    pub(super) async fn end(&self, id: ImpersonationGrantId, now: DateTime<Utc>) -> Result<bool> {
        let update = impersonation_grant::Entity::update_many()
            .col_expr(Column::EndedAt, Expr::value(now))
            .filter(Column::Id.eq(id))
            .filter(Column::EndedAt.is_null())
            .filter(Column::ExpiresAt.gt(now));
        Ok(self.db.update_many(update).await? > 0)
    }

    /// The active owners of the agency.
    pub(super) async fn owners(&self) -> Result<Vec<membership::Model>> {
        let query = membership::Entity::find()
            .filter(membership::Column::Role.eq(Role::Owner))
            .filter(membership::Column::Status.eq(MembershipStatus::Active));
        self.db.all(query).await
    }
}

/// The people with the given ids.
pub(super) async fn people(db: &PlatformDb<'_>, ids: Vec<UserId>) -> Result<Vec<user::Model>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    db.all(user::Entity::find().filter(user::Column::Id.is_in(ids))).await
}
