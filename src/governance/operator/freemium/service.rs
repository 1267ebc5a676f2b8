//! Giving plans away, and taking them back.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use entity::AgencyId;
use entity::agency::{self, Column};
use identity::changes::Changes;
use kernel::error::{Error, Result};
use kernel::http::{ETag, IfMatch, Operator};
use kernel::store::{Activity, Event, Page, PageRequest};
use kernel::tenancy::plan::Subscription;
use serde_json::json;

use super::model::{FreemiumGrant, FreemiumPageView, FreemiumPatch, FreemiumQuery, FreemiumView};
use super::repo;
use crate::operator::agencies::repo as agencies;
use crate::operator::agencies::repo::REASON;

/// A page of the agencies with freemium, and how many have it why.
///
/// # Errors
/// [`Error::Validation`] for a cursor of another list.
pub async fn list(
    operator: &Operator,
    query: &FreemiumQuery,
    page: &PageRequest,
) -> Result<FreemiumPageView> {
    let db = operator.app.store().platform(REASON);
    let now = operator.now();
    let FreemiumQuery { reason, expiring_within, limit: _, cursor: _, include: _ } = query;
    let ends = expiring_within.and_then(TimeDelta::try_days).map(|days| (now, now + days));
    let Page { data, next, total } = repo::page(&db, *reason, ends, page).await?;
    let by_reason: BTreeMap<&'static str, u64> = repo::by_reason(&db, now)
        .await?
        .into_iter()
        .filter_map(|row| {
            let reason = row.freemium_reason?;
            Some((reason.as_str(), u64::try_from(row.agencies).unwrap_or(0)))
        })
        .collect();
    let next_cursor = next.map(|cursor| cursor.encode());
    Ok(FreemiumPageView {
        data: data.iter().map(|row| FreemiumView::new(row, now)).collect(),
        has_more: next_cursor.is_some(),
        next_cursor,
        total,
        by_reason,
        expired: repo::expired(&db, now).await?,
    })
}

/// Lets an agency use everything without a charge.
///
/// # Errors
/// [`Error::Validation`] for an end that is over; [`Error::Conflict`] (`already_freemium`) while it
/// has freemium; [`Error::NotFound`] when there is no such agency.
pub async fn grant(
    operator: &Operator,
    id: AgencyId,
    grant: FreemiumGrant,
) -> Result<(ETag, FreemiumView)> {
    let FreemiumGrant { reason, expires_at } = grant;
    let now = operator.now();
    check_end(expires_at, now)?;
    change(operator, id, IfMatch::any(), "freemium.granted", |row| {
        if Subscription::from(row).is_freemium(now) {
            return Err(Error::conflict(
                "already_freemium",
                "the agency uses everything without a charge already; change the end of it",
            ));
        }
        Changes::new()
            .set(Column::IsFreemium, &row.is_freemium, Some(true))?
            .set(Column::FreemiumReason, &row.freemium_reason, Some(Some(reason)))?
            .set(Column::FreemiumExpiresAt, &row.freemium_expires_at, Some(expires_at))?
            .set(Column::FreemiumGrantedAt, &row.freemium_granted_at, Some(Some(now)))?
            .set(
                Column::FreemiumGrantedBy,
                &row.freemium_granted_by,
                Some(Some(operator.user_id().to_string())),
            )
    })
    .await
}

/// Changes the end of an agency's freemium.
///
/// # Errors
/// [`Error::Validation`] for an end that is over; [`Error::Conflict`] (`not_freemium`) when it has
/// none; [`Error::PreconditionFailed`] when the agency has been changed since it was read;
/// [`Error::NotFound`] when there is no such agency.
pub async fn change_end(
    operator: &Operator,
    id: AgencyId,
    if_match: IfMatch,
    patch: FreemiumPatch,
) -> Result<(ETag, FreemiumView)> {
    let FreemiumPatch { expires_at } = patch;
    check_end(expires_at.flatten(), operator.now())?;
    change(operator, id, if_match, "freemium.expiry_changed", |row| {
        check_granted(row)?;
        Changes::new().set(Column::FreemiumExpiresAt, &row.freemium_expires_at, expires_at)
    })
    .await
}

/// Takes an agency's freemium back. Reason and dates are kept.
///
/// # Errors
/// [`Error::Conflict`] (`not_freemium`) when it has none; [`Error::PreconditionFailed`] when the
/// agency has been changed since it was read; [`Error::NotFound`] when there is no such agency.
pub async fn revoke(operator: &Operator, id: AgencyId, if_match: IfMatch) -> Result<()> {
    change(operator, id, if_match, "freemium.revoked", |row| {
        check_granted(row)?;
        Changes::new().set(Column::IsFreemium, &row.is_freemium, Some(false))
    })
    .await
    .map(|_| ())
}

/// Changes an agency's row and says so in its log.
async fn change(
    operator: &Operator,
    id: AgencyId,
    if_match: IfMatch,
    action: &'static str,
    changes: impl FnOnce(&agency::Model) -> Result<Changes<agency::Entity>>,
) -> Result<(ETag, FreemiumView)> {
    let ctx = operator.on(id).await?;
    let tx = ctx.begin().await?;
    let row = agencies::require(&tx.platform(REASON), id).await?;
    if_match.check(row.version)?;
    if row.deleted_at.is_some() {
        return Err(Error::Gone("this agency has been deleted".into()));
    }
    let changes = changes(&row)?;
    if changes.is_empty() {
        return Ok(tagged(&row, ctx.now()));
    }
    let (old, new) = changes.values();
    let update =
        changes.into_update((Column::Version, row.version), (Column::UpdatedAt, ctx.now()));
    let row = agencies::update(&tx.platform(REASON), id, update).await?;
    tx.record(Activity::new(action, "agency", id).changed(old, new));
    tx.publish(Event::new("agency.updated", json!({"id": id}))?);
    tx.commit().await?;
    Ok(tagged(&row, ctx.now()))
}

/// What is shown, with the version of the agency's row.
fn tagged(row: &agency::Model, now: DateTime<Utc>) -> (ETag, FreemiumView) {
    (ETag::version(row.version), FreemiumView::new(row, now))
}

fn check_granted(row: &agency::Model) -> Result<()> {
    if row.is_freemium {
        return Ok(());
    }
    Err(Error::conflict("not_freemium", "the agency has no freemium; grant it first"))
}

fn check_end(end: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<()> {
    match end {
        Some(end) if end <= now => {
            Err(Error::invalid("/expires_at", "in_the_past", "must be in the future"))
        }
        _ => Ok(()),
    }
}
