//! A circuit breaker: what fails again and again is left alone for a while.
//!
//! Closed, every call goes through. After [`THRESHOLD`] failures in a row it opens: for
//! [`OPEN_FOR`] nobody calls, so that requests do not wait for what will not come. Then one caller
//! at a time tries; a success closes it, a failure opens it again. The defaults are those of
//! design §6.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::clock::Clock;

/// So many failures in a row open it.
pub const THRESHOLD: u32 = 5;

/// How long it stays open before the next attempt.
pub const OPEN_FOR: TimeDelta = TimeDelta::seconds(30);

/// A circuit breaker. Named after what is called, for the log.
pub struct Breaker {
    name: &'static str,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
enum State {
    /// Calls go through; so many have failed in a row.
    Closed { failures: u32 },
    /// No call goes through until [`OPEN_FOR`] has passed; then one at a time.
    Open { since: DateTime<Utc>, trying: bool },
}

/// Leave to make one call; its outcome must be told. Dropped without (the caller has gone away) it
/// counts as neither.
#[must_use = "tell the outcome of the call"]
pub struct Permit<'b> {
    breaker: &'b Breaker,
    told: bool,
}

impl Breaker {
    /// A closed breaker.
    pub fn new(name: &'static str, clock: Arc<dyn Clock>) -> Self {
        Self { name, clock, state: Mutex::new(State::Closed { failures: 0 }) }
    }

    /// Asks for leave to call.
    ///
    /// # Errors
    /// The seconds after which to ask again, while the breaker is open.
    pub fn admit(&self) -> Result<Permit<'_>, u64> {
        let now = self.clock.now();
        if let State::Open { since, trying } = &mut *self.state() {
            let open_for = now - *since;
            // A clock that was set back must not keep it open for longer.
            if (TimeDelta::zero()..OPEN_FOR).contains(&open_for) {
                let left = (OPEN_FOR - open_for).num_seconds() + 1;
                return Err(u64::try_from(left).unwrap_or(1));
            }
            if *trying {
                return Err(1);
            }
            *trying = true;
        }
        Ok(Permit { breaker: self, told: false })
    }

    /// Whether calls are not made at present, or one at a time.
    pub fn is_open(&self) -> bool {
        matches!(*self.state(), State::Open { .. })
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// What was called has answered, whatever the answer.
    pub fn answered(mut self) {
        self.told = true;
        let mut state = self.breaker.state();
        let was_open = matches!(*state, State::Open { .. });
        *state = State::Closed { failures: 0 };
        drop(state);
        if was_open {
            tracing::info!(upstream = self.breaker.name, "it answers again");
        }
    }

    /// There was no answer, or one that only a broken system gives.
    pub fn failed(mut self) {
        self.told = true;
        let now = self.breaker.clock.now();
        let mut state = self.breaker.state();
        let (next, opens) = match *state {
            State::Closed { failures } if failures + 1 < THRESHOLD => {
                (State::Closed { failures: failures + 1 }, false)
            }
            State::Closed { .. } => (State::Open { since: now, trying: false }, true),
            State::Open { .. } => (State::Open { since: now, trying: false }, false),
        };
        *state = next;
        drop(state);
        if opens {
            tracing::warn!(
                upstream = self.breaker.name,
                retry_after_s = OPEN_FOR.num_seconds(),
                "it does not answer; the server does without it for a while"
            );
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.told {
            return;
        }
        if let State::Open { trying, .. } = &mut *self.breaker.state() {
            *trying = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::clock::MovableClock;

    fn breaker() -> (Breaker, MovableClock) {
        let clock = MovableClock::default();
        (Breaker::new("test", Arc::new(clock.clone())), clock)
    }

    fn fail(breaker: &Breaker, times: u32) {
        for _ in 0..times {
            breaker.admit().ok().unwrap().failed();
        }
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_success_between_them_does_not() {
        let (breaker, _) = breaker();

        fail(&breaker, THRESHOLD - 1);
        breaker.admit().ok().unwrap().answered();
        fail(&breaker, THRESHOLD - 1);
        assert!(breaker.admit().is_ok());
        fail(&breaker, 1);

        assert!(breaker.admit().is_err());
    }

    #[test]
    fn after_a_while_one_call_tries_and_decides() {
        let (breaker, clock) = breaker();
        fail(&breaker, THRESHOLD);

        clock.advance(OPEN_FOR);
        let trial = breaker.admit().ok().unwrap();
        assert!(breaker.admit().is_err(), "one at a time");
        trial.failed();
        assert!(breaker.admit().is_err(), "open again");
        clock.advance(OPEN_FOR);
        breaker.admit().ok().unwrap().answered();

        assert!(breaker.admit().is_ok());
    }

    #[test]
    fn a_trial_that_is_given_up_leaves_room_for_the_next() {
        let (breaker, clock) = breaker();
        fail(&breaker, THRESHOLD);
        clock.advance(OPEN_FOR);

        drop(breaker.admit().ok().unwrap());

        assert!(breaker.admit().is_ok());
    }
}
