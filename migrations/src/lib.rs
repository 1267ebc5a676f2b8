//! The schema, one change per file, for SQLite and Postgres alike.
//!
//! A migration is plain SQL in which the few types that differ are written as markers (see
//! [`dialect`]). It runs in a transaction on both databases, so that a failure leaves nothing
//! behind, and is never edited once released: a correction is a new file.
//!
//! Agency-owned tables have the primary key `(agency_id, …)`, composite foreign keys, and indexes
//! led by `agency_id`; a test reads the live schema and fails otherwise. On Postgres each gets its
//! row-level security from [`row_security`], not from the migration that makes it.

pub mod dialect;
pub mod row_security;

use sea_orm_migration::prelude::*;

/// Declares a migration module: its name, its way up and its way down.
macro_rules! migration {
    ($name:literal, up: $up:literal, down: $down:literal $(,)?) => {
        use sea_orm_migration::prelude::*;

        /// See the module.
        pub struct Migration;

        impl MigrationName for Migration {
            fn name(&self) -> &str {
                $name
            }
        }

        #[async_trait::async_trait]
        impl MigrationTrait for Migration {
            // The default is a transaction on Postgres only; a failure on SQLite would leave half
            // of the change behind.
            fn use_transaction(&self) -> Option<bool> {
                Some(true)
            }

            async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
                crate::dialect::run(manager, $up).await
            }

            async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
                crate::dialect::run(manager, $down).await
            }
        }
    };
}
use migration;

mod m20261121_000001_identity;
mod m20261121_000002_queue;
mod m20261121_000003_records;
mod m20261121_000004_clients_and_prices;
mod m20261121_000005_documents;
mod m20261121_000006_payments;
mod m20261121_000007_logo_lookup;
mod m20261121_000009_plans_and_usage;
mod m20261121_000010_security;
mod m20261121_000011_external_identities;
mod m20261121_000012_second_factor;
mod m20261121_000013_operator;
mod m20261121_000014_api_keys;
mod m20261121_000015_accent_gradient;

/// Every migration, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_identity::Migration),
            Box::new(m20261121_000002_queue::Migration),
            Box::new(m20261121_000003_records::Migration),
            Box::new(m20261121_000004_clients_and_prices::Migration),
            Box::new(m20261121_000005_documents::Migration),
            Box::new(m20261121_000006_payments::Migration),
            Box::new(m20261121_000007_logo_lookup::Migration),
            Box::new(m20261121_000009_plans_and_usage::Migration),
            Box::new(m20261121_000010_security::Migration),
            Box::new(m20261121_000011_external_identities::Migration),
            Box::new(m20261121_000012_second_factor::Migration),
            Box::new(m20261121_000013_operator::Migration),
            Box::new(m20261121_000014_api_keys::Migration),
            Box::new(m20261121_000015_accent_gradient::Migration),
        ]
    }
}
