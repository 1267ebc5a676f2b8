//! Rows of external identities and of sign-ins under way.

use chrono::{DateTime, Utc};
use entity::external_identity::{self, Column, IdentityProvider};
use entity::{AgencyId, IdentityId, UserId, login_state};
use kernel::error::Result;
use kernel::store::PlatformDb;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// Why these rows are reached outside an agency's scope.
pub(super) const REASON: &str = "a person signs in before an agency is chosen";

/// Accounts of one person that are listed and kept. Nobody has so many; it bounds the answer.
pub(super) const IDENTITIES_MAX: u64 = 100;

/// What an account is known by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IdentityKey<'a> {
    /// Where it is.
    pub(crate) provider: IdentityProvider,
    /// The agency whose issuer it is.
    pub(crate) agency_id: Option<AgencyId>,
    /// Who vouches for the subject.
    pub(crate) issuer: &'a str,
    /// The account, as the issuer calls it.
    pub(crate) subject: &'a str,
}

/// Rows of `external_identities`.
pub(super) struct IdentityRepo<'c> {
    db: PlatformDb<'c>,
}

impl<'c> IdentityRepo<'c> {
    pub(super) fn new(db: PlatformDb<'c>) -> Self {
        Self { db }
    }

    /// The account, if somebody has connected it.
    pub(super) async fn find(
        &self,
        key: IdentityKey<'_>,
    ) -> Result<Option<external_identity::Model>> {
        let IdentityKey { provider, agency_id, issuer, subject } = key;
        let query = external_identity::Entity::find()
            .filter(Column::Provider.eq(provider))
            .filter(Column::Issuer.eq(issuer))
            .filter(Column::Subject.eq(subject));
        let query = match agency_id {
            Some(agency_id) => query.filter(Column::AgencyId.eq(agency_id)),
            None => query.filter(Column::AgencyId.is_null()),
        };
        self.db.one(query).await
    }

    /// Adds an account unless somebody has connected it; tells whether it did.
    pub(super) async fn insert_unless_present(
        &self,
        row: external_identity::ActiveModel,
    ) -> Result<bool> {
        self.db.insert_unless_present(row).await
    }

    /// Notes that somebody signed in with it, and what the provider calls their address now; tells
    /// whether it is still there.
    pub(super) async fn touch(
        &self,
        id: IdentityId,
        email: &str,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let update = external_identity::Entity::update_many()
            .col_expr(Column::Email, Expr::value(email))
            .col_expr(Column::LastUsedAt, Expr::value(now))
            .filter(Column::Id.eq(id));
        Ok(self.db.update_many(update).await? > 0)
    }

    /// The accounts of a person, oldest first.
    pub(super) async fn of_person(&self, user_id: UserId) -> Result<Vec<external_identity::Model>> {
        let query = external_identity::Entity::find()
            .filter(Column::UserId.eq(user_id))
            .order_by_asc(Column::Id)
            .limit(IDENTITIES_MAX);
        self.db.all(query).await
    }

    /// Removes all accounts at the issuer of an agency.
    pub(super) async fn delete_of_agency(&self, agency_id: AgencyId) -> Result<()> {
        let delete =
            external_identity::Entity::delete_many().filter(Column::AgencyId.eq(agency_id));
        self.db.delete_many(delete).await.map(|_| ())
    }

    /// Removes an account of a person; tells whether there was one.
    pub(super) async fn delete(&self, id: IdentityId, user_id: UserId) -> Result<bool> {
        let delete = external_identity::Entity::delete_many()
            .filter(Column::Id.eq(id))
            .filter(Column::UserId.eq(user_id));
        Ok(self.db.delete_many(delete).await? > 0)
    }
}

/// Rows of `login_states`. An id is the hash of a `state`, never the `state`.
pub(super) struct StateRepo<'c> {
    db: PlatformDb<'c>,
}

impl<'c> StateRepo<'c> {
    pub(super) fn new(db: PlatformDb<'c>) -> Self {
        Self { db }
    }

    /// Adds a sign-in under way.
    pub(super) async fn insert(&self, row: login_state::ActiveModel) -> Result<()> {
        self.db.insert(row).await.map(|_| ())
    }

    /// Uses a live sign-in up; `None` when it is unknown, over, used, another provider's or another
    /// browser's. Of parallel callers one gets the row.
    pub(super) async fn consume(
        &self,
        id: &str,
        browser_hash: &str,
        (provider, agency_id): (IdentityProvider, Option<AgencyId>),
        now: DateTime<Utc>,
    ) -> Result<Option<login_state::Model>> {
        let update = login_state::Entity::update_many()
            .col_expr(login_state::Column::UsedAt, Expr::value(now))
            .filter(login_state::Column::Id.eq(id))
            .filter(login_state::Column::BrowserHash.eq(browser_hash))
            .filter(login_state::Column::Provider.eq(provider))
            .filter(login_state::Column::UsedAt.is_null())
            .filter(login_state::Column::ExpiresAt.gt(now));
        let update = match agency_id {
            Some(agency_id) => update.filter(login_state::Column::AgencyId.eq(agency_id)),
            None => update.filter(login_state::Column::AgencyId.is_null()),
        };
        Ok(self.db.update_returning(update).await?.pop())
    }
}
