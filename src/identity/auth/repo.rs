//! Rows of tokens and sessions.

use chrono::{DateTime, Utc};
use entity::token::TokenKind;
use entity::{SessionId, session, token};
use kernel::error::Result;
use kernel::store::PlatformDb;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

/// Why these rows are reached outside an agency's scope.
pub(super) const REASON: &str = "a person signs in before an agency is chosen";

/// Rows of `tokens`. An id is the hash of a token, never the token.
pub(super) struct TokenRepo<'c> {
    db: PlatformDb<'c>,
}

impl<'c> TokenRepo<'c> {
    pub(super) fn new(db: PlatformDb<'c>) -> Self {
        Self { db }
    }

    /// The token of a kind, as long as it has not expired.
    pub(super) async fn find(
        &self,
        id: &str,
        kind: TokenKind,
        now: DateTime<Utc>,
    ) -> Result<Option<token::Model>> {
        let query = token::Entity::find()
            .filter(token::Column::Id.eq(id))
            .filter(token::Column::Kind.eq(kind))
            .filter(token::Column::ExpiresAt.gt(now));
        self.db.one(query).await
    }

    /// Adds a token.
    pub(super) async fn insert(&self, row: token::ActiveModel) -> Result<()> {
        self.db.insert(row).await.map(|_| ())
    }

    /// Voids all links that were sent to an address.
    pub(super) async fn void_links(&self, email: &str) -> Result<()> {
        let delete = token::Entity::delete_many()
            .filter(token::Column::Email.eq(email))
            .filter(token::Column::Kind.eq(TokenKind::MagicLink));
        self.db.delete_many(delete).await.map(|_| ())
    }

    /// Marks a live token as used; `None` when it is unknown, expired or used. Of parallel callers
    /// one gets the row.
    pub(super) async fn consume(
        &self,
        id: &str,
        kind: TokenKind,
        now: DateTime<Utc>,
    ) -> Result<Option<token::Model>> {
        let update = token::Entity::update_many()
            .col_expr(token::Column::UsedAt, Expr::value(now))
            .filter(token::Column::Id.eq(id))
            .filter(token::Column::Kind.eq(kind))
            .filter(token::Column::UsedAt.is_null())
            .filter(token::Column::ExpiresAt.gt(now));
        Ok(self.db.update_returning(update).await?.pop())
    }
}

/// Rows of `sessions`.
pub(super) struct SessionRepo<'c> {
    db: PlatformDb<'c>,
}

impl<'c> SessionRepo<'c> {
    pub(super) fn new(db: PlatformDb<'c>) -> Self {
        Self { db }
    }

    /// Adds a session.
    pub(super) async fn insert(&self, row: session::ActiveModel) -> Result<()> {
        self.db.insert(row).await.map(|_| ())
    }

    /// Prolongs a live session and locks it until the unit of work ends, so that the refreshes of
    /// one family come one after the other; `None` when it has ended.
    pub(super) async fn prolong(
        &self,
        id: SessionId,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<Option<session::Model>> {
        let update = session::Entity::update_many()
            .col_expr(session::Column::LastUsedAt, Expr::value(now))
            .col_expr(session::Column::ExpiresAt, Expr::value(expires_at))
            .filter(session::Column::Id.eq(id))
            .filter(session::Column::RevokedAt.is_null())
            .filter(session::Column::ExpiresAt.gt(now));
        Ok(self.db.update_returning(update).await?.pop())
    }

    /// Ends a session, and with it every token of its family. The first reason stays.
    pub(super) async fn revoke(
        &self,
        id: SessionId,
        reason: &'static str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let update = session::Entity::update_many()
            .col_expr(session::Column::RevokedAt, Expr::value(now))
            .col_expr(session::Column::RevokedReason, Expr::value(reason))
            .filter(session::Column::Id.eq(id))
            .filter(session::Column::RevokedAt.is_null());
        self.db.update_many(update).await.map(|_| ())
    }
}
