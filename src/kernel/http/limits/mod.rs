//! Rate limits: every operation belongs to one class (spec §14.3).
//!
//! A class has one or more budgets, each counted per key (address, person, agency, public link) in
//! a sliding window. Replicas count together in Redis where there is one; while it does not answer,
//! and where there is none, each process counts by itself: a request is never let through uncounted
//! and never fails for want of a counter. Answers say what is left
//! (draft-ietf-httpapi-ratelimit-headers); a refusal says when to come back.
//!
//! Counters that belong to an agency carry its id at the head of their name. Names hold no secret
//! and no e-mail address: what could be one is hashed.

mod class;
mod headers;
mod meter;
mod refusals;
mod shared;
mod window;

use std::sync::Arc;

use entity::agency::Tier;

pub use self::class::{Budget, LimitClass, LimitKey};
pub(crate) use self::headers::set as set_headers;
pub(crate) use self::meter::{Meter, Who};

use self::class::Budgets;
use self::refusals::Refusals;
use self::shared::SharedWindows;
use self::window::{Count, Windows};
use crate::config::{Config, Quota};
use crate::error::{Error, Result};
use crate::ports::clock::Clock;
use crate::ports::redis::Redis;
use crate::text::sha256_hex;

/// One budget that a request draws on, with the counter of its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    class: LimitClass,
    quota: Quota,
    counter: String,
}

/// How a budget stands after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The class.
    pub class: LimitClass,
    /// The budget.
    pub quota: Quota,
    /// Requests left in it.
    pub left: u32,
    /// Seconds until all of it is there again if nothing else comes; of a budget that is used up,
    /// until the next request is taken.
    pub reset_s: u64,
}

impl Standing {
    /// The one of two that leaves less.
    pub fn tighter(a: Option<Self>, b: Option<Self>) -> Option<Self> {
        match (a, b) {
            (Some(a), Some(b)) => Some(if a.left <= b.left { a } else { b }),
            (a, b) => a.or(b),
        }
    }
}

/// A budget is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused(pub Standing);

impl From<Refused> for Error {
    fn from(Refused(standing): Refused) -> Self {
        Self::RateLimited { retry_after_s: standing.reset_s }
    }
}

/// Counts requests.
pub struct Limiter {
    clock: Arc<dyn Clock>,
    budgets: Budgets,
    shared: Option<SharedWindows>,
    local: Windows,
    refusals: Refusals,
}

impl Limiter {
    /// Starts counting, in Redis where the configuration names one. Does not wait for it.
    ///
    /// # Errors
    /// [`Error::Internal`] for an address of Redis that is none.
    pub fn new(config: &Config, clock: Arc<dyn Clock>) -> Result<Self> {
        let timeout = config.redis_timeout;
        let redis = config.redis_url.as_ref().map(|url| Redis::new(url, timeout, clock.clone()));
        Ok(Self {
            shared: redis.transpose()?.map(SharedWindows::new),
            clock,
            budgets: Budgets::new(&config.rate_limits),
            local: Windows::default(),
            refusals: Refusals::default(),
        })
    }

    /// What a request of a class draws on: one charge for each budget for which there is a key.
    /// `tier` is that of the agency, where there is one.
    pub fn charges(
        &self,
        class: LimitClass,
        tier: Option<Tier>,
        key: impl Fn(LimitKey) -> Option<String>,
    ) -> Vec<Charge> {
        let budgets = self.budgets.of(class).iter();
        budgets
            .filter_map(|budget| {
                let counter = counter(class, budget.key, &key(budget.key)?);
                Some(Charge { class, quota: budget.quota_of(tier), counter })
            })
            .collect()
    }

    /// Whether one of the budgets is known to be used up. Counts nothing, asks nobody.
    ///
    /// # Errors
    /// [`Refused`] when it is.
    pub fn peek(&self, charges: &[Charge]) -> Result<(), Refused> {
        let now_ms = self.now_ms();
        let known = charges.iter().filter_map(|charge| {
            let wait_ms = self.refusals.wait_ms(&charge.counter, charge.quota, now_ms)?;
            Some((charge, wait_ms))
        });
        match known.max_by_key(|(_, wait_ms)| *wait_ms) {
            Some((charge, wait_ms)) => Err(Refused(charge.full(wait_ms))),
            None => Ok(()),
        }
    }

