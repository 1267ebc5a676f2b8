//! Statements on global tables, each with a reason in words.

use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, DatabaseConnection, DatabaseExecutor,
    DatabaseTransaction, DbErr, DeleteMany, EntityTrait, FromQueryResult, IntoActiveModel, Select,
    SelectModel, Selector, UpdateMany,
};

use super::{AgencyDb, AgencyTx, Conn, Origin, Store};
use crate::error::Result;
use crate::tenancy::AgencyScope;

/// Runs statements that belong to no agency.
pub struct PlatformDb<'c> {
    conn: PlatformConn<'c>,
}

enum PlatformConn<'c> {
    Pool(DatabaseConnection),
    Shared(DatabaseExecutor<'c>),
}

impl<'c> PlatformDb<'c> {
    pub(super) fn new(pool: DatabaseConnection, reason: &'static str) -> Self {
        tracing::trace!(reason, "platform read");
        Self { conn: PlatformConn::Pool(pool) }
    }

    pub(super) fn on(executor: DatabaseExecutor<'c>, reason: &'static str) -> Self {
        tracing::trace!(reason, "platform statement");
        Self { conn: PlatformConn::Shared(executor) }
    }

    fn executor(&self) -> DatabaseExecutor<'_> {
        match &self.conn {
            PlatformConn::Pool(pool) => pool.into(),
            PlatformConn::Shared(DatabaseExecutor::Connection(pool)) => (*pool).into(),
            PlatformConn::Shared(DatabaseExecutor::Transaction(tx)) => (*tx).into(),
            PlatformConn::Shared(DatabaseExecutor::OwnedTransaction(tx)) => tx.into(),
        }
    }

    /// The first row of a query, if any.
    ///
    /// # Errors
    /// Those of the database, as all methods here.
    pub async fn one<E: EntityTrait>(&self, query: Select<E>) -> Result<Option<E::Model>> {
        Ok(query.one(&self.executor()).await?)
    }

    /// All rows of a bounded query.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn all<E: EntityTrait>(&self, query: Select<E>) -> Result<Vec<E::Model>> {
        Ok(query.all(&self.executor()).await?)
    }

    /// The first row of a joined query, if any.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn one_as<M: FromQueryResult + Send + Sync>(
        &self,
        query: Selector<SelectModel<M>>,
    ) -> Result<Option<M>> {
        Ok(query.one(&self.executor()).await?)
    }

    /// All rows of a bounded joined query.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn all_as<M: FromQueryResult + Send + Sync>(
        &self,
        query: Selector<SelectModel<M>>,
    ) -> Result<Vec<M>> {
        Ok(query.all(&self.executor()).await?)
    }

    /// Inserts a row; a collision is the inner error.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn try_insert<A>(&self, row: A) -> Result<<A::Entity as EntityTrait>::Model, DbErr>
    where
        A: ActiveModelTrait + ActiveModelBehavior + Send,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        row.insert(&self.executor()).await
    }

    /// Inserts a row for which no key can collide.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn insert<A>(&self, row: A) -> Result<<A::Entity as EntityTrait>::Model>
    where
        A: ActiveModelTrait + ActiveModelBehavior + Send,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        Ok(self.try_insert(row).await?)
    }

    /// Inserts a row unless its key exists; tells whether it did.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn insert_unless_present<A>(&self, row: A) -> Result<bool>
    where
        A: ActiveModelTrait + ActiveModelBehavior + Send,
    {
        let insert = A::Entity::insert(row)
            .on_conflict(sea_orm::sea_query::OnConflict::new().do_nothing().to_owned());
        Ok(insert.exec_without_returning(&self.executor()).await? > 0)
    }

    /// Inserts rows in one statement, leaving out those whose key exists; none is fine.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn insert_all_unless_present<A>(&self, rows: Vec<A>) -> Result<()>
    where
        A: ActiveModelTrait + ActiveModelBehavior + Send,
    {
        if rows.is_empty() {
            return Ok(());
        }
        let insert = A::Entity::insert_many(rows)
            .on_conflict(sea_orm::sea_query::OnConflict::new().do_nothing().to_owned());
        insert.exec_without_returning(&self.executor()).await?;
        Ok(())
    }

    /// Runs an update; returns how many rows it changed.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn update_many<E: EntityTrait>(&self, update: UpdateMany<E>) -> Result<u64> {
        Ok(update.exec(&self.executor()).await?.rows_affected)
    }

    /// Runs an update and returns the changed rows.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn update_returning<E: EntityTrait>(
        &self,
        update: UpdateMany<E>,
    ) -> Result<Vec<E::Model>> {
        Ok(update.exec_with_returning(&self.executor()).await?)
    }

    /// Runs a delete; returns how many rows went.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn delete_many<E: EntityTrait>(&self, delete: DeleteMany<E>) -> Result<u64> {
        Ok(delete.exec(&self.executor()).await?.rows_affected)
    }

    pub(crate) fn is_postgres(&self) -> bool {
        use sea_orm::ConnectionTrait;

        self.executor().get_database_backend() == sea_orm::DbBackend::Postgres
    }
}

/// A unit of work on global tables. Dropped, it rolls back.
pub struct PlatformTx {
    transaction: DatabaseTransaction,
    store: Store,
    reason: &'static str,
    wakes_workers: bool,
}

impl PlatformTx {
    pub(super) fn new(
        transaction: DatabaseTransaction,
        store: Store,
        reason: &'static str,
    ) -> Self {
        Self { transaction, store, reason, wakes_workers: false }
    }

    /// The global tables.
    pub fn db(&self) -> PlatformDb<'_> {
        PlatformDb::on((&self.transaction).into(), self.reason)
    }

    /// Adds a job that belongs to no agency.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn enqueue<J: crate::jobs::Job>(&mut self, job: &J) -> Result<()> {
        let inner = &self.store.inner;
        let now = inner.clock.now();
        let row = crate::jobs::row(None, job, inner.ids.next(now).into(), now, now)?;
        self.db().insert(row).await?;
        self.wakes_workers = true;
        Ok(())
    }

    /// Goes on as the unit of work of one agency (for the work that makes the agency).
    pub fn enter(self, scope: AgencyScope, origin: Origin) -> AgencyTx {
        let db = AgencyDb::new(scope, Conn::Tx(self.transaction));
        AgencyTx::new(db, &self.store, origin)
    }

    /// Makes it all true.
    ///
    /// # Errors
    /// Those of the database; then nothing has happened.
    pub async fn commit(self) -> Result<()> {
        self.transaction.commit().await?;
        if self.wakes_workers {
            self.store.notify_committed();
        }
        Ok(())
    }
}
