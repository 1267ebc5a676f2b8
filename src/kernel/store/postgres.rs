//! Transactions on Postgres that open in one round trip, with their rights.
//!
//! Row-level security wants to know on whose behalf a statement runs, and may know it only for the
//! length of a transaction: behind a pooler the next transaction on the connection is somebody
//! else's. So every statement runs in a transaction, and what opens it (`BEGIN`, the role, the
//! agency) is one simple query. A read does not wait for the end of its transaction: the rollback
//! is sent while the connection goes back to the pool.
//!
//! sea-orm cannot open a transaction with a statement of one's own on Postgres, hence the few
//! lines that bind its statements to the driver.

use entity::AgencyId;
use migrations::row_security::{AGENCY_SETTING, PLATFORM_ROLE, RUNTIME_ROLE};
use sea_orm::sea_query::Values;
use sea_orm::{ConnAcquireErr, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use sea_query_sqlx::SqlxValues;
use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, Database, Executor, PgConnection, PgPool, Postgres, SqlSafeStr};
use sqlx_core::transaction::TransactionManager;
use tokio::sync::Mutex;

type Manager = <Postgres as Database>::TransactionManager;

/// On whose behalf a transaction runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rights {
    /// One agency's: the rows of others do not exist.
    Agency(AgencyId),
    /// The platform's: rows of all agencies.
    Platform,
}

impl Rights {
    /// The statements that take these rights, and give them up at the end of the transaction.
    ///
    /// `SET LOCAL` takes no parameters. What is spliced in is constant, but for a UUID.
    fn statements(self) -> String {
        match self {
            Self::Agency(id) => {
                let id = uuid::Uuid::from(id);
                format!("SET LOCAL ROLE {RUNTIME_ROLE}; SET LOCAL {AGENCY_SETTING} = '{id}'")
            }
            Self::Platform => format!("SET LOCAL ROLE {PLATFORM_ROLE}"),
        }
    }
}

/// Reads, each in a transaction of its own that cannot write.
#[derive(Clone)]
pub(super) struct Reads {
    pool: PgPool,
    rights: Rights,
}

impl Reads {
    pub(super) fn new(pool: PgPool, rights: Rights) -> Self {
        Self { pool, rights }
    }

    /// Opens the transaction of one read. Dropped, it ends.
    pub(super) async fn open(&self) -> Result<Transaction, DbErr> {
        Transaction::open(&self.pool, "BEGIN READ ONLY", self.rights).await
    }
}

/// A transaction. Dropped, it rolls back: at the latest when the connection is used again.
pub(super) struct Transaction {
    connection: Mutex<PoolConnection<Postgres>>,
    open: bool,
}

impl Transaction {
    /// Opens a transaction that may write.
    pub(super) async fn begin(pool: &PgPool, rights: Rights) -> Result<Self, DbErr> {
        Self::open(pool, "BEGIN", rights).await
    }

    async fn open(pool: &PgPool, begin: &str, rights: Rights) -> Result<Self, DbErr> {
        let connection = pool.acquire().await.map_err(acquire_error)?;
        let statement = AssertSqlSafe(format!("{begin}; {}", rights.statements()));
        let mut opening = Opening(Some(connection));
        if let Some(connection) = &mut opening.0 {
            let begun = Manager::begin(connection, Some(statement.into_sql_str())).await;
            begun.map_err(query_error)?;
        }
        match opening.0.take() {
            Some(connection) => Ok(Self { connection: Mutex::new(connection), open: true }),
            None => Err(DbErr::Custom("a transaction without connection".to_owned())),
        }
    }

    /// Goes on with other rights, those of the transaction so far included no longer.
    pub(super) async fn take_rights(&self, rights: Rights) -> Result<(), DbErr> {
        self.execute_unprepared(&rights.statements()).await.map(|_| ())
    }

    pub(super) async fn execute(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let mut connection = self.connection.lock().await;
        let connection: &mut PgConnection = &mut connection;
        match bound(&statement).execute(connection).await {
            Ok(done) => Ok(done.into()),
            Err(cause) => Err(exec_error(cause)),
        }
    }

    pub(super) async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let mut connection = self.connection.lock().await;
        let connection: &mut PgConnection = &mut connection;
        match connection.execute(AssertSqlSafe(sql.to_owned())).await {
            Ok(done) => Ok(done.into()),
            Err(cause) => Err(exec_error(cause)),
        }
    }

    pub(super) async fn query_one(
        &self,
        statement: Statement,
    ) -> Result<Option<QueryResult>, DbErr> {
        let mut connection = self.connection.lock().await;
        let connection: &mut PgConnection = &mut connection;
        let row = bound(&statement).fetch_optional(connection).await.map_err(query_error)?;
        Ok(row.map(Into::into))
    }

    pub(super) async fn query_all(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut connection = self.connection.lock().await;
        let connection: &mut PgConnection = &mut connection;
        let rows = bound(&statement).fetch_all(connection).await.map_err(query_error)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    pub(super) async fn commit(mut self) -> Result<(), DbErr> {
        Manager::commit(self.connection.get_mut()).await.map_err(query_error)?;
        self.open = false;
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if self.open {
            Manager::start_rollback(self.connection.get_mut());
        }
    }
}

/// A connection on which a transaction is being opened.
///
/// The driver counts a transaction once it is open. When the opening fails (the role may not be
/// taken) or is given up half-way (the request timed out), the connection stands in a transaction
/// that nobody would end; it is closed instead of going back to the pool.
struct Opening(Option<PoolConnection<Postgres>>);

impl Drop for Opening {
    fn drop(&mut self) {
        if let Some(connection) = &mut self.0 {
            connection.close_on_drop();
        }
    }
}

/// A statement with its values, as the driver takes it. It is prepared once for each connection.
fn bound(statement: &Statement) -> sqlx::query::Query<'_, Postgres, SqlxValues> {
    let values = statement.values.clone().unwrap_or(Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(statement.sql.as_str()), SqlxValues(values))
}

fn exec_error(cause: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(cause.into()))
}

fn query_error(cause: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(cause.into()))
}

fn acquire_error(cause: sqlx::Error) -> DbErr {
    match cause {
        sqlx::Error::PoolTimedOut => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        sqlx::Error::PoolClosed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
        other => DbErr::Conn(RuntimeErr::SqlxError(other.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spliced_into_a_setting_is_a_uuid() {
        let id = AgencyId(uuid::Uuid::from_u128(7));

        assert_eq!(
            Rights::Agency(id).statements(),
            "SET LOCAL ROLE retainer_runtime; \
             SET LOCAL app.agency_id = '00000000-0000-0000-0000-000000000007'"
        );
        assert_eq!(Rights::Platform.statements(), "SET LOCAL ROLE retainer_platform");
    }
}