    /// Counts one request in all the budgets, or in none when one of them is used up. Returns the
    /// one with the least left.
    ///
    /// # Errors
    /// [`Refused`] by the budget that takes the longest to have room.
    pub async fn charge(&self, charges: &[Charge]) -> Result<Option<Standing>, Refused> {
        if charges.is_empty() {
            return Ok(None);
        }
        self.peek(charges)?;
        let now_ms = self.now_ms();
        let counts = self.count(charges, now_ms).await;
        let mut tightest = None;
        let mut refused: Option<(&Charge, i64)> = None;
        for (charge, count) in charges.iter().zip(counts) {
            if count.wait_ms > 0 {
                self.refusals.remember(&charge.counter, charge.quota, count.wait_ms, now_ms);
                if refused.is_none_or(|(_, wait_ms)| wait_ms < count.wait_ms) {
                    refused = Some((charge, count.wait_ms));
                }
            }
            tightest = Standing::tighter(tightest, Some(charge.standing(count)));
        }
        match refused {
            Some((charge, wait_ms)) => Err(Refused(charge.full(wait_ms))),
            None => Ok(tightest),
        }
    }

    /// Counts one message to somebody: the budget that an operation of the class counts itself,
    /// because it alone knows who is written to.
    ///
    /// # Errors
    /// [`Error::RateLimited`] when it is used up.
    pub async fn charge_recipient(&self, class: LimitClass, recipient: &str) -> Result<()> {
        let charges = self
            .charges(class, None, |key| (key == LimitKey::Recipient).then(|| recipient.to_owned()));
        self.charge(&charges).await?;
        Ok(())
    }

    async fn count(&self, charges: &[Charge], now_ms: i64) -> Vec<Count> {
        let items: Vec<_> =
            charges.iter().map(|charge| (charge.counter.as_str(), charge.quota)).collect();
        let together = charges.iter().all(|charge| charge.class.is_shared());
        if let Some(shared) = self.shared.as_ref().filter(|_| together)
            && let Ok(counts) = shared.count(&items, now_ms).await
        {
            return counts;
        }
        self.local.count(&items, now_ms)
    }

    fn now_ms(&self) -> i64 {
        self.clock.now().timestamp_millis()
    }
}

impl Charge {
    /// A charge on a budget that one caller has beside those of a class.
    pub(crate) fn own(class: LimitClass, kind: LimitKey, key: &str, quota: Quota) -> Self {
        Self { class, quota, counter: format!("{}:own", counter(class, kind, key)) }
    }

    fn standing(&self, count: Count) -> Standing {
        Standing {
            class: self.class,
            quota: self.quota,
            left: self.quota.requests.saturating_sub(count.used),
            reset_s: seconds(count.empty_ms),
        }
    }

    fn full(&self, wait_ms: i64) -> Standing {
        let reset_s = seconds(wait_ms).max(1);
        Standing { class: self.class, quota: self.quota, left: 0, reset_s }
    }
}

/// Whole seconds, rounded up: who waits for so long does not come too early.
fn seconds(ms: i64) -> u64 {
    u64::try_from(ms.max(0)).unwrap_or(0).div_ceil(1000)
}

/// Names the counter of a key.
fn counter(class: LimitClass, kind: LimitKey, key: &str) -> String {
    let (class, name) = (class.name(), kind.name());
    match kind {
        LimitKey::Agency => format!("retainer:{key}:limit:{class}:{name}"),
        LimitKey::Token | LimitKey::Recipient => {
            format!("retainer:-:limit:{class}:{name}:{}", sha256_hex(key))
        }
        LimitKey::Address | LimitKey::Person | LimitKey::ApiKey | LimitKey::Provider => {
            format!("retainer:-:limit:{class}:{name}:{key}")
        }
    }
}

#[cfg(test)]
mod tests;
