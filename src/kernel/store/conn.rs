//! Where statements run: the one thing that differs between the databases.

use sea_orm::sea_query::{Value, Values};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult,
    QueryResult, Statement,
};

use super::postgres::{Reads, Rights, Transaction};
use super::statements::Statements;

/// A place to run statements, for reading or as a unit of work. Every statement of the server's
/// passes here, but for those that change the schema.
pub(super) struct Conn {
    place: Place,
    statements: Statements,
}

/// What a [`Conn`] stands on.
pub(super) enum Place {
    /// Any of the reading connections.
    SqliteReads(DatabaseConnection),
    /// The writing connection, in a transaction.
    SqliteUnit(DatabaseTransaction),
    /// Any connection, for one transaction that only reads.
    PostgresReads(Reads),
    /// A connection in a transaction.
    PostgresUnit(Transaction),
}

impl Conn {
    /// Statements run at `place` and are noted in `statements`, as is that a unit of work begins.
    pub(super) fn new(place: Place, statements: Statements) -> Self {
        let conn = Self { place, statements };
        if conn.is_unit_of_work() {
            conn.statements.note("BEGIN");
        }
        conn
    }

    /// Whether what is written here becomes true with a commit.
    pub(super) fn is_unit_of_work(&self) -> bool {
        matches!(self.place, Place::SqliteUnit(_) | Place::PostgresUnit(_))
    }

    /// Goes on with other rights than the unit of work began with.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn take_rights(&self, rights: Rights) -> Result<(), DbErr> {
        match &self.place {
            Place::PostgresUnit(transaction) => transaction.take_rights(rights).await,
            Place::SqliteReads(_) | Place::SqliteUnit(_) | Place::PostgresReads(_) => Ok(()),
        }
    }

    /// Makes a unit of work true.
    ///
    /// # Errors
    /// Those of the database; there is nothing to commit where only reading was meant.
    pub(super) async fn commit(self) -> Result<(), DbErr> {
        self.statements.note("COMMIT");
        match self.place {
            Place::SqliteUnit(transaction) => transaction.commit().await,
            Place::PostgresUnit(transaction) => transaction.commit().await,
            Place::SqliteReads(_) | Place::PostgresReads(_) => {
                Err(DbErr::Custom("a commit outside a unit of work".to_owned()))
            }
        }
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Conn {
    fn get_database_backend(&self) -> DbBackend {
        match &self.place {
            Place::SqliteReads(_) | Place::SqliteUnit(_) => DbBackend::Sqlite,
            Place::PostgresReads(_) | Place::PostgresUnit(_) => DbBackend::Postgres,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.statements.note(&statement.sql);
        match &self.place {
            Place::SqliteReads(pool) => pool.execute_raw(statement).await,
            Place::SqliteUnit(transaction) => transaction.execute_raw(statement).await,
            Place::PostgresReads(reads) => reads.open().await?.execute(statement).await,
            Place::PostgresUnit(transaction) => transaction.execute(statement).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.statements.note(sql);
        match &self.place {
            Place::SqliteReads(pool) => pool.execute_unprepared(sql).await,
            Place::SqliteUnit(transaction) => transaction.execute_unprepared(sql).await,
            Place::PostgresReads(reads) => reads.open().await?.execute_unprepared(sql).await,
            Place::PostgresUnit(transaction) => transaction.execute_unprepared(sql).await,
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.statements.note(&statement.sql);
        match &self.place {
            Place::SqliteReads(pool) => pool.query_one_raw(literal_limit(statement)).await,
            Place::SqliteUnit(transaction) => {
                transaction.query_one_raw(literal_limit(statement)).await
            }
            Place::PostgresReads(reads) => reads.open().await?.query_one(statement).await,
            Place::PostgresUnit(transaction) => transaction.query_one(statement).await,
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.statements.note(&statement.sql);
        match &self.place {
            Place::SqliteReads(pool) => pool.query_all_raw(literal_limit(statement)).await,
            Place::SqliteUnit(transaction) => {
                transaction.query_all_raw(literal_limit(statement)).await
            }
            Place::PostgresReads(reads) => reads.open().await?.query_all(statement).await,
            Place::PostgresUnit(transaction) => transaction.query_all(statement).await,
        }
    }
}

/// Writes a limit at the end of a query into its text.
///
/// SQLite plans with the value of a bound limit, and so compiles the statement again each time a
/// value is bound: a fifth of the time of a lookup. Limits have few different values, so the cache
/// of statements is not flooded.
fn literal_limit(mut statement: Statement) -> Statement {
    let Some(Values(values)) = &mut statement.values else { return statement };
    let (Some(text), Some(Value::BigUnsigned(Some(limit)))) =
        (statement.sql.strip_suffix(" LIMIT ?"), values.last())
    else {
        return statement;
    };
    statement.sql = format!("{text} LIMIT {limit}");
    values.pop();
    statement
}

#[cfg(test)]
mod tests {
    use entity::job;
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait};

    use super::*;

    fn of_lane() -> sea_orm::Select<job::Entity> {
        job::Entity::find().filter(job::Column::Lane.eq(job::Lane::Bulk))
    }

    #[test]
    fn a_limit_is_written_into_the_text_and_the_other_values_stay_bound() {
        let statement = literal_limit(of_lane().limit(7).build(DbBackend::Sqlite));

        assert!(statement.sql.ends_with("\"lane\" = ? LIMIT 7"), "{}", statement.sql);
        assert_eq!(statement.values.map(|Values(values)| values.len()), Some(1));
    }

    #[test]
    fn a_query_without_limit_or_with_an_offset_stays_as_it_is() {
        for query in [of_lane(), of_lane().limit(7).offset(2)] {
            let statement = query.build(DbBackend::Sqlite);

            assert_eq!(literal_limit(statement.clone()), statement);
        }
    }
}
