//! Opening the database, and bringing its schema up to date.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use migrations::Migrator;
use migrations::row_security::enforce;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};
use sea_orm_migration::MigratorTrait;
use secrecy::ExposeSecret;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};

use super::statements::Statements;
use super::{Inner, Store, row_security};
use crate::config::{DatabaseConfig, DatabaseUrl};
use crate::error::{Context, Error, Result};
use crate::ports::clock::{Clock, Ids};

/// Reading connections to SQLite.
const SQLITE_READERS: u32 = 4;

/// The key of the advisory lock that lets one process at a time migrate: "retainer" in ASCII.
const MIGRATION_LOCK: i64 = 0x7265_7461_696e_6572;

/// Idle connections older than this are tried before use; younger ones are trusted.
const TEST_IDLE_AFTER: Duration = Duration::from_secs(30);

/// Prepared statements kept for each connection.
const STATEMENT_CACHE: usize = 512;

impl Store {
    /// Connects. The schema must be up to date: see [`migrate`].
    ///
    /// # Errors
    /// [`Error::Unavailable`] or [`Error::Internal`] when the database cannot be reached;
    /// [`Error::Internal`] when it is a Postgres whose row-level security is not in force.
    pub async fn connect(
        config: &DatabaseConfig,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Result<Self> {
        let (writer, reader) = open(config).await?;
        let row_security = match row_security::prove(&writer).await {
            Ok(found) => found,
            Err(error) => {
                close(writer, reader).await?;
                return Err(error);
            }
        };
        Ok(Self {
            inner: Arc::new(Inner {
                writer,
                reader,
                clock,
                ids,
                committed: tokio::sync::Notify::new(),
                row_security,
                statements: Statements::default(),
                #[cfg(debug_assertions)]
                filter_is_off: std::sync::atomic::AtomicBool::new(false),
            }),
        })
    }
}

/// Opens the writing and the reading connections; on Postgres they are the same.
pub(super) async fn open(
    config: &DatabaseConfig,
) -> Result<(DatabaseConnection, DatabaseConnection)> {
    match &config.url {
        DatabaseUrl::Sqlite(path) => Ok((
            sqlite(config, path, 1, false).await?,
            sqlite(config, path, SQLITE_READERS, true).await?,
        )),
        DatabaseUrl::Postgres(url) => {
            let pool = postgres(config, url.expose_secret(), config.max_connections).await?;
            Ok((pool.clone(), pool))
        }
    }
}

/// Closes them, after what runs on them has finished.
pub(super) async fn close(writer: DatabaseConnection, reader: DatabaseConnection) -> Result<()> {
    reader.close().await.context("closing the database")?;
    writer.close().await.context("closing the database")
}

/// Connects and asks for an answer, whatever the schema.
///
/// # Errors
/// [`Error::Unavailable`] or [`Error::Internal`] when there is none.
pub async fn ping(config: &DatabaseConfig) -> Result<()> {
    let (writer, reader) = open(config).await?;
    let answered = reader.ping().await;
    close(writer, reader).await?;
    Ok(answered?)
}

fn options(config: &DatabaseConfig, url: String, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(config.acquire_timeout)
        .connect_timeout(config.acquire_timeout)
        .sqlx_logging(false)
        .test_before_acquire_if_idle_for(TEST_IDLE_AFTER);
    options
}

async fn sqlite(
    config: &DatabaseConfig,
    path: &Path,
    connections: u32,
    read_only: bool,
) -> Result<DatabaseConnection> {
    if let Some(folder) = path.parent() {
        tokio::fs::create_dir_all(folder).await.context("making the data folder")?;
    }
    let mut options = options(config, format!("sqlite://{}?mode=rwc", path.display()), connections);
    let busy_timeout = config.busy_timeout;
    if !read_only {
        // Waiting writers queue here for the one connection; each holds it a few milliseconds.
        options.acquire_timeout(config.acquire_timeout.max(config.busy_timeout) * 2);
    }
    options.map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .journal_mode(SqliteJournalMode::Wal)
            // FULL: what was acknowledged survives the loss of power, not only of the process.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(busy_timeout)
            .foreign_keys(true)
            .statement_cache_capacity(STATEMENT_CACHE)
            .pragma("query_only", if read_only { "ON" } else { "OFF" })
    });
    Ok(Database::connect(options).await?)
}

async fn postgres(
    config: &DatabaseConfig,
    url: &str,
    connections: u32,
) -> Result<DatabaseConnection> {
    let mut options = options(config, url.to_owned(), connections);
    let statement_timeout = format!("{}ms", config.statement_timeout.as_millis());
    options.map_sqlx_postgres_opts(move |postgres| {
        postgres.application_name("retainer").statement_cache_capacity(STATEMENT_CACHE).options([
            ("statement_timeout", statement_timeout.as_str()),
            ("idle_in_transaction_session_timeout", "60s"),
            ("timezone", "UTC"),
        ])
    });
    Ok(Database::connect(options).await?)
}

