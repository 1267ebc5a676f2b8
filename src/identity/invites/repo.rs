//! Rows of invitations.

use chrono::{DateTime, Utc};
use entity::beta_invite::{self, Column, InviteStatus};
use entity::{AgencyId, BetaInviteId};
use kernel::error::{Error, Result, Violation, violation};
use kernel::store::{Page, PageRequest, PlatformDb, Sort};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, UpdateMany};

/// Why invitations are reached outside an agency's scope.
pub(super) const REASON: &str = "the operator invites people who belong to no agency yet";

/// Rows of `beta_invites`.
pub(super) struct InviteRepo<'c> {
    db: PlatformDb<'c>,
}

impl<'c> InviteRepo<'c> {
    pub(super) fn new(db: PlatformDb<'c>) -> Self {
        Self { db }
    }

    /// Invitations, newest first; those that stand so at the given instant.
    pub(super) async fn page(
        &self,
        status: Option<InviteStatus>,
        now: DateTime<Utc>,
        page: &PageRequest,
    ) -> Result<Page<beta_invite::Model>> {
        let mut query = beta_invite::Entity::find();
        if let Some(status) = status {
            query = query.filter(stands(status, now));
        }
        self.db.page(query, &Sort::descending([Column::Id]), page).await
    }

    /// How many stand so at the given instant.
    pub(super) async fn count(&self, status: InviteStatus, now: DateTime<Utc>) -> Result<u64> {
        self.db.count(beta_invite::Entity::find().filter(stands(status, now))).await
    }

    /// The invitation with an id.
    pub(super) async fn require(&self, id: BetaInviteId) -> Result<beta_invite::Model> {
        let query = beta_invite::Entity::find().filter(Column::Id.eq(id));
        self.db.one(query).await?.ok_or(Error::NotFound)
    }

    /// The invitation whose token has a hash.
    pub(super) async fn find(&self, token_hash: &str) -> Result<Option<beta_invite::Model>> {
        self.db.one(beta_invite::Entity::find().filter(Column::TokenHash.eq(token_hash))).await
    }

    /// Adds an invitation.
    ///
    /// # Errors
    /// [`Error::Conflict`] when one is pending for the address.
    pub(super) async fn insert(&self, row: beta_invite::ActiveModel) -> Result<beta_invite::Model> {
        self.db.try_insert(row).await.map_err(|error| match violation(&error) {
            Some(Violation::Unique) => {
                Error::conflict_on("email", "an invitation is waiting for this address already")
            }
            _ => error.into(),
        })
    }

    /// Writes down that the time of what an address was sent is over, so that it can be invited
    /// again.
    pub(super) async fn expire(&self, email: &str, now: DateTime<Utc>) -> Result<()> {
        let update = touch(now)
            .col_expr(Column::Status, Expr::value(InviteStatus::Expired))
            .filter(Column::Email.eq(email))
            .filter(Column::Status.eq(InviteStatus::Pending))
            .filter(Column::ExpiresAt.lte(now));
        self.db.update_many(update).await.map(|_| ())
    }

    /// Uses an invitation up; false when it is no longer pending. Of parallel units of work one
    /// succeeds.
    pub(super) async fn redeem(
        &self,
        id: BetaInviteId,
        agency_id: AgencyId,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let update = touch(now)
            .col_expr(Column::Status, Expr::value(InviteStatus::Used))
            .col_expr(Column::UsedAt, Expr::value(now))
            .col_expr(Column::UsedByAgencyId, Expr::value(agency_id));
        Ok(self.db.update_many(pending(update, id, now)).await? > 0)
    }

    /// Takes an invitation back; `None` when it is no longer pending.
    pub(super) async fn revoke(
        &self,
        id: BetaInviteId,
        now: DateTime<Utc>,
    ) -> Result<Option<beta_invite::Model>> {
        let update = touch(now).col_expr(Column::Status, Expr::value(InviteStatus::Revoked));
        Ok(self.db.update_returning(pending(update, id, now)).await?.pop())
    }

    /// Writes down when the newest mail went out.
    pub(super) async fn mark_sent(&self, id: BetaInviteId, now: DateTime<Utc>) -> Result<()> {
        let update = beta_invite::Entity::update_many()
            .col_expr(Column::SentAt, Expr::value(now))
            .filter(Column::Id.eq(id));
        self.db.update_many(update).await.map(|_| ())
    }
}

/// Invitations that stand so at an instant.
fn stands(status: InviteStatus, now: DateTime<Utc>) -> Condition {
    let stored = Column::Status.eq(status);
    match status {
        InviteStatus::Pending => Condition::all().add(stored).add(Column::ExpiresAt.gt(now)),
        InviteStatus::Expired => Condition::any().add(stored).add(
            Condition::all()
                .add(Column::Status.eq(InviteStatus::Pending))
                .add(Column::ExpiresAt.lte(now)),
        ),
        InviteStatus::Used | InviteStatus::Revoked => Condition::all().add(stored),
    }
}

fn pending(
    update: UpdateMany<beta_invite::Entity>,
    id: BetaInviteId,
    now: DateTime<Utc>,
) -> UpdateMany<beta_invite::Entity> {
    update
        .filter(Column::Id.eq(id))
        .filter(Column::Status.eq(InviteStatus::Pending))
        .filter(Column::ExpiresAt.gt(now))
}

fn touch(now: DateTime<Utc>) -> UpdateMany<beta_invite::Entity> {
    beta_invite::Entity::update_many()
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::UpdatedAt, Expr::value(now))
}
