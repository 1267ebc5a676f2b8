//! The only place that reaches the database.
//!
//! The connection is private. Rows of an agency are reached through an [`AgencyDb`] or an
//! [`AgencyTx`], which can be had only for an [`AgencyScope`] and which add `agency_id = ?` to
//! every statement and stamp it on every row. The few global tables are reached through
//! [`PlatformDb`], with a reason in words.
//!
//! SQLite runs with one writing connection and four readers (WAL); every unit of work there
//! begins `IMMEDIATE`, so that the single writer is decided before anything is read. Postgres
//! runs with one pool, and every statement in a transaction that has stepped down to a role under
//! row-level security (see [`migrations::row_security`]): agency work sees its agency's rows, work
//! of the platform all. What differs between the two ends here and in the migrations.

mod agency;
mod conn;
mod connect;
mod filter;
mod page;
mod platform;
mod postgres;
mod row_security;
mod statements;
mod unit_of_work;

use std::sync::Arc;

use sea_orm::{
    DatabaseConnection, DbBackend, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

pub use agency::AgencyDb;
pub use connect::{migrate, migration_status, ping, rollback};
pub use page::{Cursor, Page, PageRequest, Sort};
pub use platform::{PlatformDb, PlatformTx};
pub use row_security::{RowSecurity, row_security};
pub use unit_of_work::{Activity, AgencyTx, Event, Origin};

use conn::{Conn, Place};
use filter::Filter;
use postgres::{Reads, Rights, Transaction};
use statements::Statements;

use crate::error::Result;
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
    row_security: RowSecurity,
    statements: Statements,
    #[cfg(debug_assertions)]
    filter_is_off: std::sync::atomic::AtomicBool,
}

impl Store {
    /// Rows of one agency, to read outside a unit of work.
    pub fn agency(&self, scope: AgencyScope) -> AgencyDb {
        AgencyDb::new(scope, self.filter(), self.reads(Rights::Agency(scope.agency_id())))
    }

    /// Opens a unit of work for one agency.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] when no connection is free in time.
    pub async fn begin(&self, scope: AgencyScope, origin: Origin) -> Result<AgencyTx> {
        let conn = self.unit_of_work(Rights::Agency(scope.agency_id())).await?;
        Ok(AgencyTx::new(AgencyDb::new(scope, self.filter(), conn), self, origin))
    }

    /// Global tables, to read outside a unit of work. `reason` says why no agency's scope will do.
    pub fn platform(&self, reason: &'static str) -> PlatformDb<'_> {
        PlatformDb::new(self.reads(Rights::Platform), reason)
    }

    /// Opens a unit of work on global tables. `reason` says why no agency's scope will do.
    ///
    /// # Errors
    /// [`crate::error::Error::Unavailable`] when no connection is free in time.
    pub async fn begin_platform(&self, reason: &'static str) -> Result<PlatformTx> {
        let conn = self.unit_of_work(Rights::Platform).await?;
        Ok(PlatformTx::new(conn, self.clone(), reason))
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
        connect::close(self.inner.writer.clone(), self.inner.reader.clone()).await
    }

    /// Tells sleeping workers that there may be something to do.
    pub(crate) fn notify_committed(&self) {
        self.inner.committed.notify_waiters();
        self.inner.committed.notify_one();
    }

    /// How the database keeps agencies apart by itself.
    pub fn row_security(&self) -> RowSecurity {
        self.inner.row_security
    }

    /// Leaves the condition on the agency out of every statement from now on, so that a test can
    /// see what the database still does. Not in optimised builds.
    #[cfg(debug_assertions)]
    pub fn without_agency_filter(&self) {
        self.inner.filter_is_off.store(true, std::sync::atomic::Ordering::SeqCst);
    }

    /// Notes the texts of all statements from now on, so that a test can see which work was done.
    /// Not in optimised builds.
    #[cfg(debug_assertions)]
    pub fn note_statements(&self) {
        self.inner.statements.begin();
    }

    /// Ends that; the statements in the order in which they began, without their values. `BEGIN` and
    /// `COMMIT` stand for a unit of work, whatever the database calls it.
    #[cfg(debug_assertions)]
    pub fn noted_statements(&self) -> Vec<String> {
        self.inner.statements.end()
    }

    fn filter(&self) -> Filter {
        #[cfg(debug_assertions)]
        if self.inner.filter_is_off.load(std::sync::atomic::Ordering::SeqCst) {
            return Filter::Off;
        }
        Filter::On
    }

    fn reads(&self, rights: Rights) -> Conn {
        let place = match self.inner.reader.get_database_backend() {
            DbBackend::Postgres => {
                let pool = self.inner.reader.get_postgres_connection_pool();
                Place::PostgresReads(Reads::new(pool.clone(), rights))
            }
            _ => Place::SqliteReads(self.inner.reader.clone()),
        };
        Conn::new(place, self.inner.statements.clone())
    }

    async fn unit_of_work(&self, rights: Rights) -> Result<Conn> {
        let place = self.transaction(rights).await?;
        Ok(Conn::new(place, self.inner.statements.clone()))
    }

    async fn transaction(&self, rights: Rights) -> Result<Place> {
        let writer = &self.inner.writer;
        if writer.get_database_backend() == DbBackend::Postgres {
            let pool = writer.get_postgres_connection_pool();
            return Ok(Place::PostgresUnit(Transaction::begin(pool, rights).await?));
        }
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        Ok(Place::SqliteUnit(writer.begin_with_options(options).await?))
    }
}
