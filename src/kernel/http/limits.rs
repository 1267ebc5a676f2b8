//! Rate limits: every operation belongs to one class (spec §14.3).
//!
//! A class has one or more budgets, each counted per key (address, person, agency, public token)
//! by the generic cell rate algorithm. Answers say what is left
//! (draft-ietf-httpapi-ratelimit-headers); a refusal says when to come back.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::Reference;
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota as Rate, RateLimiter};

use crate::config::Quota;
use crate::error::{Error, Result};
use crate::ports::clock::Clock;

/// Whom a budget is counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitKey {
    /// The client's address.
    Address,
    /// The public token in the path.
    Token,
    /// The signed-in person.
    Person,
    /// The agency.
    Agency,
    /// The e-mail address named in the request; counted by the operation itself.
    Recipient,
}

/// A budget: so many requests in so many seconds, for each key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// For whom.
    pub key: LimitKey,
    /// How many.
    pub quota: Quota,
}

const fn per(key: LimitKey, requests: u32, seconds: u32) -> Budget {
    Budget { key, quota: Quota { requests, seconds } }
}

macro_rules! classes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal [$($key:ident $requests:literal / $seconds:literal),+];)+) => {
        /// A class of operations that draw on the same budgets.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum LimitClass { $($(#[$doc])* $variant,)+ }

        impl LimitClass {
            /// Every class.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// As shown in headers and in the OpenAPI document.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The budgets, tightest first.
            pub const fn budgets(self) -> &'static [Budget] {
                match self {
                    $(Self::$variant => const { &[$(per(LimitKey::$key, $requests, $seconds)),+] },)+
                }
            }
        }
    };
}

classes! {
    /// Health, reference pages, static files.
    Operations = "operations" [Address 600/60];
    /// Reading through a public link.
    PublicRead = "public_read" [Address 60/60];
    /// Answering through a public link.
    PublicWrite = "public_write" [Token 10/60, Address 30/60];
    /// PDF through a public link.
    PublicPdf = "public_pdf" [Token 6/60];
    /// Asking for a sign-in link.
    MagicLink = "magic_link" [Recipient 5/3600, Address 20/3600];
    /// Other steps of signing in.
    SignIn = "sign_in" [Address 30/60];
    /// The API for signed-in people.
    Authenticated = "authenticated" [Person 300/60];
    /// PDF for signed-in people.
    Pdf = "pdf" [Agency 30/60];
    /// Sending mail to clients.
    EmailSending = "email_sending" [Agency 100/3600];
    /// Uploading files.
    Upload = "upload" [Person 60/3600];
}

/// The governor's view of the server's clock.
#[derive(Clone)]
struct PortClock(Arc<dyn Clock>);

impl governor::clock::Clock for PortClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let nanos = self.0.now().timestamp_nanos_opt().unwrap_or(0);
        Nanos::new(u64::try_from(nanos).unwrap_or(0))
    }
}

type Keyed = RateLimiter<String, DashMapStateStore<String>, PortClock, StateInformationMiddleware>;

/// A budget with its counters.
struct Counter {
    budget: Budget,
    keyed: Keyed,
}

/// Counts requests in this process.
pub struct Limiter {
    clock: PortClock,
    classes: Vec<(LimitClass, Vec<Counter>)>,
    checks: AtomicU32,
}

/// What is left after a request that was let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// The class.
    pub class: LimitClass,
    /// The tightest budget.
    pub quota: Quota,
    /// Requests left in it.
    pub left: u32,
}

/// Forget idle keys after so many checks.
const FORGET_EVERY: u32 = 4096;

impl Limiter {
    /// Starts counting; `changed` replaces the quotas of a class by its name.
    pub fn new(changed: &BTreeMap<String, Quota>, clock: Arc<dyn Clock>) -> Self {
        let clock = PortClock(clock);
        let counter = |class: LimitClass, budget: &Budget| {
            let quota = changed.get(class.name()).copied().unwrap_or(budget.quota);
            let keyed = Keyed::new(rate(quota), DashMapStateStore::default(), clock.clone());
            Counter { budget: Budget { quota, ..*budget }, keyed }
        };
        let classes = LimitClass::ALL
            .iter()
            .map(|class| (*class, class.budgets().iter().map(|b| counter(*class, b)).collect()))
            .collect();
        Self { clock: clock.clone(), classes, checks: AtomicU32::new(0) }
    }

    /// Counts one request in every budget of its class for which there is a key.
    ///
    /// # Errors
    /// [`Error::RateLimited`] when one of them is used up.
    pub fn check(
        &self,
        class: LimitClass,
        key: impl Fn(LimitKey) -> Option<String>,
    ) -> Result<Option<Remaining>> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.forget_idle_keys();
        }
        let counters = self.classes.iter().find(|(known, _)| *known == class);
        let mut tightest: Option<Remaining> = None;
        for counter in counters.map_or(&[][..], |(_, counters)| counters) {
            let Some(key) = key(counter.budget.key) else { continue };
            match counter.keyed.check_key(&key) {
                Ok(snapshot) => {
                    let left = snapshot.remaining_burst_capacity();
                    if tightest.is_none_or(|other| left < other.left) {
                        tightest = Some(Remaining { class, quota: counter.budget.quota, left });
                    }
                }
                Err(not_until) => {
                    let now = governor::clock::Clock::now(&self.clock);
                    let wait: Duration = not_until.earliest_possible().duration_since(now).into();
                    return Err(Error::RateLimited { retry_after_s: wait.as_secs() + 1 });
                }
            }
        }
        Ok(tightest)
    }

    fn forget_idle_keys(&self) {
        for counter in self.classes.iter().flat_map(|(_, counters)| counters) {
            counter.keyed.retain_recent();
        }
    }
}

/// A burst of the whole quota, refilled evenly over its time.
fn rate(quota: Quota) -> Rate {
    let requests = NonZeroU32::new(quota.requests).unwrap_or(NonZeroU32::MIN);
    let period = Duration::from_secs(quota.seconds.into()) / requests.get();
    Rate::with_period(period.max(Duration::from_nanos(1)))
        .unwrap_or_else(|| Rate::per_second(requests))
        .allow_burst(requests)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::ports::clock::MovableClock;

    #[test]
    fn the_request_beyond_the_quota_is_refused_until_time_has_passed() {
        let clock = MovableClock::default();
        let limiter = Limiter::new(&BTreeMap::new(), Arc::new(clock.clone()));
        let check =
            |who: &'static str| limiter.check(LimitClass::PublicRead, |_| Some(who.to_owned()));

        for _ in 0..60 {
            check("a").unwrap();
        }
        let refused = check("a").unwrap_err();

        assert_eq!(refused.code(), "rate_limited");
        assert!(check("b").is_ok());
        clock.advance(TimeDelta::seconds(2));
        assert!(check("a").is_ok());
    }

    #[test]
    fn the_tightest_budget_is_reported() {
        let limiter = Limiter::new(&BTreeMap::new(), Arc::new(MovableClock::default()));

        let left = limiter.check(LimitClass::PublicWrite, |_| Some("x".to_owned())).unwrap();

        assert_eq!(left.map(|remaining| remaining.left), Some(9));
    }

    #[test]
    fn configuration_changes_a_class() {
        let changed = BTreeMap::from([("sign_in".to_owned(), Quota { requests: 1, seconds: 60 })]);
        let limiter = Limiter::new(&changed, Arc::new(MovableClock::default()));
        let check = || limiter.check(LimitClass::SignIn, |_| Some("x".to_owned()));

        assert!(check().is_ok());
        assert!(check().is_err());
    }
}
