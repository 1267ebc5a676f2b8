//! The counting rule: a sliding window, exact in one direction.
//!
//! A budget of `q` requests in `w` seconds admits a request when fewer than `q` were admitted in the
//! `w` seconds before it. To remember each of them would cost as much memory as a budget is large,
//! so requests that are close together (within a [`GRAINS`]th of the window) are remembered as one
//! group, at the time of its latest. A group therefore leaves the window a little late and never
//! early: no `w` seconds ever hold more than `q` requests, and a counter never holds more than
//! [`GRAINS`] + 1 groups. The script `window.lua` follows the same rule.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::config::Quota;

/// Into so many parts a window is divided.
pub(super) const GRAINS: i64 = 64;

/// Maps that can be locked apart from each other.
const SHARDS: u64 = 16;

/// Counters in one of them, at most: in all a quarter of a million.
const COUNTERS_MAX: usize = 1 << 14;

/// What has expired is removed from a map after so many new counters.
const SWEEP_EVERY: usize = 1 << 10;

/// How a counter stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    /// Requests in the window, this one included when it was admitted.
    pub(super) used: u32,
    /// Until a request would be admitted; 0 when this one was, or another budget refused it.
    pub(super) wait_ms: i64,
    /// Until nothing is left in the window, if nothing else comes.
    pub(super) empty_ms: i64,
}

/// What is to be counted: a counter's name and its budget.
pub(super) type Item<'c> = (&'c str, Quota);

/// A quota's window in milliseconds.
pub(super) fn window_ms(quota: Quota) -> i64 {
    i64::from(quota.seconds).saturating_mul(1000)
}

#[derive(Clone, Copy, Debug)]
struct Group {
    last_ms: i64,
    count: u32,
}

/// One counter.
#[derive(Debug, Default)]
struct Counter {
    groups: VecDeque<Group>,
    used: u32,
    window_ms: i64,
}

impl Counter {
    /// Forgets what has left the window. What lies in the future, because the clock was set back,
    /// counts as of now: nobody waits for longer than a window.
    fn settle(&mut self, now_ms: i64, window_ms: i64) {
        self.window_ms = window_ms;
        for group in &mut self.groups {
            group.last_ms = group.last_ms.min(now_ms);
        }
        while let Some(group) = self.groups.front() {
            if group.last_ms > now_ms - window_ms {
                break;
            }
            self.used = self.used.saturating_sub(group.count);
            self.groups.pop_front();
        }
    }

    /// How long until fewer than the quota are left, for a counter that is settled.
    fn wait_ms(&self, requests: u32, now_ms: i64) -> i64 {
        let mut left = self.used;
        for group in &self.groups {
            if left < requests {
                break;
            }
            left = left.saturating_sub(group.count);
            if left < requests {
                return group.last_ms + self.window_ms - now_ms;
            }
        }
        0
    }

    fn add(&mut self, now_ms: i64, window_ms: i64) {
        self.window_ms = window_ms;
        self.used = self.used.saturating_add(1);
        let grain = (self.window_ms / GRAINS).max(1);
        match self.groups.back_mut() {
            Some(group) if group.last_ms / grain == now_ms / grain => {
                *group = Group { last_ms: now_ms, count: group.count.saturating_add(1) };
            }
            _ => self.groups.push_back(Group { last_ms: now_ms, count: 1 }),
        }
    }

    fn is_over(&self, now_ms: i64) -> bool {
        self.groups.back().is_none_or(|group| group.last_ms <= now_ms - self.window_ms)
    }

    fn empty_ms(&self, now_ms: i64) -> i64 {
        self.groups.back().map_or(0, |group| (group.last_ms + self.window_ms - now_ms).max(0))
    }
}

/// Some of the counters.
#[derive(Debug, Default)]
struct Shard {
    counters: HashMap<String, Counter>,
    made: usize,
}

impl Shard {
    /// Room for one more counter. Where there are too many even without those that have expired,
    /// those that have counted least are forgotten: a flood of made-up keys pushes itself out, and
    /// not the keys that are close to their limit.
    fn make_room(&mut self, now_ms: i64) {
        self.made += 1;
        let is_full = self.counters.len() >= COUNTERS_MAX;
        if !is_full && !self.made.is_multiple_of(SWEEP_EVERY) {
            return;
        }
        self.counters.retain(|_, counter| !counter.is_over(now_ms));
        let mut least = 1;
        while self.counters.len() >= COUNTERS_MAX {
            self.counters.retain(|_, counter| counter.used > least);
            least = least.saturating_mul(4);
        }
    }
}

/// Counters in this process.
pub(super) struct Windows {
    hasher: RandomState,
    shards: Vec<Mutex<Shard>>,
}

impl Default for Windows {
    fn default() -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { hasher: RandomState::new(), shards }
    }
}

