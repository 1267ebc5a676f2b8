//! How a run differs from the usual one.

use std::time::Duration;

use crate::Result;

/// Load before the first turn of a case, in parts: nothing of it is counted.
const FIRST_WARM_UP: Duration = Duration::from_secs(1);
/// The same before every further turn: connections are new, caches are warm.
const WARM_UP: Duration = Duration::from_millis(250);

/// The settings of a run.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long each case is measured, over all turns.
    pub seconds: f64,
    /// In how many turns.
    pub rounds: u32,
    /// How many connections ask at the same time, each again as soon as it is answered.
    pub connections: u32,
    /// A Postgres where databases may be created.
    pub database_url: Option<String>,
}

impl Options {
    /// Reads them from the environment.
    ///
    /// # Errors
    /// Names the setting that cannot be used.
    pub fn read() -> Result<Self> {
        Ok(Self {
            seconds: number("BENCH_SECONDS", 5.0)?,
            rounds: number("BENCH_ROUNDS", 5)?,
            connections: number("BENCH_CONNECTIONS", 16)?,
            database_url: setting("BENCH_DATABASE_URL"),
        })
    }

    /// How long one turn of a case is measured.
    pub fn turn(&self) -> Duration {
        Duration::from_secs_f64(self.seconds / f64::from(self.rounds))
    }

    /// How long a case is asked before a turn is measured.
    pub fn warm_up(&self, round: u32) -> Duration {
        if round == 0 { FIRST_WARM_UP } else { WARM_UP }
    }
}

/// A variable of the environment, if it is set to something.
#[expect(clippy::disallowed_methods, reason = "settings of the benchmark, not of the server")]
pub fn setting(key: &str) -> Option<String> {
    std::env::var(key).ok().filter(|value| !value.is_empty())
}

fn number<T: std::str::FromStr + PartialOrd + From<u8>>(key: &str, default: T) -> Result<T> {
    match setting(key).map(|text| text.parse::<T>()) {
        None => Ok(default),
        Some(Ok(number)) if number >= T::from(1) => Ok(number),
        Some(_) => Err(format!("{key} must be a number of at least 1").into()),
    }
}
