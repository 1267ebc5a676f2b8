//! Claiming and finishing jobs in the table.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use entity::AgencyId;
use entity::job::{self, JobState, Lane};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, LockBehavior, LockType, Order, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};

use crate::error::Result;
use crate::state::App;

/// How long a claimed job belongs to its worker without a sign of life.
pub(super) const LEASE: TimeDelta = TimeDelta::seconds(30);

/// First wait after a failure; doubles with each further one.
const BACKOFF_FIRST: Duration = Duration::from_secs(5);

/// Longest wait after a failure.
const BACKOFF_MAX: Duration = Duration::from_secs(3600);

/// A job that this worker holds.
#[derive(Clone, Debug)]
pub struct ClaimedJob(pub(super) job::Model);

impl ClaimedJob {
    /// The agency it belongs to.
    pub fn agency_id(&self) -> Option<AgencyId> {
        self.0.agency_id
    }
}

const REASON: &str = "workers claim across agencies";

/// Claims up to `limit` due jobs of a lane, those with an expired lease included.
pub(super) async fn claim(
    app: &App,
    lane: Lane,
    worker: &str,
    limit: u64,
) -> Result<Vec<ClaimedJob>> {
    let now = app.clock().now();
    let platform_tx = app.store().begin_platform(REASON).await?;
    let platform = platform_tx.db();
    platform.update_many(last_attempt_abandoned(lane, now)).await?;
    // The condition is on an inner copy of the table, so that the outer statement updates just
    // the rows that this worker locked.
    let candidate = Alias::new("candidate");
    let column = |column: job::Column| Expr::col((candidate.clone(), column));
    let mut due = Query::select();
    due.column((candidate.clone(), job::Column::Id))
        .from_as(job::Entity, candidate.clone())
        .and_where(column(job::Column::Lane).eq(lane.as_str()))
        .cond_where(
            Condition::any()
                .add(
                    Condition::all()
                        .add(column(job::Column::State).eq(JobState::Ready.as_str()))
                        .add(column(job::Column::RunAt).lte(now)),
                )
                .add(
                    Condition::all()
                        .add(column(job::Column::State).eq(JobState::Running.as_str()))
                        .add(column(job::Column::LeaseUntil).lte(now)),
                ),
        )
        .order_by((candidate.clone(), job::Column::RunAt), Order::Asc)
        .order_by((candidate.clone(), job::Column::Id), Order::Asc)
        .limit(limit);
    if platform.is_postgres() {
        due.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    }
    let update = job::Entity::update_many()
        .col_expr(job::Column::State, Expr::value(JobState::Running))
        .col_expr(job::Column::LeaseUntil, Expr::value(now + LEASE))
        .col_expr(job::Column::LeaseOwner, Expr::value(worker))
        .col_expr(job::Column::Attempts, Expr::col(job::Column::Attempts).add(1))
        .filter(job::Column::Id.in_subquery(due));
    let mut rows = platform.update_returning(update).await?;
    drop(platform);
    platform_tx.commit().await?;
    rows.sort_by_key(|row| (row.run_at, row.id));
    Ok(rows.into_iter().map(ClaimedJob).collect())
}

/// Puts jobs aside whose last attempt ended with its worker, and so without an answer: one that
/// takes the process down would otherwise do so for ever.
fn last_attempt_abandoned(lane: Lane, now: DateTime<Utc>) -> sea_orm::UpdateMany<job::Entity> {
    job::Entity::update_many()
        .col_expr(job::Column::State, Expr::value(JobState::Dead))
        .col_expr(job::Column::LastError, Expr::value("the process ended during the last attempt"))
        .col_expr(job::Column::FinishedAt, Expr::value(now))
        .col_expr(job::Column::LeaseUntil, Expr::value(None::<DateTime<Utc>>))
        .filter(job::Column::Lane.eq(lane))
        .filter(job::Column::State.eq(JobState::Running))
        .filter(job::Column::LeaseUntil.lte(now))
        .filter(Expr::col(job::Column::Attempts).gte(Expr::col(job::Column::MaxAttempts)))
}