impl Windows {
    /// Counts one request in all the counters, or in none when one of them is full.
    pub(super) fn count(&self, items: &[Item<'_>], now_ms: i64) -> Vec<Count> {
        // Locked in order, so that two requests never wait for each other.
        let place = |key: &str| usize::try_from(self.hasher.hash_one(key) % SHARDS).unwrap_or(0);
        let places: Vec<usize> = items.iter().map(|(key, _)| place(key)).collect();
        let mut order = places.clone();
        order.sort_unstable();
        order.dedup();
        let mut locked: Vec<(usize, MutexGuard<'_, Shard>)> = order
            .into_iter()
            .filter_map(|place| Some((place, self.shards.get(place)?)))
            .map(|(place, shard)| (place, shard.lock().unwrap_or_else(PoisonError::into_inner)))
            .collect();

        let mut counts = vec![Count::default(); items.len()];
        let mut is_refused = false;
        for charging in [false, true] {
            if charging && is_refused {
                break;
            }
            for (((key, quota), place), count) in items.iter().zip(&places).zip(&mut counts) {
                let Some((_, shard)) = locked.iter_mut().find(|(known, _)| known == place) else {
                    continue;
                };
                if !shard.counters.contains_key(*key) {
                    shard.make_room(now_ms);
                }
                let counter = shard.counters.entry((*key).to_owned()).or_default();
                if charging {
                    counter.add(now_ms, window_ms(*quota));
                } else {
                    counter.settle(now_ms, window_ms(*quota));
                    count.wait_ms = counter.wait_ms(quota.requests, now_ms);
                    is_refused |= count.wait_ms > 0;
                }
                count.used = counter.used;
                count.empty_ms = counter.empty_ms(now_ms);
            }
        }
        counts
    }
}

#[cfg(test)]
#[expect(clippy::as_conversions, reason = "numbers of tests are small")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEN: Quota = Quota { requests: 10, seconds: 60 };

    fn admits(windows: &Windows, key: &str, quota: Quota, now_ms: i64) -> bool {
        windows.count(&[(key, quota)], now_ms).iter().all(|count| count.wait_ms == 0)
    }

    #[test]
    fn the_request_beyond_the_quota_waits_until_the_first_has_left() {
        let windows = Windows::default();
        for n in 0..10 {
            assert!(admits(&windows, "a", TEN, 1_000_000 + n * 5_000));
        }

        let full = windows.count(&[("a", TEN)], 1_046_000);

        assert_eq!(full, [Count { used: 10, wait_ms: 14_000, empty_ms: 59_000 }]);
        assert!(admits(&windows, "b", TEN, 1_046_000));
        assert!(!admits(&windows, "a", TEN, 1_059_999));
        assert!(admits(&windows, "a", TEN, 1_060_000));
        assert!(!admits(&windows, "a", TEN, 1_060_001));
    }

    #[test]
    fn a_request_that_one_budget_refuses_is_counted_in_none() {
        let windows = Windows::default();
        let one = Quota { requests: 1, seconds: 60 };
        assert!(admits(&windows, "tight", one, 0));

        for _ in 0..20 {
            let counts = windows.count(&[("wide", TEN), ("tight", one)], 1);
            assert_eq!(counts.iter().map(|count| count.used).collect::<Vec<_>>(), [0, 1]);
        }
    }

    #[test]
    fn a_clock_that_is_set_back_makes_nobody_wait_for_longer_than_a_window() {
        let windows = Windows::default();
        for _ in 0..10 {
            assert!(admits(&windows, "a", TEN, 100_000_000));
        }

        let counts = windows.count(&[("a", TEN)], 5_000_000);

        assert_eq!(counts.first().map(|count| count.wait_ms), Some(60_000));
    }

    #[test]
    fn made_up_keys_push_out_themselves_and_not_a_key_at_its_limit() {
        let windows = Windows::default();
        for _ in 0..10 {
            admits(&windows, "guilty", TEN, 1);
        }

        for n in 0..(SHARDS as usize * COUNTERS_MAX * 2) {
            admits(&windows, &n.to_string(), TEN, 2);
        }

        let kept: usize = windows.shards.iter().map(|s| s.lock().unwrap().counters.len()).sum();
        assert!(kept <= SHARDS as usize * COUNTERS_MAX, "{kept}");
        assert!(!admits(&windows, "guilty", TEN, 3));
    }

    #[test]
    fn what_has_expired_is_forgotten() {
        let windows = Windows::default();
        for n in 0..50_000 {
            admits(&windows, &n.to_string(), TEN, 0);
        }
        for n in 50_000..100_000 {
            admits(&windows, &n.to_string(), TEN, 60_000);
        }

        let kept: usize = windows.shards.iter().map(|s| s.lock().unwrap().counters.len()).sum();
        assert!(kept <= 50_000 + SHARDS as usize * SWEEP_EVERY, "{kept}");
    }

    proptest! {
        #[test]
        fn no_window_ever_holds_more_than_the_quota(
            gaps in proptest::collection::vec(0_i64..4_000, 1..400),
            requests in 1_u32..20,
            seconds in 1_u32..30,
        ) {
            let (windows, quota) = (Windows::default(), Quota { requests, seconds });
            let (mut now, mut admitted) = (1_700_000_000_000, Vec::<i64>::new());
            let window = window_ms(quota);
            for gap in gaps {
                now += gap;
                let used = admitted.iter().filter(|at| **at > now - window).count();
                let late = admitted.iter().filter(|at| **at > now - window - window / GRAINS - 1);
                let late = late.count();
                let count = windows.count(&[("k", quota)], now)[0];
                if count.wait_ms == 0 {
                    prop_assert!(used < requests as usize);
                    admitted.push(now);
                } else {
                    // Refused only for what is in the window, or has left it by less than a grain.
                    prop_assert!(late >= requests as usize);
                    prop_assert!(count.wait_ms <= window);
                }
            }
        }
    }
}
