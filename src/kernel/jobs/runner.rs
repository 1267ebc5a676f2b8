//! Running claimed jobs, in this process.

use std::time::Duration;

use entity::job::Lane;
use futures_util::StreamExt;
use tokio::sync::watch;
use tracing::Instrument;

use super::JobContext;
use super::queue::{self, ClaimedJob};
use crate::error::{Error, Result};
use crate::state::App;
use crate::tenancy::job_context;

/// How often a lane looks for work that nobody announced (delayed jobs, other processes).
const POLL: Duration = Duration::from_secs(1);

/// How often a running job shows that it lives.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// What a run of the queue did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunReport {
    /// Jobs that finished.
    pub done: usize,
    /// Attempts that failed.
    pub failed: usize,
}

/// Works on one lane until `stop` says so; what runs then is finished first.
pub async fn work(app: App, lane: Lane, mut stop: watch::Receiver<bool>) {
    let worker = format!("{}-{lane}", app.instance());
    while !*stop.borrow() {
        let ran = match run_batch(&app, lane, &worker).await {
            Ok(report) => report.done + report.failed > 0,
            Err(error) => {
                tracing::warn!(job.lane = %lane, error = %error, cause = ?std::error::Error::source(&error), "the queue could not be read");
                false
            }
        };
        if ran {
            continue;
        }
        tokio::select! {
            () = app.store().committed() => {}
            () = tokio::time::sleep(POLL) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Runs everything that is due now, in all lanes, until nothing is left.
///
/// # Errors
/// Those of the database.
pub async fn run_due(app: &App) -> Result<RunReport> {
    let worker = format!("{}-now", app.instance());
    let mut total = RunReport::default();
    loop {
        let mut round = RunReport::default();
        for lane in Lane::ALL {
            let report = run_batch(app, *lane, &worker).await?;
            round.done += report.done;
            round.failed += report.failed;
        }
        total.done += round.done;
        total.failed += round.failed;
        if round == RunReport::default() {
            return Ok(total);
        }
    }
}

/// Claims as many jobs as may run at once, and runs them.
async fn run_batch(app: &App, lane: Lane, worker: &str) -> Result<RunReport> {
    // A look before the claim: an idle lane then takes no write lock.
    if !queue::any_due(app, lane).await? {
        return Ok(RunReport::default());
    }
    let limit = app.config().job_workers;
    let jobs = queue::claim(app, lane, worker, u64::try_from(limit).unwrap_or(1)).await?;
    let results: Vec<bool> = futures_util::stream::iter(jobs)
        .map(|job| run_one(app, job))
        .buffer_unordered(limit)
        .collect()
        .await;
    let done = results.iter().filter(|ok| **ok).count();
    Ok(RunReport { done, failed: results.len() - done })
}

/// Runs one job and records how it went; tells whether it succeeded.
async fn run_one(app: &App, job: ClaimedJob) -> bool {
    let span = tracing::info_span!(
        "job",
        job.name = %job.0.name,
        job.id = %job.0.id,
        job.attempt = job.0.attempts,
        agency.id = job.0.agency_id.map(tracing::field::display),
    );
    async {
        let started = app.clock().now();
        let outcome = attempt(app, &job).await;
        let duration_ms = (app.clock().now() - started).num_milliseconds();
        let recorded = match &outcome {
            Ok(()) => {
                tracing::info!(duration_ms, "job done");
                queue::finish(app, &job).await
            }
            Err(error) => {
                let cause = std::error::Error::source(error).map(ToString::to_string);
                let cause = cause.unwrap_or_default();
                if job.0.attempts >= job.0.max_attempts {
                    tracing::error!(duration_ms, error = %error, cause, "job given up");
                } else {
                    tracing::warn!(duration_ms, error = %error, cause, "job failed, will be tried again");
                }
                queue::fail(app, &job, &format!("{error}: {cause}")).await
            }
        };
        if let Err(error) = recorded {
            // The lease runs out and the job is tried again.
            tracing::warn!(error = %error, "the outcome of a job could not be recorded");
        }
        outcome.is_ok()
    }
    .instrument(span)
    .await
}

/// One attempt, with a time limit, kept alive by heartbeats.
async fn attempt(app: &App, job: &ClaimedJob) -> Result<()> {
    let Some(kind) = app.jobs().find(&job.0.name) else {
        return Err(Error::internal("no handler of this name in this release"));
    };
    let context = JobContext {
        app: app.clone(),
        tenant: job_context(app, job).await?,
        job_id: job.0.id,
        attempt: job.0.attempts,
        is_last_attempt: job.0.attempts >= job.0.max_attempts,
    };
    let work = tokio::time::timeout(kind.timeout, (kind.handler)(job.0.payload.clone(), context));
    tokio::pin!(work);
    let mut beat = tokio::time::interval(HEARTBEAT);
    beat.tick().await;
    loop {
        tokio::select! {
            outcome = &mut work => {
                return outcome.unwrap_or_else(|_| Err(Error::internal("the job took too long")));
            }
            _ = beat.tick() => queue::heartbeat(app, job).await?,
        }
    }
}
