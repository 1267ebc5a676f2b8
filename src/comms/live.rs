//! The live stream: server-sent events with the agency's own sequence numbers.
//!
//! The stream reads the outbox, and listens to the bus only to know when to look again: a slow
//! client holds nothing up, and one that comes back with `Last-Event-ID` misses nothing. When the
//! rows it would need are gone it is told so with `event: reset` and reads anew.

use std::collections::VecDeque;
use std::pin::pin;
use std::time::Duration;

use actix_web::http::header;
use actix_web::web::{Bytes, ReqData};
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::Stream;
use kernel::error::{Error, Result};
use kernel::events::{self, AccessChange, PublishedEvent};
use kernel::http::Authorized;
use kernel::http::operation::Operation;
use kernel::tenancy::{Permission, SignedInUser, refresh};
use kernel::{TenantContext, perm};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use utoipa_actix_web::service_config::ServiceConfig;

/// The operations of this module.
pub const OPERATIONS: &[Operation] = &[
    Operation::member("GET", "/api/v1/events", Permission::AgencyView).streaming(),
    Operation::member("GET", "/api/v1/agencies/{agency_slug}/events", Permission::AgencyView)
        .streaming(),
];

/// Adds the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(of_best_agency).service(of_agency);
}

/// A comment goes out when nothing else has for so long, so that a dead connection is noticed.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// After so long the caller's access is looked at again, though nothing has said that it changed:
/// that may have happened in another process.
const RECHECK: TimeDelta = TimeDelta::seconds(30);

/// Events read at once.
const BATCH: u64 = 100;

/// Follow the events of the caller's current agency.
///
/// Server-sent events. `id` is the event's place in the agency's sequence: send the last one seen
/// as `Last-Event-ID` to continue after it. Begins with `event: connected`; `event: reset` says
/// that older events are gone and everything must be read anew. The stream ends within a minute
/// of the caller losing access.
#[utoipa::path(
    tag = "events",
    operation_id = "events_stream",
    params(("Last-Event-ID" = Option<i64>, Header, description = "The last event seen.")),
    responses((status = 200, content_type = "text/event-stream", body = String, example = "id: 12\nevent: client.created\ndata: {\"id\":\"evt_01jd3k9v5xe8rt2m4n6p8q0s2v\",\"seq\":12}\n\n"))
)]
#[get("/api/v1/events")]
async fn of_best_agency(
    context: Authorized<perm::AgencyView>,
    user: Option<ReqData<SignedInUser>>,
    request: HttpRequest,
) -> Result<HttpResponse> {
    stream(&context, user.map(ReqData::into_inner), &request).await
}

/// Follow the events of an agency.
///
/// As `/api/v1/events`, for the agency in the path.
#[utoipa::path(
    tag = "events",
    operation_id = "events_stream_of_agency",
    params(("Last-Event-ID" = Option<i64>, Header, description = "The last event seen.")),
    responses((status = 200, content_type = "text/event-stream", body = String, example = "id: 12\nevent: client.created\ndata: {\"id\":\"evt_01jd3k9v5xe8rt2m4n6p8q0s2v\",\"seq\":12}\n\n"))
)]
#[get("/api/v1/agencies/{agency_slug}/events")]
async fn of_agency(
    context: Authorized<perm::AgencyView>,
    user: Option<ReqData<SignedInUser>>,
    request: HttpRequest,
) -> Result<HttpResponse> {
    stream(&context, user.map(ReqData::into_inner), &request).await
}

