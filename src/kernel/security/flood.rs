//! A bound on what strangers can write.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};

use super::FLOOD_MAX;
use super::event::Parts;

/// Addresses that are remembered at most; beyond that nothing is written until some are forgotten.
const REMEMBERED_MAX: usize = 20_000;

/// How long it is remembered how much was left out.
const REMEMBERED_FOR: TimeDelta = TimeDelta::minutes(10);
/// Something that a stranger did from one address.
type Topic = (Option<IpAddr>, &'static str, String);

/// Remembers what was written lately, so that strangers cannot fill the log.
#[derive(Debug, Default)]
pub struct FloodGuard {
    state: Mutex<FloodState>,
}

#[derive(Debug, Default)]
struct FloodState {
    /// Until when a topic is not written again, and how often it was left out since.
    quiet: HashMap<Topic, (DateTime<Utc>, u32)>,
    /// When the current minute began, and what was written in it.
    minute: Option<DateTime<Utc>>,
    written: u32,
}

impl FloodGuard {
    /// Whether an event is written; then, how many of its kind were left out before it.
    pub(super) fn admit(
        &self,
        parts: &Parts<'_>,
        ip: Option<IpAddr>,
        now: DateTime<Utc>,
    ) -> Option<u32> {
        let Some(every) = parts.every else { return Some(0) };
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if state.minute.is_none_or(|begun| (now - begun).abs() >= TimeDelta::minutes(1)) {
            state.minute = Some(now);
            state.written = 0;
            state.quiet.retain(|_, (until, left_out)| {
                let longer = if *left_out > 0 { REMEMBERED_FOR } else { TimeDelta::zero() };
                *until + longer > now
            });
        }
        let (kind, reason) = parts.topic();
        let topic = (ip, kind, reason);
        let left_out = match state.quiet.get_mut(&topic) {
            Some((until, left_out)) if *until > now => {
                *left_out = left_out.saturating_add(1);
                return None;
            }
            Some((_, left_out)) => *left_out,
            None => 0,
        };
        // What is remembered for long must not crowd out the rest.
        let room = if every > TimeDelta::minutes(1) { REMEMBERED_MAX / 2 } else { REMEMBERED_MAX };
        if state.written >= FLOOD_MAX || state.quiet.len() >= room {
            return None;
        }
        state.written += 1;
        state.quiet.insert(topic, (now + every, 0));
        Some(left_out)
    }
}

#[cfg(test)]
mod tests {
    use entity::UserId;

    use super::super::event::{SecurityEvent, TokenFault};
    use super::*;
    use crate::ports::clock::{Clock, MovableClock};

    fn refused(fault: TokenFault) -> Parts<'static> {
        SecurityEvent::AccessTokenInvalid { fault }.parts()
    }

    fn ip(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([203, 0, 113, last]))
    }

    #[test]
    fn one_address_writes_one_row_a_minute_for_each_reason() {
        let (guard, clock) = (FloodGuard::default(), MovableClock::default());
        let admit = |fault, ip| guard.admit(&refused(fault), ip, clock.now());

        assert_eq!(admit(TokenFault::Key, ip(1)), Some(0));
        assert_eq!(admit(TokenFault::Key, ip(1)), None);
        assert_eq!(admit(TokenFault::Key, ip(1)), None);
        assert_eq!(admit(TokenFault::Signature, ip(1)), Some(0));
        assert_eq!(admit(TokenFault::Key, ip(2)), Some(0));
    }

    #[test]
    fn all_addresses_together_write_a_bounded_number_of_rows_a_minute() {
        let (guard, clock) = (FloodGuard::default(), MovableClock::default());
        let now = clock.now();
        let attempts = (0..FLOOD_MAX * 3).map(|n| {
            let ip = IpAddr::from(std::net::Ipv4Addr::from_bits(n));
            guard.admit(&refused(TokenFault::Key), Some(ip), now)
        });

        let written = attempts.filter(Option::is_some).count();

        assert_eq!(written, usize::try_from(FLOOD_MAX).unwrap());
        let later = now + TimeDelta::minutes(1);
        assert!(guard.admit(&refused(TokenFault::Key), ip(9), later).is_some());
    }

    #[test]
    fn what_people_do_is_never_left_out() {
        let (guard, clock) = (FloodGuard::default(), MovableClock::default());
        let login =
            SecurityEvent::Login { user_id: UserId(uuid::Uuid::nil()), method: "magic_link" };

        for _ in 0..3 {
            assert_eq!(guard.admit(&login.parts(), ip(1), clock.now()), Some(0));
        }
    }
}
