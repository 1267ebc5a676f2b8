//! Time, ids and randomness, as things that are handed in.
//!
//! Nothing else in the server asks the system for them, so that a test can move the clock and
//! repeat a run. The lint list in `clippy.toml` bans the ways around.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Duration, SubsecRound, Utc};
use rand::RngCore;
use uuid::Uuid;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The current instant, cut to microseconds (what Postgres keeps), so that a value read back
    /// equals the one written.
    fn now(&self) -> DateTime<Utc>;
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock's home")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6)
    }
}

/// A clock that runs with the system's, shifted by what tests add.
#[derive(Clone, Debug, Default)]
pub struct MovableClock {
    shift_us: Arc<AtomicI64>,
}

impl MovableClock {
    /// Moves the clock; backwards too.
    pub fn advance(&self, by: Duration) {
        self.shift_us.fetch_add(by.num_microseconds().unwrap_or(0), Ordering::SeqCst);
    }
}

impl Clock for MovableClock {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + Duration::microseconds(self.shift_us.load(Ordering::SeqCst))
    }
}

/// Draws ids.
pub trait Ids: Send + Sync {
    /// A new UUIDv7 (RFC 9562): in order of time, and of drawing within one process.
    fn next(&self, now: DateTime<Utc>) -> Uuid;
}

/// UUIDv7 from the given time, with a counter that keeps the order within a millisecond.
pub struct TimeOrderedIds {
    context: std::sync::Mutex<uuid::timestamp::context::ContextV7>,
}

impl Default for TimeOrderedIds {
    fn default() -> Self {
        Self { context: std::sync::Mutex::new(uuid::timestamp::context::ContextV7::new()) }
    }
}

impl Ids for TimeOrderedIds {
    fn next(&self, now: DateTime<Utc>) -> Uuid {
        let context = self.context.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
        Uuid::new_v7(uuid::Timestamp::from_unix(&*context, seconds, now.timestamp_subsec_nanos()))
    }
}

/// Draws random bytes that nobody can guess.
pub trait Rng: Send + Sync {
    /// Fills the slice.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's generator, through a per-thread CSPRNG.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRng;

impl Rng for SystemRng {
    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_drawn_in_one_instant_keep_their_order() {
        let ids = TimeOrderedIds::default();
        let now = SystemClock.now();
        let drawn: Vec<Uuid> = (0..1000).map(|_| ids.next(now)).collect();

        let mut sorted = drawn.clone();
        sorted.sort_unstable();
        sorted.dedup();

        assert_eq!(drawn, sorted);
    }

    #[test]
    fn the_movable_clock_moves() {
        let clock = MovableClock::default();
        let before = clock.now();

        clock.advance(Duration::days(31));

        assert!(clock.now() - before >= Duration::days(31));
    }
}
