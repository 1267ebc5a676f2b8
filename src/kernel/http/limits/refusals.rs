//! What is known to be full.
//!
//! A counter that has refused a request will refuse every other until the time it named. That is
//! remembered in this process: a caller who does not stop is refused without asking Redis, and
//! before a token is looked at, which costs more than the refusal.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use super::window::window_ms;
use crate::config::Quota;

/// So many are remembered; beyond that a refusal costs what the first one did.
const REMEMBERED_MAX: usize = 1 << 16;

struct Full {
    until_ms: i64,
    /// The quota that was used up: with a larger one it is not full any more.
    requests: u32,
}

/// Counters that are full, and until when.
#[derive(Default)]
pub(super) struct Refusals(RwLock<HashMap<String, Full>>);

impl Refusals {
    /// How long a counter stays full; `None` when that is not known.
    pub(super) fn wait_ms(&self, key: &str, quota: Quota, now_ms: i64) -> Option<i64> {
        let full = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let full = full.get(key).filter(|full| quota.requests <= full.requests)?;
        // Longer than a window it would be only because the clock was set back.
        let wait_ms = full.until_ms - now_ms;
        (1..=window_ms(quota)).contains(&wait_ms).then_some(wait_ms)
    }

    /// Remembers that a counter is full.
    pub(super) fn remember(&self, key: &str, quota: Quota, wait_ms: i64, now_ms: i64) {
        let requests = quota.requests;
        let mut refusals = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if refusals.len() >= REMEMBERED_MAX {
            refusals.retain(|_, full| full.until_ms > now_ms);
        }
        if refusals.len() < REMEMBERED_MAX {
            refusals.insert(key.to_owned(), Full { until_ms: now_ms + wait_ms, requests });
        }
    }
}