/// Whether any job of a lane is due, without claiming it.
pub(super) async fn any_due(app: &App, lane: Lane) -> Result<bool> {
    let now = app.clock().now();
    let due = |query: sea_orm::Select<job::Entity>| async {
        app.store().platform(REASON).one(query.filter(job::Column::Lane.eq(lane))).await
    };
    let ready = job::Entity::find()
        .filter(job::Column::State.eq(JobState::Ready))
        .filter(job::Column::RunAt.lte(now));
    let abandoned = job::Entity::find()
        .filter(job::Column::State.eq(JobState::Running))
        .filter(job::Column::LeaseUntil.lte(now));
    Ok(due(ready).await?.is_some() || due(abandoned).await?.is_some())
}

/// Marks jobs as still being worked on.
pub(super) async fn heartbeat(app: &App, job: &ClaimedJob) -> Result<()> {
    let update =
        held(job).col_expr(job::Column::LeaseUntil, Expr::value(app.clock().now() + LEASE));
    run(app, update).await
}

/// Marks a job as done.
pub(super) async fn finish(app: &App, job: &ClaimedJob) -> Result<()> {
    let update = held(job)
        .col_expr(job::Column::State, Expr::value(JobState::Done))
        .col_expr(job::Column::FinishedAt, Expr::value(app.clock().now()))
        .col_expr(job::Column::LeaseUntil, Expr::value(None::<DateTime<Utc>>));
    run(app, update).await
}

/// Puts a failed job back for later, or aside as a dead letter after its last attempt.
pub(super) async fn fail(app: &App, job: &ClaimedJob, error: &str) -> Result<()> {
    let now = app.clock().now();
    let last = job.0.attempts >= job.0.max_attempts;
    let mut update = held(job)
        .col_expr(job::Column::LastError, Expr::value(error.chars().take(2000).collect::<String>()))
        .col_expr(job::Column::LeaseUntil, Expr::value(None::<DateTime<Utc>>));
    update = if last {
        update
            .col_expr(job::Column::State, Expr::value(JobState::Dead))
            .col_expr(job::Column::FinishedAt, Expr::value(now))
    } else {
        update
            .col_expr(job::Column::State, Expr::value(JobState::Ready))
            .col_expr(job::Column::RunAt, Expr::value(now + backoff(app, job.0.attempts)))
    };
    run(app, update).await
}

/// An update of a job that changes nothing once another worker holds it.
fn held(job: &ClaimedJob) -> sea_orm::UpdateMany<job::Entity> {
    job::Entity::update_many()
        .filter(job::Column::Id.eq(job.0.id))
        .filter(job::Column::State.eq(JobState::Running))
        .filter(job::Column::LeaseOwner.eq(job.0.lease_owner.clone()))
        .filter(job::Column::Attempts.eq(job.0.attempts))
}

async fn run(app: &App, update: sea_orm::UpdateMany<job::Entity>) -> Result<()> {
    let transaction = app.store().begin_platform(REASON).await?;
    transaction.db().update_many(update).await?;
    transaction.commit().await
}

/// Exponential backoff with jitter: between half and all of 5 s, 10 s, 20 s, … one hour.
fn backoff(app: &App, attempts: i32) -> TimeDelta {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0);
    let full = BACKOFF_FIRST.saturating_mul(1 << Ord::min(doublings, 16));
    let full = Ord::min(full, BACKOFF_MAX);
    let mut random = [0; 4];
    app.rng().fill(&mut random);
    let share = 0.5 + f64::from(u32::from_le_bytes(random)) / f64::from(u32::MAX) / 2.0;
    TimeDelta::from_std(full.mul_f64(share)).unwrap_or(TimeDelta::hours(1))
}
