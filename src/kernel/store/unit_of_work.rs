//! The unit of work: business rows, activity, jobs and events become true together.

use std::sync::Mutex;

use chrono::{DateTime, Utc};
use entity::{
    ActivityId, ApiKeyId, EventId, ImpersonationGrantId, UserId, activity, idempotency_key, job,
    outbox, outbox_head,
};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;

use super::{AgencyDb, Store};
use crate::error::{Context, Error, Result};
use crate::jobs::{Job, row};

/// Where a unit of work comes from, for the activity log.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// Who; `None` for the system and for visitors.
    pub user_id: Option<UserId>,
    /// The API key that acts on that person's behalf, where one does.
    pub api_key_id: Option<ApiKeyId>,
    /// The grant by which an operator of the platform acts in the owner's place, if one does.
    pub impersonation: Option<ImpersonationGrantId>,
    /// `api`, `api_key`, `public`, `super_admin`, `system`.
    pub source: &'static str,
    /// The request, where there is one.
    pub request_id: Option<String>,
    /// The client's address, from the trusted proxy chain only.
    pub ip: Option<String>,
    /// The client's program.
    pub user_agent: Option<String>,
    /// The idempotency record of the request, marked as committed with the work.
    pub idempotency_key: Option<String>,
}

/// An entry of the activity log.
#[derive(Clone, Debug)]
pub struct Activity {
    action: &'static str,
    entity_type: &'static str,
    entity_id: Option<uuid::Uuid>,
    owner_id: Option<UserId>,
    old_values: Option<serde_json::Value>,
    new_values: Option<serde_json::Value>,
}

impl Activity {
    /// Something happened to a row.
    pub fn new(
        action: &'static str,
        entity_type: &'static str,
        entity_id: impl Into<uuid::Uuid>,
    ) -> Self {
        Self {
            action,
            entity_type,
            entity_id: Some(entity_id.into()),
            owner_id: None,
            old_values: None,
            new_values: None,
        }
    }

    /// Whose row it is, where members see only their own.
    #[must_use]
    pub fn owned_by(self, owner_id: Option<UserId>) -> Self {
        Self { owner_id, ..self }
    }

    /// The changed fields before and after; secrets must be masked as `***` by the caller.
    #[must_use]
    pub fn changed(self, old: serde_json::Value, new: serde_json::Value) -> Self {
        Self { old_values: Some(old), new_values: Some(new), ..self }
    }

    /// The members in which two representations of the row differ, the time of the change apart.
    ///
    /// # Errors
    /// [`Error::Internal`] when a representation is not a JSON object.
    pub fn difference(self, before: &impl Serialize, after: &impl Serialize) -> Result<Self> {
        let members = |row: serde_json::Result<serde_json::Value>| match row {
            Ok(serde_json::Value::Object(members)) => Ok(members),
            _ => Err(Error::internal("a row whose representation is not a JSON object")),
        };
        let mut before = members(serde_json::to_value(before))?;
        let mut after = members(serde_json::to_value(after))?;
        let differs = |name: &str, other: Option<&serde_json::Value>, mine: &serde_json::Value| {
            name != "updated_at" && other != Some(mine)
        };
        let all_after = after.clone();
        after.retain(|name, value| differs(name, before.get(name), value));
        before.retain(|name, value| differs(name, all_after.get(name), value));
        Ok(self.changed(before.into(), after.into()))
    }

    /// What is worth knowing about a new row or a decision.
    #[must_use]
    pub fn with(self, new: serde_json::Value) -> Self {
        Self { new_values: Some(new), ..self }
    }
}

/// An event for whoever listens: the live stream, notifications, webhooks.
#[derive(Clone, Debug)]
pub struct Event {
    event_type: &'static str,
    payload: serde_json::Value,
    owner_id: Option<UserId>,
}

impl Event {
    /// Something became true. The payload holds ids and states, never personal data.
    ///
    /// # Errors
    /// [`Error::Internal`] when the payload has no JSON form.
    pub fn new(event_type: &'static str, payload: impl Serialize) -> Result<Self> {
        let payload = serde_json::to_value(payload).context("an event's payload")?;
        Ok(Self { event_type, payload, owner_id: None })
    }

    /// Whose row it is about, where members see only their own.
    #[must_use]
    pub fn owned_by(self, owner_id: Option<UserId>) -> Self {
        Self { owner_id, ..self }
    }
}

/// What is written when the work commits.
#[derive(Default)]
struct Pending {
    activities: Vec<activity::ActiveModel>,
    jobs: Vec<job::ActiveModel>,
    events: Vec<Event>,
}

/// A unit of work of one agency. Dropped, it rolls back.
///
/// Activity, jobs and events are collected and written at [`AgencyTx::commit`]: the sequence
/// number of the events is then the last lock taken, so that two units of work of one agency
/// cannot deadlock over it, and the order of the numbers is the order of commits.
///
/// Never hold one across a call to another system.
pub struct AgencyTx {
    db: AgencyDb,
    store: Store,
    origin: Origin,
    pending: Mutex<Pending>,
}

impl std::ops::Deref for AgencyTx {
    type Target = AgencyDb;

    fn deref(&self) -> &AgencyDb {
        &self.db
    }
}

