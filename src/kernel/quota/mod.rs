//! What agencies use of their plans, counted (spec §2.3, R-01).
//!
//! A counter changes by single statements that hold the limit in their condition, so that of any
//! number of parallel callers, on any number of replicas, exactly as many get through as the plan
//! allows. Where there is no limit it still counts: a lower plan may follow.
//!
//! There are two ways to count:
//!
//! - Rows that are written in one unit of work are counted in the same one: [`take`] when they are
//!   made, [`give_back`] when they go. Rolled back, nothing was counted.
//! - Work that leaves the database (a file store, a language model) reserves before it begins:
//!   [`reserve`], then [`Reservation::settle`] in the unit of work that stores the outcome, or
//!   [`Reservation::release`] when it failed. What a crashed process reserved is given back by
//!   [`expire`] when the lease is over.
//!
//! The counter is the last row that a unit of work locks before it commits: take after the business
//! rows are written. Nothing is deleted when a plan shrinks (DEC-08): the count stays above the
//! limit, and nothing more is taken until it is below.

mod audit;
mod counter;
mod period;
mod reservation;

use chrono::{DateTime, Utc};

pub use audit::{Drift, drift};
pub use period::Period;
pub use reservation::{Reservation, expire, reserve};

use crate::error::{Error, LimitReached, Result};
use crate::store::{AgencyDb, AgencyTx};
use crate::tenancy::TenantContext;
use crate::tenancy::plan::{Limit, Plan};

/// Counts so many more, in the unit of work that makes them.
///
/// # Errors
/// [`Error::PlanLimit`] when the plan does not allow them; nothing is counted then.
pub async fn take(context: &TenantContext, tx: &AgencyTx, limit: Limit, amount: i64) -> Result<()> {
    let period = Period::current(context, limit);
    let max = scaled(limit, context.plan().limit(limit));
    match counter::add_within(tx, limit.metric(), &period.to_string(), amount, max).await? {
        Ok(_) => Ok(()),
        Err(used) => Err(reached(context, limit, used, amount)),
    }
}

/// Counts so many less, in the unit of work that removes them. For what is counted in all: in a
/// month, what was made stays made.
///
/// # Errors
/// Those of the database.
pub async fn give_back(tx: &AgencyTx, limit: Limit, amount: i64) -> Result<()> {
    counter::subtract(tx, limit.metric(), &Period::Total.to_string(), amount).await
}

/// Counts what a new agency begins with, in the unit of work that makes it.
///
/// # Errors
/// Those of the database.
pub async fn begin(tx: &AgencyTx, limit: Limit, amount: i64) -> Result<()> {
    let total = Period::Total.to_string();
    match counter::add_within(tx, limit.metric(), &total, amount, None).await? {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::internal("no room where there is no limit")),
    }
}

/// How much of a limit is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Of what.
    pub limit: Limit,
    /// So much, in the unit of the limit; a part of one is one.
    pub current: i64,
    /// How much the plan allows; `None` is any amount.
    pub max: Option<i64>,
    /// How much of it is used, in percent, rounded; above 100 when the plan has shrunk.
    pub percentage: i64,
    /// When the count begins anew; `None` for what is counted in all.
    pub resets_at: Option<DateTime<Utc>>,
}

/// What the agency uses of every limit of its plan now.
///
/// # Errors
/// Those of the database.
pub async fn usage(context: &TenantContext, db: &AgencyDb) -> Result<Vec<Usage>> {
    let periods = [Period::Total, Period::month_of(context.now(), context.agency().timezone)];
    let rows = counter::of_periods(db, periods.map(|period| period.to_string()).into()).await?;
    let usage = Limit::ALL.iter().map(|limit| {
        let period = Period::current(context, *limit);
        let row = rows
            .iter()
            .find(|row| row.metric == limit.metric() && row.period == period.to_string());
        let used = row.map_or(0, |row| row.used);
        measure(context.plan(), *limit, used, resets_at(context, *limit))
    });
    Ok(usage.collect())
}

fn measure(plan: Plan, limit: Limit, used: i64, resets_at: Option<DateTime<Utc>>) -> Usage {
    let max = plan.limit(limit);
    let percentage = match scaled(limit, max) {
        Some(whole) if whole > 0 => (used.saturating_mul(200) / whole).saturating_add(1) / 2,
        _ => 0,
    };
    Usage { limit, current: whole(limit, used), max, percentage, resets_at }
}

/// Why so many more are not allowed.
fn reached(context: &TenantContext, limit: Limit, used: i64, amount: i64) -> Error {
    let plan = context.plan();
    let wanted = whole(limit, used.saturating_add(amount));
    Error::PlanLimit(LimitReached {
        resource: limit,
        limit: plan.limit(limit).unwrap_or(i64::MAX),
        used: whole(limit, used),
        tier: plan.tier(),
        required_tier: limit.required_tier(wanted),
        resets_at: resets_at(context, limit),
    })
}

/// When a count begins anew.
fn resets_at(context: &TenantContext, limit: Limit) -> Option<DateTime<Utc>> {
    Period::current(context, limit).end(context.agency().timezone)
}

/// A maximum in what is counted.
fn scaled(limit: Limit, max: Option<i64>) -> Option<i64> {
    max.map(|max| max.saturating_mul(limit.scale()))
}

/// What is counted, in the unit of the limit; a part of one is one.
fn whole(limit: Limit, used: i64) -> i64 {
    let scale = limit.scale();
    used / scale + i64::from(used % scale != 0)
}

impl Limit {
    /// What the counter is called.
    const fn metric(self) -> &'static str {
        match self {
            Self::StorageMb => "storage_bytes",
            other => other.key(),
        }
    }
}

#[cfg(test)]
mod tests {
    use entity::agency::Tier;

    use super::*;

    #[test]
    fn percentages_are_rounded_and_zero_without_a_limit() {
        let percentage =
            |tier, used| measure(Plan::of(tier), Limit::Members, used, None).percentage;

        assert_eq!(percentage(Tier::Starter, 0), 0);
        assert_eq!(percentage(Tier::Starter, 1), 33);
        assert_eq!(percentage(Tier::Starter, 2), 67);
        assert_eq!(percentage(Tier::Free, 3), 300);
        assert_eq!(percentage(Tier::Enterprise, 3), 0);
    }

    #[test]
    fn a_part_of_a_megabyte_is_one() {
        let current = |bytes| measure(Plan::of(Tier::Free), Limit::StorageMb, bytes, None).current;

        assert_eq!(current(0), 0);
        assert_eq!(current(1), 1);
        assert_eq!(current(1024 * 1024), 1);
        assert_eq!(current(1024 * 1024 + 1), 2);
    }

    #[test]
    fn the_percentage_of_bytes_is_taken_of_bytes() {
        let half = 50 * 1024 * 1024;

        assert_eq!(measure(Plan::of(Tier::Free), Limit::StorageMb, half, None).percentage, 50);
    }
}
