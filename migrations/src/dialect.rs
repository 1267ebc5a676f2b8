//! The types that SQLite and Postgres call differently.
//!
//! | marker | Postgres | SQLite |
//! |---|---|---|
//! | `$uuid` | `uuid` | `BLOB` (16 bytes) |
//! | `$instant` | `timestamptz` | `TEXT` (RFC 3339, UTC) |
//! | `$date` | `date` | `TEXT` (`YYYY-MM-DD`) |
//! | `$json` | `jsonb` | `TEXT` |
//! | `$bytes` | `bytea` | `BLOB` |
//! | `$binary_order` | `COLLATE "C"` | nothing: SQLite compares bytes anyway |
//!
//! Times never have a database-side default: SQLite would write another format than the server
//! does, and it would sort wrongly.

use sea_orm_migration::prelude::*;

const POSTGRES: &[(&str, &str)] = &[
    ("$uuid", "uuid"),
    ("$instant", "timestamptz"),
    ("$date", "date"),
    ("$json", "jsonb"),
    ("$bytes", "bytea"),
    ("$binary_order", "COLLATE \"C\""),
];

const SQLITE: &[(&str, &str)] = &[
    ("$uuid", "BLOB"),
    ("$instant", "TEXT"),
    ("$date", "TEXT"),
    ("$json", "TEXT"),
    ("$bytes", "BLOB"),
    ("$binary_order", ""),
];

/// Runs a script in the dialect of the connected database.
///
/// # Errors
/// Whatever the database says.
pub(crate) async fn run(manager: &SchemaManager<'_>, script: &str) -> Result<(), DbErr> {
    let types = match manager.get_database_backend() {
        sea_orm::DbBackend::Postgres => POSTGRES,
        _ => SQLITE,
    };
    let script =
        types.iter().fold(script.to_owned(), |text, (marker, name)| text.replace(marker, name));
    manager.get_connection().execute_unprepared(&script).await?;
    Ok(())
}