impl AgencyTx {
    pub(super) fn new(db: AgencyDb, store: &Store, origin: Origin) -> Self {
        Self { db, store: store.clone(), origin, pending: Mutex::default() }
    }

    fn pending(&self) -> std::sync::MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn now(&self) -> DateTime<Utc> {
        self.store.inner.clock.now()
    }

    fn new_id(&self) -> uuid::Uuid {
        self.store.inner.ids.next(self.now())
    }

    /// Adds a job that is due at once.
    ///
    /// # Errors
    /// [`Error::Internal`] when the job has no JSON form.
    pub fn enqueue<J: Job>(&self, job: &J) -> Result<()> {
        self.enqueue_at(job, self.now())
    }

    /// Adds a job that is due later.
    ///
    /// # Errors
    /// [`Error::Internal`] when the job has no JSON form.
    pub fn enqueue_at<J: Job>(&self, job: &J, run_at: DateTime<Utc>) -> Result<()> {
        let agency_id = Some(self.scope().agency_id());
        let row = row(agency_id, job, self.new_id().into(), run_at, self.now())?;
        self.pending().jobs.push(row);
        Ok(())
    }

    /// Adds an event; it gets its sequence number at commit.
    pub fn publish(&self, event: Event) {
        self.pending().events.push(event);
    }

    /// Adds an entry to the activity log.
    pub fn record(&self, entry: Activity) {
        let Activity { action, entity_type, entity_id, owner_id, old_values, new_values } = entry;
        let mut metadata = serde_json::json!({
            "source": self.origin.source,
            "request_id": self.origin.request_id,
        });
        if let (Some(key), Some(members)) = (self.origin.api_key_id, metadata.as_object_mut()) {
            members.insert("api_key_id".to_owned(), key.to_string().into());
        }
        if let (Some(grant), Some(members)) = (self.origin.impersonation, metadata.as_object_mut())
        {
            let by = self.origin.user_id.map(|id| id.to_string());
            members.insert("impersonated_by".to_owned(), by.into());
            members.insert("impersonation_grant_id".to_owned(), grant.to_string().into());
        }
        let row = activity::ActiveModel {
            agency_id: Set(self.scope().agency_id()),
            id: Set(ActivityId(self.new_id())),
            user_id: Set(self.origin.user_id),
            action: Set(action.to_owned()),
            entity_type: Set(entity_type.to_owned()),
            entity_id: Set(entity_id),
            owner_id: Set(owner_id),
            old_values: Set(old_values),
            new_values: Set(new_values),
            ip_address: Set(self.origin.ip.clone()),
            user_agent: Set(self.origin.user_agent.clone()),
            metadata: Set(metadata),
            created_at: Set(self.now()),
        };
        self.pending().activities.push(row);
    }

    /// Writes what was collected and makes it all true.
    ///
    /// # Errors
    /// Those of the database; then nothing has happened.
    pub async fn commit(self) -> Result<()> {
        let Pending { activities, jobs, events } = std::mem::take(&mut *self.pending());
        let wakes_workers = !jobs.is_empty() || !events.is_empty();
        self.db.insert_all(activities).await?;
        // A job whose unique key waits already is not added a second time.
        self.db.platform("the queue spans agencies").insert_all_unless_present(jobs).await?;
        if let Some(key) = &self.origin.idempotency_key {
            let update = idempotency_key::Entity::update_many()
                .col_expr(
                    idempotency_key::Column::State,
                    Expr::value(idempotency_key::KeyState::Committed),
                )
                .filter(idempotency_key::Column::Id.eq(key.as_str()))
                .filter(idempotency_key::Column::State.eq(idempotency_key::KeyState::Running));
            self.db.platform("idempotency keys belong to callers").update_many(update).await?;
        }
        self.write_events(events).await?;
        self.db.conn.commit().await?;
        if wakes_workers {
            self.store.notify_committed();
        }
        Ok(())
    }

    /// Numbers the events and writes them. The counter's row stays locked until the commit.
    async fn write_events(&self, events: Vec<Event>) -> Result<()> {
        let Ok(count) = i64::try_from(events.len()) else {
            return Err(Error::internal("too many events in one unit of work"));
        };
        if count == 0 {
            return Ok(());
        }
        let advance = outbox_head::Entity::update_many().col_expr(
            outbox_head::Column::LastSeq,
            Expr::col(outbox_head::Column::LastSeq).add(count),
        );
        let head = match self.db.update_returning(advance.clone()).await?.pop() {
            Some(head) => head,
            None => {
                let first = outbox_head::ActiveModel { last_seq: Set(0), ..Default::default() };
                self.db.upsert(first, OnConflict::new().do_nothing().to_owned()).await?;
                self.db
                    .update_returning(advance)
                    .await?
                    .pop()
                    .ok_or_else(|| Error::internal("the event counter vanished"))?
            }
        };
        let now = self.now();
        let rows = (head.last_seq - count + 1..)
            .zip(events)
            .map(|(seq, Event { event_type, payload, owner_id })| outbox::ActiveModel {
                agency_id: Set(self.scope().agency_id()),
                seq: Set(seq),
                id: Set(EventId(self.new_id())),
                event_type: Set(event_type.to_owned()),
                payload: Set(payload),
                owner_id: Set(owner_id),
                created_at: Set(now),
                published_at: Set(None),
            })
            .collect();
        self.db.insert_all(rows).await
    }
}
