//! Whether the database keeps agencies apart by itself, asked before the first request.

use migrations::row_security::{PLATFORM_ROLE, PROVISION, RUNTIME_ROLE, gaps};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};

use super::conn::{Conn, Place};
use super::connect;
use super::postgres::{Rights, Transaction};
use super::statements::Statements;
use crate::config::DatabaseConfig;
use crate::error::{Error, Result};

/// How the database keeps agencies apart by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowSecurity {
    /// It cannot: SQLite has no row-level security.
    None,
    /// The server signs in as a plain role that owns nothing; even a statement outside a
    /// transaction would see no row.
    PlainLogin,
    /// The server signs in as a superuser or as the owner of the tables. Its transactions step
    /// down, so that row security holds for them; the address itself opens everything.
    PowerfulLogin,
}

impl std::fmt::Display for RowSecurity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("not a feature of SQLite; the server keeps agencies apart"),
            Self::PlainLogin => {
                write!(
                    f,
                    "in force; the server signs in as a plain role and acts as {RUNTIME_ROLE}"
                )
            }
            Self::PowerfulLogin => write!(
                f,
                "in force; the server signs in as an owner or superuser and steps down to \
                 {RUNTIME_ROLE} in every transaction"
            ),
        }
    }
}

/// Whether the role that signed in could pass row security by.
const LOGIN_IS_POWERFUL: &str = "
SELECT r.rolsuper OR r.rolbypassrls OR EXISTS (
    SELECT FROM pg_class c
    WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p')
        AND c.relnamespace = current_schema()::text::regnamespace
)
FROM pg_roles r WHERE r.rolname = session_user";

/// Whether the role that a transaction has stepped down to could pass row security by.
const ROLE_IS_POWERFUL: &str =
    "SELECT r.rolsuper OR r.rolbypassrls FROM pg_roles r WHERE r.rolname = current_user";

/// Connects and asks.
///
/// # Errors
/// As [`super::Store::connect`].
pub async fn row_security(config: &DatabaseConfig) -> Result<RowSecurity> {
    let (writer, reader) = connect::open(config).await?;
    let found = prove(&writer).await;
    connect::close(writer, reader).await?;
    found
}

/// Proves by trying that row security is in force: that both roles can be stepped down to, that
/// neither passes it by, and that no table is without it.
///
/// # Errors
/// [`Error::Internal`] that says what to do when it is not: the server must not start then.
pub(super) async fn prove(connection: &DatabaseConnection) -> Result<RowSecurity> {
    if connection.get_database_backend() != DbBackend::Postgres {
        return Ok(RowSecurity::None);
    }
    let pool = connection.get_postgres_connection_pool();
    // An agency that does not exist: nothing is read but the catalogue.
    let nobody = Rights::Agency(entity::AgencyId(uuid::Uuid::nil()));
    for (rights, role) in [(Rights::Platform, PLATFORM_ROLE), (nobody, RUNTIME_ROLE)] {
        let stepped_down = match Transaction::begin(pool, rights).await {
            Ok(transaction) => Conn::new(Place::PostgresUnit(transaction), Statements::default()),
            Err(cause) if is_refusal(&cause) => {
                return Err(not_in_force(
                    &format!("the role of DATABASE_URL cannot act as {role}: {cause}"),
                    PROVISION,
                ));
            }
            Err(cause) => return Err(cause.into()),
        };
        if is_true(&stepped_down, ROLE_IS_POWERFUL).await? {
            return Err(not_in_force(
                &format!("{role} is a superuser or may bypass it"),
                &format!("ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS"),
            ));
        }
        let unguarded = gaps(&stepped_down).await?;
        if !unguarded.is_empty() {
            let tables: Vec<String> = unguarded.into_iter().map(|gap| gap.name).collect();
            return Err(not_in_force(
                &format!("these tables lack policies or grants: {}", tables.join(", ")),
                "retainer migrate up (as the owner of the tables)",
            ));
        }
    }
    if is_true(connection, LOGIN_IS_POWERFUL).await? {
        Ok(RowSecurity::PowerfulLogin)
    } else {
        Ok(RowSecurity::PlainLogin)
    }
}

/// Whether Postgres refused the role (as opposed to being away): it does not exist, or may not be
/// taken.
fn is_refusal(cause: &DbErr) -> bool {
    let (DbErr::Query(sea_orm::RuntimeErr::SqlxError(driver))
    | DbErr::Exec(sea_orm::RuntimeErr::SqlxError(driver))) = cause
    else {
        return false;
    };
    let code = driver.as_database_error().and_then(|database| database.code());
    // invalid_parameter_value: no such role; insufficient_privilege: not a member.
    matches!(code.as_deref(), Some("22023" | "42501"))
}

fn not_in_force(why: &str, cure: &str) -> Error {
    Error::internal(format!("row-level security is not in force: {why}. Run: {cure}"))
}

async fn is_true(connection: &impl ConnectionTrait, sql: &str) -> Result<bool> {
    let statement = Statement::from_string(DbBackend::Postgres, sql);
    let row = connection.query_one_raw(statement).await?;
    let Some(row) = row else {
        return Err(Error::internal("the database does not say who asks"));
    };
    Ok(row.try_get_by_index(0)?)
}
