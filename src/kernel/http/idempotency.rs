//! Repeated requests with one `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header) are
//! done once.
//!
//! A record is made before the handler runs, marked `committed` inside the handler's own unit of
//! work, and filled with the answer afterwards. A crash between the last two leaves a committed
//! record without answer: a repetition then learns that the work is done, and nothing is done
//! twice. An answer that changed nothing is not kept, so that the corrected request may use the
//! same key. Answers are kept encrypted: some hold tokens.

use actix_web::body::{BoxBody, to_bytes};
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use chrono::TimeDelta;
use entity::AgencyId;
use entity::idempotency_key::{self, KeyState};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::error::{Context, Error, Result};
use crate::state::App;
use crate::text::sha256_hex;

/// How long an answer is kept.
const KEEP: TimeDelta = TimeDelta::hours(24);

/// After so many times the longest that a request may take, a running record is taken to be
/// abandoned by a crash: by then nothing can run on its behalf any more.
const ABANDONED_AFTER: u32 = 2;

/// Longest key.
const KEY_MAX: usize = 255;

/// Says that an answer is a repetition.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Headers of an answer that are repeated.
const REPEATED: &[HeaderName] = &[header::CONTENT_TYPE, header::LOCATION, header::ETAG];

const REASON: &str = "idempotency keys belong to callers";

/// A request that is to be done once.
pub(super) struct Attempt {
    /// The record's key.
    pub(super) id: String,
    agency_id: Option<AgencyId>,
    request_hash: String,
}

/// What to do with a request.
pub(super) enum Decision {
    /// Run the handler, then [`Attempt::finish`].
    Run,
    /// Answer with what was answered before.
    Replay(HttpResponse),
}

/// The key of a request, if it has one.
///
/// # Errors
/// [`Error::BadRequest`] for a key that is empty, too long or not printable ASCII.
pub(super) fn key_of(request: &HttpRequest) -> Result<Option<String>> {
    let Some(value) = request.headers().get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().ok().map(str::trim).filter(|key| {
        (1..=KEY_MAX).contains(&key.len()) && key.bytes().all(|b| (0x20..0x7f).contains(&b))
    });
    match key {
        Some(key) => Ok(Some(key.to_owned())),
        None => Err(Error::BadRequest(
            "Idempotency-Key must be 1 to 255 printable ASCII characters".into(),
        )),
    }
}

impl Attempt {
    /// Describes a request of `caller`.
    pub(super) fn new(
        agency_id: Option<AgencyId>,
        caller: &str,
        request: &HttpRequest,
        key: &str,
        body: &Bytes,
    ) -> Self {
        let agency = agency_id.map(|id| id.to_string()).unwrap_or_default();
        let operation = format!("{} {}", request.method(), request.path());
        Self {
            id: sha256_hex(format!("{agency}\n{caller}\n{operation}\n{key}")),
            agency_id,
            request_hash: sha256_hex(
                [request.query_string().as_bytes(), b"\n", body.as_ref()].concat(),
            ),
        }
    }

    /// Makes the record, or finds what became of an earlier request with the same key.
    ///
    /// # Errors
    /// [`Error::StillRunning`]; [`Error::Validation`] when the key was used for another request;
    /// [`Error::Conflict`] when the work is done but its answer was lost.
    pub(super) async fn begin(&self, app: &App) -> Result<Decision> {
        let now = app.clock().now();
        let longest = app.config().request_timeout.saturating_mul(ABANDONED_AFTER);
        let abandoned = TimeDelta::from_std(longest).unwrap_or(KEEP);
        let transaction = app.store().begin_platform(REASON).await?;
        let db = transaction.db();
        let fresh = idempotency_key::ActiveModel {
            id: Set(self.id.clone()),
            agency_id: Set(self.agency_id),
            request_hash: Set(self.request_hash.clone()),
            state: Set(KeyState::Running),
            status: Set(None),
            headers: Set(None),
            body: Set(None),
            locked_until: Set(now + abandoned),
            expires_at: Set(now + KEEP),
            created_at: Set(now),
        };
        // What has expired, or was abandoned before it committed anything, makes room.
        let stale = idempotency_key::Entity::delete_many()
            .filter(idempotency_key::Column::Id.eq(&self.id))
            .filter(
                sea_orm::Condition::any().add(idempotency_key::Column::ExpiresAt.lte(now)).add(
                    sea_orm::Condition::all()
                        .add(idempotency_key::Column::State.eq(KeyState::Running))
                        .add(idempotency_key::Column::LockedUntil.lte(now)),
                ),
            );
        db.delete_many(stale).await?;
        let is_first = db.insert_unless_present(fresh).await?;
        let record = if is_first {
            None
        } else {
            let query =
                idempotency_key::Entity::find().filter(idempotency_key::Column::Id.eq(&self.id));
            db.one(query).await?
        };
        drop(db);
        transaction.commit().await?;
        match record {
            None if is_first => Ok(Decision::Run),
            None => Err(Error::StillRunning),
            Some(record) if record.request_hash != self.request_hash => Err(Error::invalid(
                "",
                "idempotency_key_reused",
                "this Idempotency-Key was used for another request; use a new one",
            )),
            Some(record) => match record.state {
                KeyState::Running => Err(Error::StillRunning),
                // The work is done, and its answer may still be on its way to be kept.
                KeyState::Committed if record.locked_until > now => Err(Error::StillRunning),
                KeyState::Committed => Err(Error::conflict(
                    "already_done",
                    "this request was carried out, but its answer was lost; read what it changed",
                )),
                KeyState::Answered => Ok(Decision::Replay(replay(app, record)?)),
            },
        }
    }

