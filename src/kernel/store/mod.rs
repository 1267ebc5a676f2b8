//! The only place that reaches the database.
//!
//! The connection is private. Rows of an agency are reached through an [`AgencyDb`] or an
//! [`AgencyTx`], which can be had only for an [`AgencyScope`] and which add `agency_id = ?` to
//! every statement and stamp it on every row. The few global tables are reached through
//! [`PlatformDb`], with a reason in words.
//!
//! SQLite runs with one writing connection and four readers (WAL); every unit of work there
//! begins `IMMEDIATE`, so that the single writer is decided before anything is read. Postgres
//! runs with one pool. What differs between the two ends here and in the migrations.

mod agency;
mod connect;
mod page;
mod platform;
mod unit_of_work;

use std::sync::Arc;

use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbBackend, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};

pub use agency::AgencyDb;
pub use connect::{migrate, migration_status, rollback};
pub use page::{Cursor, Page, PageRequest, Sort};
pub use platform::{PlatformDb, PlatformTx};
pub use unit_of_work::{Activity, AgencyTx, Event, Origin};

use crate::error::{Context, Result};
use crate::ports::clock::{Clock, Ids};
use crate::tenancy::AgencyScope;

/// The database, opaque. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    committed: tokio::sync::Notify,
}

impl Store {
    /// Rows of one agency, to read outside a unit of work.
    pub fn agency(&self, scope: AgencyScope) -> AgencyDb {
        AgencyDb::new(scope, Conn::Pool(self.inner.reader.clone()))
    }

    /// Opens a unit of work for one agency.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] when no connection is free in time.
    pub async fn begin(&self, scope: AgencyScope, origin: Origin) -> Result<AgencyTx> {
        Ok(AgencyTx::new(AgencyDb::new(scope, Conn::Tx(self.transaction().await?)), self, origin))
    }

    /// Global tables, to read outside a unit of work. `reason` says why no agency's scope will do.
    pub fn platform(&self, reason: &'static str) -> PlatformDb<'_> {
        PlatformDb::new(self.inner.reader.clone(), reason)
    }

    /// Opens a unit of work on global tables. `reason` says why no agency's scope will do.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] when no connection is free in time.
    pub async fn begin_platform(&self, reason: &'static str) -> Result<PlatformTx> {
        Ok(PlatformTx::new(self.transaction().await?, self.clone(), reason))
    }

    /// Answers when the database does.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] when it does not.
    pub async fn ping(&self) -> Result<()> {
        self.inner.reader.ping().await?;
        Ok(())
    }

    /// Waits until some unit of work with jobs or events has been committed by this process.
    pub async fn committed(&self) {
        self.inner.committed.notified().await;
    }

    /// Which database it is, for messages: `sqlite` or `postgres`.
    pub fn engine(&self) -> &'static str {
        match self.inner.writer.get_database_backend() {
            DbBackend::Postgres => "postgres",
            _ => "sqlite",
        }
    }

    /// Closes all connections, after what runs on them has finished.
    ///
    /// # Errors
    /// [`crate::error::Error::Internal`] when the driver fails to.
    pub async fn close(&self) -> Result<()> {
        self.inner.reader.clone().close().await.context("closing the database")?;
        self.inner.writer.clone().close().await.context("closing the database")
    }

    /// Tells sleeping workers that there may be something to do.
    pub(crate) fn notify_committed(&self) {
        self.inner.committed.notify_waiters();
        self.inner.committed.notify_one();
    }

    async fn transaction(&self) -> Result<DatabaseTransaction> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        Ok(self.inner.writer.begin_with_options(options).await?)
    }
}

/// Where a statement runs.
pub(crate) enum Conn {
    /// Any connection of the pool.
    Pool(DatabaseConnection),
    /// The connection of a unit of work.
    Tx(DatabaseTransaction),
}

impl Conn {
    pub(crate) fn executor(&self) -> sea_orm::DatabaseExecutor<'_> {
        match self {
            Self::Pool(pool) => pool.into(),
            Self::Tx(transaction) => transaction.into(),
        }
    }
}
