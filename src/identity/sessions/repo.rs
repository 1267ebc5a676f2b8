//! Rows of `sessions`, as their person sees them.

use chrono::{DateTime, Utc};
use entity::session::{self, Column};
use entity::{SessionId, UserId};
use kernel::error::Result;
use kernel::store::{Page, PageRequest, PlatformDb, Sort};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, UpdateMany};

/// Why these rows are reached outside an agency's scope.
pub(super) const REASON: &str = "a sign-in belongs to a person, in whatever agency";

/// The sign-ins of persons.
pub(super) struct SessionRepo<'c> {
    db: PlatformDb<'c>,
}

impl<'c> SessionRepo<'c> {
    pub(super) fn new(db: PlatformDb<'c>) -> Self {
        Self { db }
    }

    /// The tables, for what belongs to the same unit of work.
    pub(super) fn db(&self) -> &PlatformDb<'c> {
        &self.db
    }

    /// The sign-ins of a person that last, newest first.
    pub(super) async fn page(
        &self,
        user_id: UserId,
        now: DateTime<Utc>,
        page: &PageRequest,
    ) -> Result<Page<session::Model>> {
        let query = session::Entity::find()
            .filter(Column::UserId.eq(user_id))
            .filter(Column::RevokedAt.is_null())
            .filter(Column::ExpiresAt.gt(now));
        self.db.page(query, &Sort::descending([Column::Id]), page).await
    }

    /// The newest sign-ins of a person that are kept, those that have ended among them.
    pub(super) async fn kept(&self, user_id: UserId, most: u64) -> Result<Vec<session::Model>> {
        let query = session::Entity::find()
            .filter(Column::UserId.eq(user_id))
            .order_by_desc(Column::Id)
            .limit(most);
        self.db.all(query).await
    }

    /// Ends a sign-in of a person; tells whether there was one that lasted.
    pub(super) async fn end(
        &self,
        user_id: UserId,
        id: SessionId,
        reason: &'static str,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let update = ending(user_id, reason, now).filter(Column::Id.eq(id));
        Ok(self.db.update_many(update).await? > 0)
    }

    /// Ends all sign-ins of a person but one; returns how many.
    pub(super) async fn end_all(
        &self,
        user_id: UserId,
        except: Option<SessionId>,
        reason: &'static str,
        now: DateTime<Utc>,
    ) -> Result<u64> {
        let mut update = ending(user_id, reason, now);
        if let Some(id) = except {
            update = update.filter(Column::Id.ne(id));
        }
        self.db.update_many(update).await
    }
}

/// Ends sign-ins of a person that last.
fn ending(
    user_id: UserId,
    reason: &'static str,
    now: DateTime<Utc>,
) -> UpdateMany<session::Entity> {
    session::Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now))
        .col_expr(Column::RevokedReason, Expr::value(reason))
        .filter(Column::UserId.eq(user_id))
        .filter(Column::RevokedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
}