    /// Keeps the answer, or forgets the attempt when it changed nothing.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn finish(
        &self,
        app: &App,
        response: ServiceResponse<BoxBody>,
    ) -> Result<ServiceResponse<BoxBody>> {
        if response.status().is_client_error() || response.status().is_server_error() {
            self.forget(app).await?;
            return Ok(response);
        }
        let (request, response) = response.into_parts();
        let mut headers: Vec<(String, String)> = REPEATED
            .iter()
            .filter_map(|name| {
                let value = response.headers().get(name)?.to_str().ok()?;
                Some((name.as_str().to_owned(), value.to_owned()))
            })
            .collect();
        // Cookies hold tokens, as bodies do.
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap_or_default();
            let name = header::SET_COOKIE.as_str().to_owned();
            headers.push((name, app.vault().seal(&self.id, cookie)?));
        }
        let (response, body) = response.into_parts();
        let body = to_bytes(body)
            .await
            .map_err(|_| Error::internal("an answer to keep could not be read"))?;
        let keep = idempotency_key::Entity::update_many()
            .col_expr(idempotency_key::Column::State, Expr::value(KeyState::Answered))
            .col_expr(
                idempotency_key::Column::Status,
                Expr::value(i32::from(response.status().as_u16())),
            )
            .col_expr(
                idempotency_key::Column::Headers,
                Expr::value(serde_json::to_value(headers).context("headers of an answer")?),
            )
            .col_expr(
                idempotency_key::Column::Body,
                Expr::value(app.vault().seal_bytes(&self.id, &body)?),
            )
            .filter(idempotency_key::Column::Id.eq(&self.id));
        let transaction = app.store().begin_platform(REASON).await?;
        transaction.db().update_many(keep).await?;
        transaction.commit().await?;
        Ok(ServiceResponse::new(request, response.set_body(BoxBody::new(body))))
    }

    /// Makes room for another attempt with the same key, unless something has been committed.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn forget(&self, app: &App) -> Result<()> {
        let forget = idempotency_key::Entity::delete_many()
            .filter(idempotency_key::Column::Id.eq(&self.id))
            .filter(idempotency_key::Column::State.eq(KeyState::Running));
        let transaction = app.store().begin_platform(REASON).await?;
        transaction.db().delete_many(forget).await?;
        transaction.commit().await
    }
}

/// The answer as it was given.
fn replay(app: &App, record: idempotency_key::Model) -> Result<HttpResponse> {
    let status = record
        .status
        .and_then(|status| u16::try_from(status).ok())
        .and_then(|status| StatusCode::from_u16(status).ok())
        .ok_or_else(|| Error::internal("a kept answer has no status"))?;
    let mut response = HttpResponse::build(status);
    let headers = record.headers.unwrap_or_default();
    for (name, value) in
        serde_json::from_value::<Vec<(String, String)>>(headers).unwrap_or_default()
    {
        if name == header::SET_COOKIE.as_str() {
            response.append_header((name, app.vault().open(&record.id, &value)?));
        } else {
            response.insert_header((name, value));
        }
    }
    response.insert_header((REPLAYED, HeaderValue::from_static("true")));
    let sealed = record.body.unwrap_or_default();
    Ok(response.body(app.vault().open_bytes(&record.id, &sealed)?))
}