async fn stream(
    context: &TenantContext,
    user: Option<SignedInUser>,
    request: &HttpRequest,
) -> Result<HttpResponse> {
    let last_seen = match request.headers().get("last-event-id").map(|value| value.to_str()) {
        None => None,
        Some(value) => {
            let number = value.ok().and_then(|text| text.trim().parse::<i64>().ok());
            Some(number.filter(|seq| *seq >= 0).ok_or_else(|| {
                Error::invalid(
                    "Last-Event-ID",
                    "invalid",
                    "must be the id of an event of this stream",
                )
            })?)
        }
    };
    let follower = Follower::start(context.clone(), user, last_seen).await?;
    let mut response = HttpResponse::Ok();
    response
        .content_type("text/event-stream; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(("x-accel-buffering", "no"));
    Ok(response.streaming(follower.into_stream()))
}

/// One connection.
struct Follower {
    context: TenantContext,
    user: Option<SignedInUser>,
    newest: watch::Receiver<i64>,
    access: broadcast::Receiver<AccessChange>,
    seen: i64,
    ready: VecDeque<Bytes>,
    /// When the caller's access was last looked at; `None` asks for it at once.
    checked_at: Option<DateTime<Utc>>,
}

/// What ended a wait.
enum Wake {
    /// There may be events.
    Events,
    /// The caller's access may have changed.
    Access,
    /// Nothing happened for a while.
    Heartbeat,
    /// The server is closing.
    Closed,
}

impl Follower {
    async fn start(
        context: TenantContext,
        user: Option<SignedInUser>,
        last_seen: Option<i64>,
    ) -> Result<Self> {
        // Listen first, read afterwards: nothing falls between.
        let newest = context.app().bus().subscribe(context.agency_id());
        let access = context.app().bus().access_changes();
        let checked_at = Some(context.now());
        let (oldest, latest) = events::bounds(&context.db()).await?.unwrap_or((1, 0));
        let mut ready = VecDeque::new();
        ready.push_back(frame(latest.min(last_seen.unwrap_or(latest)), "connected", "{}"));
        let seen = match last_seen {
            Some(seq) if seq + 1 >= oldest && seq <= latest => seq,
            None => latest,
            Some(_) => {
                ready.push_back(frame(latest, "reset", "{}"));
                latest
            }
        };
        Ok(Self { context, user, newest, access, seen, ready, checked_at })
    }

    fn into_stream(self) -> impl Stream<Item = Result<Bytes, Error>> {
        futures_util::stream::try_unfold(self, |mut follower| async move {
            Ok(follower.next().await?.map(|bytes| (bytes, follower)))
        })
    }

    /// The next bytes to send; `None` ends the stream.
    async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            if let Some(bytes) = self.ready.pop_front() {
                return Ok(Some(bytes));
            }
            let now = self.context.now();
            if self.checked_at.is_none_or(|at| (now - at).abs() >= RECHECK) {
                self.checked_at = Some(now);
                match refresh(&self.context, self.user.as_ref()).await {
                    Ok(context) => self.context = context,
                    Err(error) if error.status() >= 500 => return Err(error),
                    Err(_) => return Ok(None),
                }
            }
            self.newest.mark_unchanged();
            let batch = events::after(&self.context.db(), self.seen, BATCH).await?;
            if batch.is_empty() {
                match self.wait().await {
                    Wake::Events => {}
                    Wake::Access => self.checked_at = None,
                    Wake::Heartbeat => {
                        self.ready.push_back(Bytes::from_static(b": heartbeat\n\n"));
                    }
                    Wake::Closed => return Ok(None),
                }
                continue;
            }
            // Members do not hear of rows they may not see.
            let rows = self.context.mixed_rows();
            for event in batch {
                self.seen = event.seq;
                let kind = event.event_type.split('.').next().unwrap_or_default();
                let visible = rows.allow(kind, event.owner_id);
                if visible {
                    self.ready.push_back(event_frame(&event)?);
                }
            }
        }
    }

    /// Waits for something to look at.
    async fn wait(&mut self) -> Wake {
        let mut heartbeat = pin!(tokio::time::sleep(HEARTBEAT));
        loop {
            tokio::select! {
                changed = self.newest.changed() => {
                    return if changed.is_ok() { Wake::Events } else { Wake::Closed };
                }
                change = self.access.recv() => match change {
                    Ok(AccessChange::Person(id))
                        if self.user.as_ref().is_none_or(|user| user.user.id != id) => {}
                    Ok(AccessChange::Agency(id)) if id != self.context.agency_id() => {}
                    Err(RecvError::Closed) => return Wake::Closed,
                    Ok(_) | Err(RecvError::Lagged(_)) => return Wake::Access,
                },
                () = &mut heartbeat => return Wake::Heartbeat,
            }
        }
    }
}

fn event_frame(event: &PublishedEvent) -> Result<Bytes> {
    let data = serde_json::to_string(event)
        .map_err(|error| Error::internal(format!("an event without JSON form: {error}")))?;
    Ok(frame(event.seq, &event.event_type, &data))
}

/// One event of the stream (HTML Standard, server-sent events); `data` has no line breaks.
fn frame(id: i64, event: &str, data: &str) -> Bytes {
    Bytes::from(format!("id: {id}\nevent: {event}\ndata: {data}\n\n"))
}
