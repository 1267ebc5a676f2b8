//! The security log: sign-ins, refusals and revocations as rows of `security_events`.
//!
//! An entry says what happened, to whom, and from where; never a token, a code or an address of
//! mail (only the hash of one). What belongs to a change is written with it, in its own unit of
//! work ([`record_in`]); what is refused has no unit of work, and is written by itself ([`record`]).
//!
//! What strangers can cause at will is bounded: of one kind and reason, one row for each address
//! and minute, and [`FLOOD_MAX`] rows a minute in all; the next row counts what was left out. Rows
//! are kept for 90 days ([`crate::upkeep`]).

mod event;
mod flood;

use chrono::TimeDelta;
use entity::{SecurityEventId, security_event};
use sea_orm::ActiveValue::Set;

use event::Parts;
pub use event::{SecurityEvent, TokenFault};
pub use flood::FloodGuard;

use crate::error::Result;
use crate::http::RequestInfo;
use crate::state::App;
use crate::store::PlatformDb;
use crate::text::{normalize_email, sha256_hex};

/// How long entries are kept.
pub const KEEP: TimeDelta = TimeDelta::days(90);

/// Rows that strangers can cause in one minute and one process, whatever their addresses.
pub const FLOOD_MAX: u32 = 600;

/// Why the log is reached outside an agency's scope.
const REASON: &str = "refused sign-ins belong to no agency";

/// Writes an event in a unit of work of its own, and into the server's log.
///
/// It never fails the request that it is about: a row that cannot be written is an error in the
/// server's log. Never call it while a unit of work is open (the embedded database has one writer,
/// and would wait for itself): use [`record_in`].
pub async fn record(app: &App, request: &RequestInfo, event: SecurityEvent<'_>) {
    let parts = event.parts();
    let Some(left_out) = app.security_log().admit(&parts, request.ip, app.clock().now()) else {
        return;
    };
    let write = async {
        let tx = app.store().begin_platform(REASON).await?;
        write(app, &tx.db(), request, parts, left_out).await?;
        tx.commit().await
    };
    if let Err(error) = write.await {
        tracing::error!(
            event = %format_args!("security.{}", event.kind()),
            error = %error,
            "an entry of the security log could not be written"
        );
    }
}

/// Writes an event in the caller's unit of work (`tx.db()` of a `PlatformTx`, `tx.platform(..)` of
/// an `AgencyTx`), so that neither is true without the other.
///
/// # Errors
/// Those of the database.
pub async fn record_in(
    app: &App,
    db: &PlatformDb<'_>,
    request: &RequestInfo,
    event: SecurityEvent<'_>,
) -> Result<()> {
    let parts = event.parts();
    match app.security_log().admit(&parts, request.ip, app.clock().now()) {
        Some(left_out) => write(app, db, request, parts, left_out).await,
        None => Ok(()),
    }
}

async fn write(
    app: &App,
    db: &PlatformDb<'_>,
    request: &RequestInfo,
    parts: Parts<'_>,
    left_out: u32,
) -> Result<()> {
    let Parts { kind, user_id, agency_id, email, mut detail, every } = parts;
    if let (Some(members), true) = (detail.as_object_mut(), left_out > 0) {
        members.insert("left_out".to_owned(), left_out.into());
    }
    tracing::info!(
        event = %format_args!("security.{kind}"),
        user.id = user_id.map(tracing::field::display),
        agency.id = agency_id.map(tracing::field::display),
        detail = %detail,
        refused = every.is_some(),
        "security event"
    );
    let row = security_event::ActiveModel {
        id: Set(app.new_id::<SecurityEventId>()),
        at: Set(app.clock().now()),
        kind: Set(kind.to_owned()),
        user_id: Set(user_id),
        agency_id: Set(agency_id),
        email_hash: Set(email.map(|email| sha256_hex(normalize_email(email)))),
        ip: Set(request.ip.map(|ip| ip.to_string())),
        user_agent: Set(request.user_agent.clone()),
        request_id: Set(Some(request.request_id.clone()).filter(|id| !id.is_empty())),
        detail: Set(detail),
    };
    db.insert(row).await.map(|_| ())
}
