//! The schema as it is in the database: keyed so that one agency's rows cannot touch another's,
//! indexed where it is searched, and the same as the entities say.

mod catalogue;
mod entities;
mod row_security;

use std::collections::BTreeSet;

use catalogue::{Catalogue, Table};
use entity::GLOBAL_TABLES;
use sea_orm_migration::MigratorTrait;

use crate::support::database::Database;

/// Indexes of agencies' tables that are not led by the agency, each with the reason.
const ACROSS_AGENCIES: &[(&str, &str)] = &[
    ("files_sha", "a logo is served to anybody by the hash of its content"),
    ("activity_log_across", "the operator's audit log reads all agencies in order of time"),
    ("activity_log_of_person", "the operator's audit log follows a person through all agencies"),
    ("api_keys_prefix", "an API key says by itself whose it is, before any agency is known"),
];

/// The schema of a new database.
async fn live() -> Catalogue {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::create(folder.path()).await;
    let catalogue = catalogue::read(&database).await;
    database.remove().await;
    catalogue
}

fn is_global(table: &str) -> bool {
    GLOBAL_TABLES.iter().any(|(name, _)| *name == table)
}

fn agency_owned(catalogue: &Catalogue) -> impl Iterator<Item = (&String, &Table)> {
    catalogue.iter().filter(|(name, _)| !is_global(name))
}

/// Fails with everything that was found.
fn assert_none(found: Vec<String>) {
    assert!(found.is_empty(), "\n  {}", found.join("\n  "));
}

fn leads(columns: &[String]) -> bool {
    columns.first().is_some_and(|column| column == "agency_id")
}

#[tokio::test]
async fn every_table_is_global_for_a_reason_or_keyed_by_its_agency() {
    let catalogue = live().await;

    let unkeyed = agency_owned(&catalogue).filter(|(_, table)| !leads(&table.primary_key));
    assert_none(unkeyed.map(|(name, table)| format!("{name}: {:?}", table.primary_key)).collect());
    let gone = GLOBAL_TABLES.iter().filter(|(name, _)| !catalogue.contains_key(*name));
    assert_none(gone.map(|(name, _)| format!("{name} is global, and does not exist")).collect());
}

#[tokio::test]
async fn a_foreign_key_to_an_agency_s_row_names_the_agency() {
    let catalogue = live().await;
    let mut wrong = Vec::new();

    for (name, table) in &catalogue {
        for key in table.foreign_keys.iter().filter(|key| !is_global(&key.table)) {
            if !leads(&key.columns) || !leads(&key.referenced) || key.columns.len() < 2 {
                wrong.push(format!(
                    "{name} {:?} -> {} {:?}",
                    key.columns, key.table, key.referenced
                ));
            }
        }
    }

    assert_none(wrong);
}

#[tokio::test]
async fn every_index_of_an_agency_s_table_is_led_by_the_agency() {
    let catalogue = live().await;
    let mut wrong = Vec::new();

    for (name, table) in agency_owned(&catalogue) {
        // A reference to a global table is followed from there, across agencies: the people of an
        // agency before one is chosen, and the rows of a person who is deleted.
        let followed = |columns: &[String]| {
            table.foreign_keys.iter().any(|key| is_global(&key.table) && key.columns == columns)
        };
        for index in table.indexes.iter().filter(|index| !leads(&index.columns)) {
            let allowed = ACROSS_AGENCIES.iter().any(|(name, _)| *name == index.name);
            if index.unique || !(allowed || followed(&index.columns)) {
                wrong.push(format!("{name}: {} {:?}", index.name, index.columns));
            }
        }
    }

    assert_none(wrong);
}

#[tokio::test]
async fn every_foreign_key_has_an_index() {
    let catalogue = live().await;
    let mut wrong = Vec::new();

    for (name, table) in &catalogue {
        let mut searched: Vec<&[String]> = vec![&table.primary_key];
        let whole = table.indexes.iter().filter(|index| !index.partial);
        searched.extend(whole.map(|index| index.columns.as_slice()));
        for key in &table.foreign_keys {
            if !searched.iter().any(|columns| columns.starts_with(&key.columns)) {
                wrong.push(format!("{name} {:?} -> {}", key.columns, key.table));
            }
        }
    }

    assert_none(wrong);
}

#[tokio::test]
async fn entities_and_tables_have_the_same_columns() {
    let catalogue = live().await;
    let entities = entities::all();
    let mut wrong = Vec::new();

    let tables: BTreeSet<&String> =
        catalogue.keys().filter(|name| *name != "seaql_migrations").collect();
    assert_eq!(tables, entities.keys().collect::<BTreeSet<_>>());
    for (table, columns) in &entities {
        let live = &catalogue[table].columns;
        let names: BTreeSet<&String> = live.keys().chain(columns.keys()).collect();
        for name in names {
            match (live.get(name), columns.get(name)) {
                (Some(live), Some(column)) => {
                    if live.nullable != column.nullable {
                        wrong.push(format!("{table}.{name}: nullable in one of them only"));
                    }
                    let is_postgres = live.kind.chars().all(|c| !c.is_ascii_uppercase());
                    if is_postgres && live.kind != column.kind {
                        wrong.push(format!("{table}.{name}: {} and {}", live.kind, column.kind));
                    }
                }
                (Some(_), None) => wrong.push(format!("{table}.{name} is in the table only")),
                (None, _) => wrong.push(format!("{table}.{name} is in the entity only")),
            }
        }
    }

    assert_none(wrong);
}

#[tokio::test]
async fn every_migration_can_be_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::create_empty(folder.path()).await;
    let config = database.config();
    let count = migrations::Migrator::migrations().len();
    assert_eq!(kernel::store::migrate(&config).await.unwrap(), count);
    let first = catalogue::read(&database).await;

    for left in (0..count).rev() {
        kernel::store::rollback(&config, 1).await.unwrap();
        let applied = kernel::store::migration_status(&config).await.unwrap();
        assert_eq!(applied.iter().filter(|(_, applied)| *applied).count(), left);
    }
    let nothing = catalogue::read(&database).await;
    kernel::store::migrate(&config).await.unwrap();
    let second = catalogue::read(&database).await;
    database.remove().await;

    assert_eq!(nothing.keys().collect::<Vec<_>>(), ["seaql_migrations"]);
    assert_eq!(first, second);
}

#[tokio::test]
async fn several_processes_may_migrate_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::create_empty(folder.path()).await;
    let config = database.config();

    let all = futures_util::future::join_all((0..4).map(|_| kernel::store::migrate(&config))).await;
    let status = kernel::store::migration_status(&config).await.unwrap();
    database.remove().await;

    for result in all {
        result.unwrap();
    }
    assert!(status.iter().all(|(_, applied)| *applied));
}
