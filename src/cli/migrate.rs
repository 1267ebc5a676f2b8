//! `retainer migrate`: the schema of the database.

use clap::Subcommand;
use kernel::config::Config;
use kernel::store;

use super::{Failure, say};

/// What to do with the schema.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(super) enum Direction {
    /// Apply every migration that waits.
    Up,
    /// Take back the newest migrations, and what they hold with them.
    Down {
        /// How many.
        #[arg(long, default_value_t = 1)]
        steps: u32,
    },
    /// List every migration and whether it has been applied.
    Status,
}

/// Changes the schema, or shows where it stands.
pub(super) async fn run(config: &Config, direction: Direction) -> Result<(), Failure> {
    match direction {
        Direction::Up => match store::migrate(&config.database).await? {
            0 => say("the schema is up to date"),
            count => say(&format!("applied {count} migrations")),
        },
        Direction::Down { steps } => {
            store::rollback(&config.database, steps).await?;
            say(&format!("took back {steps} migrations"));
        }
        Direction::Status => {
            for (name, applied) in store::migration_status(&config.database).await? {
                say(&format!("{}  {name}", if applied { "applied" } else { "waiting" }));
            }
        }
    }
    Ok(())
}

/// The migrations that have not been applied.
pub(super) async fn waiting(config: &Config) -> Result<Vec<String>, Failure> {
    let all = store::migration_status(&config.database).await?;
    Ok(all.into_iter().filter(|(_, applied)| !applied).map(|(name, _)| name).collect())
}
