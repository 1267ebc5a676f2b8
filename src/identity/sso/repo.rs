//! Rows of an agency's issuer and its domains.

use chrono::{DateTime, Utc};
use entity::{SsoConnectionId, SsoDomainId, sso_connection, sso_domain};
use kernel::error::{Error, Result, Violation, violation};
use kernel::store::AgencyDb;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::model::Sso;

/// The agency's issuer.
pub(super) struct SsoRepo<'a> {
    db: &'a AgencyDb,
}

impl<'a> SsoRepo<'a> {
    pub(super) fn new(db: &'a AgencyDb) -> Self {
        Self { db }
    }

    /// The issuer with its domains, if the agency has named one.
    pub(super) async fn find(&self) -> Result<Option<Sso>> {
        let Some(connection) = self.db.one(sso_connection::Entity::find()).await? else {
            return Ok(None);
        };
        let domains = sso_domain::Entity::find()
            .filter(sso_domain::Column::ConnectionId.eq(connection.id))
            .order_by_asc(sso_domain::Column::Domain);
        Ok(Some(Sso { domains: self.db.all(domains).await?, connection }))
    }

    /// Adds the issuer.
    ///
    /// # Errors
    /// [`Error::PreconditionFailed`] when somebody else has just added one.
    pub(super) async fn insert(&self, row: sso_connection::ActiveModel) -> Result<()> {
        match self.db.try_insert(row).await? {
            Ok(_) => Ok(()),
            Err(error) if violation(&error) == Some(Violation::Unique) => {
                Err(Error::PreconditionFailed)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Writes the issuer over, unless it has been changed since it was read.
    ///
    /// # Errors
    /// [`Error::PreconditionFailed`] when it has.
    pub(super) async fn update(
        &self,
        old: &sso_connection::Model,
        (issuer, client_id, client_secret): (&str, &str, &str),
        now: DateTime<Utc>,
    ) -> Result<()> {
        let update = sso_connection::Entity::update_many()
            .col_expr(sso_connection::Column::Issuer, Expr::value(issuer))
            .col_expr(sso_connection::Column::ClientId, Expr::value(client_id))
            .col_expr(sso_connection::Column::ClientSecret, Expr::value(client_secret))
            .col_expr(sso_connection::Column::Version, Expr::value(old.version + 1))
            .col_expr(sso_connection::Column::UpdatedAt, Expr::value(now))
            .filter(sso_connection::Column::Id.eq(old.id))
            .filter(sso_connection::Column::Version.eq(old.version));
        self.changed(self.db.update_many(update).await?)
    }

    /// Gives the issuer its next version.
    pub(super) async fn touch(&self, id: SsoConnectionId, now: DateTime<Utc>) -> Result<()> {
        let next = Expr::col(sso_connection::Column::Version).add(1);
        let update = sso_connection::Entity::update_many()
            .col_expr(sso_connection::Column::Version, next)
            .col_expr(sso_connection::Column::UpdatedAt, Expr::value(now))
            .filter(sso_connection::Column::Id.eq(id));
        self.db.update_many(update).await.map(|_| ())
    }

    /// Removes the issuer with its domains, unless it has been changed since it was read.
    ///
    /// # Errors
    /// [`Error::PreconditionFailed`] when it has.
    pub(super) async fn delete(&self, old: &sso_connection::Model) -> Result<()> {
        let delete = sso_connection::Entity::delete_many()
            .filter(sso_connection::Column::Id.eq(old.id))
            .filter(sso_connection::Column::Version.eq(old.version));
        self.changed(self.db.delete_many(delete).await?)
    }

    fn changed(&self, rows: u64) -> Result<()> {
        if rows == 0 { Err(Error::PreconditionFailed) } else { Ok(()) }
    }

    /// Adds domains.
    pub(super) async fn insert_domains(&self, rows: Vec<sso_domain::ActiveModel>) -> Result<()> {
        self.db.insert_all(rows).await
    }

    /// Removes domains.
    pub(super) async fn delete_domains(&self, ids: Vec<SsoDomainId>) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let delete = sso_domain::Entity::delete_many().filter(sso_domain::Column::Id.is_in(ids));
        self.db.delete_many(delete).await.map(|_| ())
    }

    /// Notes when the record of a domain was last seen, or that it is not there. The challenge is
    /// named so that a domain that was removed and named anew in between is left alone.
    pub(super) async fn set_verified(
        &self,
        domain: &sso_domain::Model,
        verified_at: Option<DateTime<Utc>>,
    ) -> Result<()> {
        let update = sso_domain::Entity::update_many()
            .col_expr(sso_domain::Column::VerifiedAt, Expr::value(verified_at))
            .filter(sso_domain::Column::Id.eq(domain.id))
            .filter(sso_domain::Column::Challenge.eq(domain.challenge.as_str()));
        self.db.update_many(update).await.map(|_| ())
    }
}
