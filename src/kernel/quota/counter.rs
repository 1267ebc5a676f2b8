//! Rows of counters, changed by single statements.

use entity::usage_counter::{self, Column};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, UpdateMany};

use super::Period;
use crate::error::{Error, Result};
use crate::store::AgencyDb;
use crate::tenancy::plan::Limit;

fn at(metric: &str, period: &str) -> UpdateMany<usage_counter::Entity> {
    usage_counter::Entity::update_many()
        .filter(Column::Metric.eq(metric))
        .filter(Column::Period.eq(period))
}

/// Adds to a counter unless that would pass `max`; returns the count afterwards, or the one that
/// left no room. The row stays locked until the unit of work ends.
pub(super) async fn add_within(
    tx: &AgencyDb,
    metric: &str,
    period: &str,
    amount: i64,
    max: Option<i64>,
) -> Result<Result<i64, i64>> {
    if amount < 0 {
        return Err(Error::internal("a negative amount was to be counted"));
    }
    let mut add = at(metric, period).col_expr(Column::Used, Expr::col(Column::Used).add(amount));
    if let Some(max) = max {
        // `used + amount <= max`, without a sum that could overflow.
        add = add.filter(Column::Used.lte(max.saturating_sub(amount)));
    }
    if let Some(row) = tx.update_returning(add.clone()).await?.pop() {
        return Ok(Ok(row.used));
    }
    // No room, or no counter yet: of parallel callers one makes it, the others wait for that one.
    let first = usage_counter::ActiveModel {
        metric: Set(metric.to_owned()),
        period: Set(period.to_owned()),
        used: Set(0),
        ..Default::default()
    };
    tx.upsert(first, OnConflict::new().do_nothing().to_owned()).await?;
    match tx.update_returning(add).await?.pop() {
        Some(row) => Ok(Ok(row.used)),
        None => Ok(Err(read(tx, metric, period).await?)),
    }
}

/// Takes from a counter. One that would fall below nothing stops there, and that is a fault
/// somewhere: it is logged, and found by [`super::drift`].
pub(super) async fn subtract(tx: &AgencyDb, metric: &str, period: &str, amount: i64) -> Result<()> {
    let less = at(metric, period)
        .col_expr(Column::Used, Expr::col(Column::Used).sub(amount))
        .filter(Column::Used.gte(amount));
    if tx.update_many(less).await? == 0 {
        tracing::error!(metric, period, amount, "a usage counter would fall below zero");
        let nothing = at(metric, period).col_expr(Column::Used, Expr::value(0_i64));
        tx.update_many(nothing).await?;
    }
    Ok(())
}

/// What a counter says.
async fn read(db: &AgencyDb, metric: &str, period: &str) -> Result<i64> {
    let query = usage_counter::Entity::find()
        .filter(Column::Metric.eq(metric))
        .filter(Column::Period.eq(period));
    Ok(db.one(query).await?.map_or(0, |row| row.used))
}

/// The agency's counters of some periods.
pub(super) async fn of_periods(
    db: &AgencyDb,
    periods: Vec<String>,
) -> Result<Vec<usage_counter::Model>> {
    db.all(usage_counter::Entity::find().filter(Column::Period.is_in(periods))).await
}

/// What a counter of the total says. It stays locked until the unit of work ends, so that nobody
/// commits what is counted there meanwhile.
pub(super) async fn lock_total(tx: &AgencyDb, limit: Limit) -> Result<i64> {
    let query = usage_counter::Entity::find()
        .filter(Column::Metric.eq(limit.metric()))
        .filter(Column::Period.eq(Period::Total.to_string()))
        .lock(LockType::Update);
    Ok(tx.one(query).await?.map_or(0, |row| row.used))
}
