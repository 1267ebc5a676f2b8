//! Reservations: for work that leaves the database.

use chrono::TimeDelta;
use entity::usage_reservation::{self, Column};
use entity::{AgencyId, ReservationId};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Period, counter, reached, scaled};
use crate::error::{Error, Result};
use crate::state::App;
use crate::store::{AgencyTx, Origin};
use crate::tenancy::plan::Limit;
use crate::tenancy::{AgencyScope, TenantContext, system_context};

/// How many reservations of crashed work are given back in one go.
const BATCH: u64 = 500;

/// Room in a plan that is counted already, for work that has yet to succeed.
///
/// Dropped without a word, it is given back when its lease is over.
#[must_use = "settle it in the unit of work that stores the outcome, or release it"]
#[derive(Clone, Debug)]
pub struct Reservation {
    id: ReservationId,
    metric: String,
    period: String,
    amount: i64,
}

/// Counts so many more before work begins that takes at most as long as the lease.
///
/// In a unit of work of its own, which does not touch the request's idempotency record: the
/// request is done when its work is.
///
/// # Errors
/// [`Error::PlanLimit`] when the plan does not allow them; nothing is counted then.
pub async fn reserve(
    context: &TenantContext,
    limit: Limit,
    amount: i64,
    lease: TimeDelta,
) -> Result<Reservation> {
    let period = Period::current(context, limit).to_string();
    let max = scaled(limit, context.plan().limit(limit));
    let tx = begin(context).await?;
    if let Err(used) = counter::add_within(&tx, limit.metric(), &period, amount, max).await? {
        return Err(reached(context, limit, used, amount));
    }
    let reservation =
        Reservation { id: context.new_id(), metric: limit.metric().to_owned(), period, amount };
    let now = context.now();
    tx.insert(usage_reservation::ActiveModel {
        id: Set(reservation.id),
        metric: Set(reservation.metric.clone()),
        period: Set(reservation.period.clone()),
        amount: Set(amount),
        leased_until: Set(now + lease),
        created_at: Set(now),
        ..Default::default()
    })
    .await?;
    tx.commit().await?;
    Ok(reservation)
}

impl Reservation {
    /// What was reserved has been used; said in the unit of work that stores the outcome.
    ///
    /// Work that outlived its lease is counted all the same, even beyond the limit: it was done.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn settle(&self, tx: &AgencyTx) -> Result<()> {
        if forget(tx, self.id).await? {
            return Ok(());
        }
        let (metric, period) = (self.metric.as_str(), self.period.as_str());
        tracing::warn!(metric, period, "work took longer than its reservation");
        match counter::add_within(tx, metric, period, self.amount, None).await? {
            Ok(_) => Ok(()),
            Err(_) => Err(Error::internal("no room where there is no limit")),
        }
    }

    /// The work has failed: what was reserved is given back. Said twice, or after the outcome was
    /// stored, it changes nothing.
    ///
    /// # Errors
    /// Those of the database; the end of the lease will do it then.
    pub async fn release(&self, context: &TenantContext) -> Result<()> {
        give_back(begin(context).await?, self).await.map(|_| ())
    }
}

/// Gives back what crashed work has reserved; returns how many reservations that were. Any number
/// of processes may do it at once: each reservation is given back by one of them.
///
/// # Errors
/// Those of the database; what is left is done the next time.
pub async fn expire(app: &App) -> Result<usize> {
    let now = app.clock().now();
    let query = usage_reservation::Entity::find()
        .filter(Column::LeasedUntil.lt(now))
        .order_by_asc(Column::LeasedUntil)
        .limit(BATCH);
    let platform = app.store().platform("reservations of crashed work, in all agencies");
    let mut count = 0;
    for row in platform.all(query).await? {
        let scope = scope_of(app, row.agency_id).await?;
        let tx = app.store().begin(scope, Origin::default()).await?;
        let usage_reservation::Model { id, metric, period, amount, .. } = row;
        if give_back(tx, &Reservation { id, metric, period, amount }).await? {
            count += 1;
        }
    }
    if count > 0 {
        tracing::warn!(count, "usage reserved by crashed work was given back");
    }
    Ok(count)
}

/// Takes the amount of a reservation from its counter, unless that was done; tells whether it did.
async fn give_back(tx: AgencyTx, reservation: &Reservation) -> Result<bool> {
    if !forget(&tx, reservation.id).await? {
        return Ok(false);
    }
    let Reservation { metric, period, amount, .. } = reservation;
    counter::subtract(&tx, metric, period, *amount).await?;
    tx.commit().await?;
    Ok(true)
}

/// Deletes the row of a reservation; tells whether it was there. Whoever deletes it decides what
/// becomes of its amount.
async fn forget(tx: &AgencyTx, id: ReservationId) -> Result<bool> {
    let row = usage_reservation::Entity::delete_many().filter(Column::Id.eq(id));
    Ok(tx.delete_many(row).await? > 0)
}

/// A unit of work that leaves no other trace.
async fn begin(context: &TenantContext) -> Result<AgencyTx> {
    context.app().store().begin(context.scope(), Origin::default()).await
}

async fn scope_of(app: &App, agency_id: AgencyId) -> Result<AgencyScope> {
    let context = system_context(app, agency_id, "reserved usage is given back").await?;
    Ok(context.scope())
}
