//! Work that is done after the transaction that asked for it.
//!
//! A job is a row of the same unit of work as the change it follows, so that neither exists
//! without the other. Delivery is at least once: a worker that dies after the effect but before
//! the acknowledgement leaves its lease to expire and the job to run again. Every [`Job::run`]
//! must therefore be idempotent.

mod queue;
mod runner;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
pub use entity::job::Lane;
use entity::job::{self, JobState};
use entity::{AgencyId, JobId};
use sea_orm::ActiveValue::Set;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use queue::ClaimedJob;
pub use runner::{RunReport, run_due, work};

use crate::error::{Context, Error, Result};
use crate::state::App;
use crate::tenancy::TenantContext;

/// A kind of work. Holds ids, not data; a changed payload stays readable for one release.
#[async_trait]
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Names the kind in the table: `comms.deliver`. Never changes.
    const NAME: &'static str;

    /// Which workers take it.
    const LANE: Lane;

    /// After so many failed attempts it is a dead letter.
    const MAX_ATTEMPTS: i32 = 8;

    /// How long one attempt may take.
    const TIMEOUT: Duration = Duration::from_secs(60);

    /// At most one waiting job for each key; `None` allows any number.
    fn unique_key(&self) -> Option<String> {
        None
    }

    /// Does the work. Idempotent.
    ///
    /// # Errors
    /// Any error: the job is tried again later, and at last becomes a dead letter.
    async fn run(self, context: JobContext) -> Result<()>;
}

/// What a job runs with.
pub struct JobContext {
    /// The server's shared parts.
    pub app: App,
    /// The agency the job belongs to; `None` for the platform's own.
    pub tenant: Option<TenantContext>,
    /// Which job; stable over all attempts.
    pub job_id: JobId,
    /// The number of this attempt, from 1.
    pub attempt: i32,
    /// Whether a failure now is the last one.
    pub is_last_attempt: bool,
}

impl JobContext {
    /// The agency the job belongs to.
    ///
    /// # Errors
    /// [`Error::Internal`] when the job was queued without one.
    pub fn tenant(&self) -> Result<&TenantContext> {
        self.tenant.as_ref().ok_or_else(|| Error::internal("a job of an agency was queued without"))
    }
}

type Handler = Arc<
    dyn Fn(serde_json::Value, JobContext) -> Pin<Box<dyn Future<Output = Result<()>> + Send>>
        + Send
        + Sync,
>;

/// One registered kind.
#[derive(Clone)]
struct Registered {
    handler: Handler,
    timeout: Duration,
}

/// The kinds of work this server knows.
#[derive(Clone, Default)]
pub struct JobRegistry {
    kinds: BTreeMap<&'static str, Registered>,
}

impl JobRegistry {
    /// Adds a kind.
    pub fn register<J: Job>(&mut self) {
        let handler: Handler = Arc::new(|payload, context| {
            Box::pin(async move {
                let job: J = serde_json::from_value(payload).context("a job's payload")?;
                job.run(context).await
            })
        });
        self.kinds.insert(J::NAME, Registered { handler, timeout: J::TIMEOUT });
    }

    fn find(&self, name: &str) -> Option<&Registered> {
        self.kinds.get(name)
    }
}

/// The row of a new job.
///
/// # Errors
/// [`Error::Internal`] when the job has no JSON form.
pub(crate) fn row<J: Job>(
    agency_id: Option<AgencyId>,
    job: &J,
    id: JobId,
    run_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<job::ActiveModel> {
    Ok(job::ActiveModel {
        id: Set(id),
        agency_id: Set(agency_id),
        lane: Set(J::LANE),
        name: Set(J::NAME.to_owned()),
        payload: Set(serde_json::to_value(job).context("a job's payload")?),
        state: Set(JobState::Ready),
        run_at: Set(run_at),
        attempts: Set(0),
        max_attempts: Set(J::MAX_ATTEMPTS),
        lease_until: Set(None),
        lease_owner: Set(None),
        unique_key: Set(job.unique_key()),
        last_error: Set(None),
        finished_at: Set(None),
        created_at: Set(now),
    })
}
