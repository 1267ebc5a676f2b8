//! Entering agencies, and leaving them.

use chrono::TimeDelta;
use entity::{AgencyId, ImpersonationGrantId, impersonation_grant};
use kernel::error::{Error, Result};
use kernel::events::AccessChange;
use kernel::http::Operator;
use kernel::security::{self, SecurityEvent};
use kernel::store::{Activity, Event};
use sea_orm::ActiveValue::Set;
use serde_json::json;

use super::jobs::TellOwners;
use super::model::{GrantView, NewGrant};
use super::repo::{self, GrantRepo};
use crate::operator::agencies::repo as agencies;

/// How long an operator may act in an agency.
const GRANT_TTL: TimeDelta = TimeDelta::hours(4);

/// Why grants are reached outside an agency's scope.
const REASON: &str = "an operator may have entered several agencies";

/// Enters an agency, and has its owners told.
///
/// # Errors
/// [`Error::Gone`] for an agency that has been deleted; [`Error::Conflict`]
/// (`already_impersonating`) while the operator is in; [`Error::NotFound`] when there is no such
/// agency.
pub async fn start(operator: &Operator, agency_id: AgencyId, new: NewGrant) -> Result<GrantView> {
    let NewGrant { reason } = new;
    let ctx = operator.on(agency_id).await?;
    let now = operator.now();
    let by = operator.user_id();
    let tx = ctx.begin().await?;
    let agency = agencies::require(&tx.platform(REASON), agency_id).await?;
    if agency.deleted_at.is_some() {
        return Err(Error::Gone("this agency has been deleted".into()));
    }
    let grants = GrantRepo::new(&tx);
    grants.close_lapsed(by, now).await?;
    let row = grants
        .insert(impersonation_grant::ActiveModel {
            id: Set(ctx.new_id::<ImpersonationGrantId>()),
            operator_id: Set(Some(by)),
            reason: Set(reason.trim().to_owned()),
            expires_at: Set(now + GRANT_TTL),
            ended_at: Set(None),
            created_at: Set(now),
            ..Default::default()
        })
        .await?;
    let entry = Activity::new("security.impersonation_started", "impersonation", row.id);
    tx.record(entry.with(json!({"reason": row.reason, "expires_at": row.expires_at})));
    let event = SecurityEvent::ImpersonationStarted { user_id: by, agency_id };
    security::record_in(ctx.app(), &tx.platform(REASON), ctx.request(), event).await?;
    tx.publish(Event::new("impersonation.started", json!({"id": row.id}))?);
    tx.enqueue(&TellOwners { grant_id: row.id })?;
    tx.commit().await?;
    Ok(GrantView::new(row, &agency.slug, &agency.name))
}

/// Leaves every agency that the operator has entered; returns how many there were.
///
/// # Errors
/// Those of the database.
pub async fn stop(operator: &Operator) -> Result<u64> {
    let (by, now) = (operator.user_id(), operator.now());
    let db = operator.app.store().platform(REASON);
    let mut stopped = 0;
    for grant in repo::live(&db, by, now).await? {
        let ctx = operator.on(grant.agency_id).await?;
        let tx = ctx.begin().await?;
        if !GrantRepo::new(&tx).end(grant.id, now).await? {
            continue;
        }
        tx.record(Activity::new("security.impersonation_stopped", "impersonation", grant.id));
        let agency_id = grant.agency_id;
        let event =
            SecurityEvent::ImpersonationStopped { user_id: by, agency_id, reason: "stopped" };
        security::record_in(ctx.app(), &tx.platform(REASON), ctx.request(), event).await?;
        tx.publish(Event::new("impersonation.stopped", json!({"id": grant.id}))?);
        tx.commit().await?;
        ctx.app().bus().access_changed(AccessChange::Person(by));
        stopped += 1;
    }
    Ok(stopped)
}