/// A connection of its own for changing the schema, without statement timeout.
async fn migration_connection(config: &DatabaseConfig) -> Result<DatabaseConnection> {
    match &config.url {
        DatabaseUrl::Sqlite(path) => sqlite(config, path, 1, false).await,
        DatabaseUrl::Postgres(url) => {
            let url = config.migration_url.as_ref().unwrap_or(url);
            let mut options = options(config, url.expose_secret().to_owned(), 1);
            options
                .map_sqlx_postgres_opts(|postgres| postgres.application_name("retainer-migrate"));
            Ok(Database::connect(options).await?)
        }
    }
}

/// Runs `work` while no other process migrates the same database.
///
/// On Postgres a session advisory lock on the only connection of the pool; for SQLite a locked
/// file beside the database, since what is pending is read before a migration's transaction begins.
async fn alone<T>(
    config: &DatabaseConfig,
    work: impl AsyncFnOnce(&DatabaseConnection) -> Result<T, sea_orm::DbErr>,
) -> Result<T> {
    let file_lock = match &config.url {
        DatabaseUrl::Sqlite(path) => Some(lock_beside(path).await?),
        DatabaseUrl::Postgres(_) => None,
    };
    let connection = migration_connection(config).await?;
    let lock = matches!(config.url, DatabaseUrl::Postgres(_));
    if lock {
        let statement = format!("SELECT pg_advisory_lock({MIGRATION_LOCK})");
        connection.execute_unprepared(&statement).await?;
    }
    let result = work(&connection).await;
    if lock {
        let statement = format!("SELECT pg_advisory_unlock({MIGRATION_LOCK})");
        connection.execute_unprepared(&statement).await?;
    }
    connection.close().await?;
    drop(file_lock);
    result.map_err(|error| Error::Internal {
        context: "changing the schema".into(),
        cause: Some(Box::new(error)),
    })
}

/// Waits for the only lock on `<database>.migrating`, held until the file is dropped. Not on the
/// database itself: closing a second handle on it would drop SQLite's own locks (POSIX).
async fn lock_beside(database: &Path) -> Result<std::fs::File> {
    let mut name = database.as_os_str().to_owned();
    name.push(".migrating");
    let take = move || {
        if let Some(folder) = Path::new(&name).parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = std::fs::File::create(&name)?;
        file.lock()?;
        Ok::<_, std::io::Error>(file)
    };
    let taken = tokio::task::spawn_blocking(take).await.context("locking the schema")?;
    taken.context("locking the schema")
}

/// Applies every pending migration and brings row-level security into force; safe to call from many
/// processes at once. Returns how many were applied.
///
/// # Errors
/// [`Error`] when the database cannot be reached or a migration fails; a failed migration leaves
/// nothing behind.
pub async fn migrate(config: &DatabaseConfig) -> Result<usize> {
    let login = login(config);
    alone(config, async |connection| {
        // Nothing is written where nothing is pending: the role may not be allowed to.
        let pending = Migrator::get_pending_migrations_read_only(connection).await?.len();
        if pending > 0 {
            Migrator::up(connection, None).await?;
        }
        enforce(connection, login.as_deref()).await?;
        Ok(pending)
    })
    .await
}

/// Takes back the newest `steps` migrations, and what they hold with them.
///
/// # Errors
/// As [`migrate`].
pub async fn rollback(config: &DatabaseConfig, steps: u32) -> Result<()> {
    let login = login(config);
    alone(config, async |connection| {
        Migrator::down(connection, Some(steps)).await?;
        enforce(connection, login.as_deref()).await
    })
    .await
}

/// The role that the server signs in as.
fn login(config: &DatabaseConfig) -> Option<String> {
    match &config.url {
        DatabaseUrl::Sqlite(_) => None,
        DatabaseUrl::Postgres(url) => {
            let options: PgConnectOptions = url.expose_secret().parse().ok()?;
            Some(options.get_username().to_owned())
        }
    }
}

/// Every migration by name, and whether it has been applied.
///
/// # Errors
/// [`Error`] when the database cannot be reached.
pub async fn migration_status(config: &DatabaseConfig) -> Result<Vec<(String, bool)>> {
    alone(config, async |connection| {
        let pending: Vec<String> = Migrator::get_pending_migrations_read_only(connection)
            .await?
            .iter()
            .map(|migration| migration.name().to_owned())
            .collect();
        Ok(Migrator::migrations()
            .iter()
            .map(|migration| migration.name().to_owned())
            .map(|name| (name.clone(), !pending.contains(&name)))
            .collect())
    })
    .await
}
