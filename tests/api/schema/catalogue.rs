//! The live schema, read from the database's own catalogue.

use std::collections::BTreeMap;

use sqlx::{Connection, PgConnection, Row, SqliteConnection};

use crate::support::database::Database;

/// The tables by name.
pub type Catalogue = BTreeMap<String, Table>;

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Its columns by name.
    pub columns: BTreeMap<String, Column>,
    /// The columns of its primary key, in order.
    pub primary_key: Vec<String>,
    /// Its foreign keys.
    pub foreign_keys: Vec<ForeignKey>,
    /// Its indexes, those of the keys included.
    pub indexes: Vec<Index>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Whether it may be null.
    pub nullable: bool,
    /// Its type, as the database calls it.
    pub kind: String,
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignKey {
    /// Its columns, in order.
    pub columns: Vec<String>,
    /// The table it leads to.
    pub table: String,
    /// The columns over there, in order.
    pub referenced: Vec<String>,
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Its columns, in order.
    pub columns: Vec<String>,
    /// Whether it is unique.
    pub unique: bool,
    /// Whether it holds some rows only.
    pub partial: bool,
}

/// Reads the schema of a database.
pub async fn read(database: &Database) -> Catalogue {
    match database {
        Database::Sqlite(file) => sqlite(file).await,
        Database::Postgres { url, .. } => postgres(url).await,
    }
}

async fn sqlite(file: &std::path::Path) -> Catalogue {
    let url = format!("sqlite://{}", file.display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let db = &mut connection;
    let names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let mut catalogue = Catalogue::new();
    for row in sqlx::query(names).fetch_all(&mut *db).await.unwrap() {
        let name: String = row.get(0);
        let mut table = Table::default();
        let columns = "SELECT name, type, \"notnull\", pk FROM pragma_table_info($1) ORDER BY pk";
        for row in sqlx::query(columns).bind(&name).fetch_all(&mut *db).await.unwrap() {
            let (column, place): (String, i64) = (row.get(0), row.get(3));
            // A text key may be null on SQLite unless that is ruled out, so this is not implied.
            let nullable = row.get::<i64, _>(2) == 0;
            table.columns.insert(column.clone(), Column { nullable, kind: row.get(1) });
            if place > 0 {
                table.primary_key.push(column);
            }
        }
        let keys = "SELECT id, \"table\", \"from\", \"to\" FROM pragma_foreign_key_list($1) ORDER BY id, seq";
        let mut foreign_keys = BTreeMap::<i64, ForeignKey>::new();
        for row in sqlx::query(keys).bind(&name).fetch_all(&mut *db).await.unwrap() {
            let key = foreign_keys.entry(row.get(0)).or_insert_with(|| ForeignKey {
                columns: Vec::new(),
                table: row.get(1),
                referenced: Vec::new(),
            });
            key.columns.push(row.get(2));
            key.referenced.push(row.get(3));
        }
        table.foreign_keys = foreign_keys.into_values().collect();
        let indexes = "SELECT name, \"unique\", partial FROM pragma_index_list($1)";
        for row in sqlx::query(indexes).bind(&name).fetch_all(&mut *db).await.unwrap() {
            let index: String = row.get(0);
            let columns = "SELECT name FROM pragma_index_info($1) ORDER BY seqno";
            let columns = sqlx::query(columns).bind(&index).fetch_all(&mut *db).await.unwrap();
            table.indexes.push(Index {
                name: index,
                columns: columns.iter().map(|row| row.get(0)).collect(),
                unique: row.get::<i64, _>(1) == 1,
                partial: row.get::<i64, _>(2) == 1,
            });
        }
        catalogue.insert(name, sorted(table));
    }
    catalogue
}

async fn postgres(url: &str) -> Catalogue {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let db = &mut connection;
    let mut catalogue = Catalogue::new();
    let columns = "
        SELECT c.relname::text, a.attname::text, NOT a.attnotnull, t.typname::text
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
            AND a.attnum > 0 AND NOT a.attisdropped";
    for row in sqlx::query(columns).fetch_all(&mut *db).await.unwrap() {
        let table = catalogue.entry(row.get(0)).or_default();
        table.columns.insert(row.get(1), Column { nullable: row.get(2), kind: row.get(3) });
    }
    let names = |keys: &str, table: &str| {
        format!(
            "ARRAY(SELECT a.attname::text FROM unnest({keys}) WITH ORDINALITY AS part (number, place)
            JOIN pg_attribute a ON a.attrelid = {table} AND a.attnum = part.number ORDER BY part.place)"
        )
    };
    let keys = format!(
        "SELECT c.relname::text, k.contype = 'p', {}, COALESCE(f.relname::text, ''), {}
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
            LEFT JOIN pg_class f ON f.oid = k.confrelid
        WHERE c.relnamespace = 'public'::regnamespace AND k.contype IN ('p', 'f')",
        names("k.conkey", "k.conrelid"),
        names("k.confkey", "k.confrelid"),
    );
    for row in sqlx::query(sqlx::AssertSqlSafe(keys)).fetch_all(&mut *db).await.unwrap() {
        let table = catalogue.entry(row.get(0)).or_default();
        let columns: Vec<String> = row.get(2);
        if row.get(1) {
            table.primary_key = columns;
        } else {
            let (table_name, referenced) = (row.get(3), row.get(4));
            table.foreign_keys.push(ForeignKey { columns, table: table_name, referenced });
        }
    }
    let indexes = format!(
        "SELECT c.relname::text, i.relname::text, {}, x.indisunique, x.indpred IS NOT NULL
        FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
        WHERE c.relnamespace = 'public'::regnamespace",
        names("x.indkey::int2[]", "x.indrelid"),
    );
    for row in sqlx::query(sqlx::AssertSqlSafe(indexes)).fetch_all(&mut *db).await.unwrap() {
        let table = catalogue.entry(row.get(0)).or_default();
        table.indexes.push(Index {
            name: row.get(1),
            columns: row.get(2),
            unique: row.get(3),
            partial: row.get(4),
        });
    }
    catalogue.into_iter().map(|(name, table)| (name, sorted(table))).collect()
}

/// In an order that does not depend on the catalogue's.
fn sorted(mut table: Table) -> Table {
    table.foreign_keys.sort_by(|a, b| (&a.columns, &a.table).cmp(&(&b.columns, &b.table)));
    table.indexes.sort_by(|a, b| a.name.cmp(&b.name));
    table
}
