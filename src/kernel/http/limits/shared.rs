//! Counters in Redis, for replicas that count together.
//!
//! One script does all of a request's counters in one round trip, and in one piece: Redis runs
//! nothing else meanwhile. The time comes from the server's clock and not from Redis, so that
//! tests can move it; replicas keep their clocks together (NTP), and a difference of some
//! milliseconds moves a window by as much and no more. Every counter expires with its window.

use redis::{RedisError, Script};

use super::window::{Count, GRAINS, Item, window_ms};
use crate::ports::redis::{Away, Redis};

/// Numbers that the script returns for each counter.
const NUMBERS: usize = 3;

/// Counters in Redis.
pub(super) struct SharedWindows {
    redis: Redis,
    script: Script,
}

impl SharedWindows {
    pub(super) fn new(redis: Redis) -> Self {
        Self { redis, script: Script::new(include_str!("window.lua")) }
    }

    /// Counts one request in all the counters, or in none when one of them is full.
    pub(super) async fn count(&self, items: &[Item<'_>], now_ms: i64) -> Result<Vec<Count>, Away> {
        let mut call = self.script.prepare_invoke();
        call.arg(now_ms).arg(GRAINS);
        for (key, quota) in items {
            call.key(*key).arg(quota.requests).arg(window_ms(*quota));
        }
        // A script that Redis has lost in a restart is loaded again by the same call.
        let numbers: Vec<i64> = self
            .redis
            .call(async |connection| {
                let numbers: Vec<i64> = call.invoke_async(connection).await?;
                if numbers.len() == items.len() * NUMBERS {
                    Ok(numbers)
                } else {
                    Err(RedisError::from((redis::ErrorKind::Client, "an answer of another length")))
                }
            })
            .await?;
        let counts = numbers.chunks_exact(NUMBERS).map(|numbers| match *numbers {
            [used, wait_ms, empty_ms] => {
                Count { used: u32::try_from(used).unwrap_or(u32::MAX), wait_ms, empty_ms }
            }
            _ => Count::default(),
        });
        Ok(counts.collect())
    }
}
