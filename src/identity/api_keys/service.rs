//! The use cases of API keys.

use chrono::{DateTime, TimeDelta, Utc};
use entity::ApiKeyId;
use entity::api_key::{self, Column};
use kernel::TenantContext;
use kernel::error::{Error, Result};
use kernel::http::IfMatch;
use kernel::security::{SecurityEvent, record_in};
use kernel::store::{Activity, AgencyTx, Event, Page, PageRequest};
use kernel::tenancy::NewKey;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use serde_json::json;

use super::model::{ApiKey, ApiKeyPatch, ApiKeyStatus, NewApiKey, RotateApiKey, kept};
use super::repo::ApiKeyRepo;
use super::rules;
use crate::changes::Changes;

/// Why the security log is reached from an agency's unit of work.
const REASON: &str = "the security log spans agencies";

/// A page of the keys, newest first.
///
/// # Errors
/// [`Error::Validation`] for a cursor of another list.
pub async fn list(ctx: &TenantContext, page: &PageRequest) -> Result<Page<ApiKey>> {
    let now = ctx.now();
    let page = ApiKeyRepo::new(&ctx.db()).page(page).await?;
    Ok(page.map(|row| ApiKey::new(row, now)))
}

/// One key.
///
/// # Errors
/// [`Error::NotFound`] when the agency has no such key.
pub async fn read(ctx: &TenantContext, id: ApiKeyId) -> Result<ApiKey> {
    let row = ApiKeyRepo::new(&ctx.db()).require(id).await?;
    Ok(ApiKey::new(row, ctx.now()))
}

/// Makes a key that acts on behalf of the caller. The result holds the key; nothing else ever will.
///
/// # Errors
/// [`Error::Validation`] for a scope that the caller does not have and for an end that is past or
/// too far.
#[tracing::instrument(skip_all, fields(agency.id = %ctx.agency_id()))]
pub async fn create(ctx: &TenantContext, new: NewApiKey) -> Result<ApiKey> {
    let NewApiKey { name, scopes, expires_at, requests_per_minute } = new;
    let (now, expires_at) = (ctx.now(), kept(expires_at));
    let mut errors = Vec::new();
    let scopes = rules::scopes(ctx, &scopes, &mut errors);
    rules::check_expiry(expires_at, now, &mut errors);
    if !errors.is_empty() {
        return Err(Error::Validation(errors));
    }
    let NewKey { secret, prefix, hash } = NewKey::draw(ctx.app().rng());
    let tx = ctx.begin().await?;
    let row = api_key::ActiveModel {
        id: Set(ctx.new_id()),
        name: Set(name.trim().to_owned()),
        prefix: Set(prefix),
        key_hash: Set(hash),
        previous_hash: Set(None),
        previous_until: Set(None),
        scopes: Set(json!(scopes)),
        requests_per_minute: Set(stored_limit(requests_per_minute)?),
        last_used_at: Set(None),
        last_used_ip: Set(None),
        expires_at: Set(expires_at),
        revoked_at: Set(None),
        created_by: Set(ctx.user_id()),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let row = ApiKeyRepo::new(&tx).insert(row).await?;
    let made = Activity::new("security.api_key_generated", "api_key", row.id);
    tx.record(made.with(json!({
        "name": row.name,
        "prefix": row.prefix,
        "scopes": row.scopes,
        "expires_at": row.expires_at,
        "requests_per_minute": row.requests_per_minute,
    })));
    let (user_id, agency_id, key_id) = (ctx.user_id(), ctx.agency_id(), row.id);
    log(ctx, &tx, SecurityEvent::ApiKeyGenerated { user_id, agency_id, key_id }).await?;
    publish(&tx, "api_key.created", &row)?;
    tx.commit().await?;
    Ok(ApiKey { row, at: now, secret: Some(secret) })
}

/// Changes what is known of a key; the key itself stays.
///
/// # Errors
/// [`Error::InvalidState`] for a revoked key; [`Error::PreconditionFailed`] when it has been changed
/// since it was read; [`Error::Validation`] as for [`create`]; [`Error::NotFound`].
#[tracing::instrument(skip_all, fields(agency.id = %ctx.agency_id(), api_key.id = %id))]
pub async fn change(
    ctx: &TenantContext,
    id: ApiKeyId,
    if_match: IfMatch,
    patch: ApiKeyPatch,
) -> Result<ApiKey> {
    let ApiKeyPatch { name, scopes, expires_at, requests_per_minute } = patch;
    let (now, expires_at) = (ctx.now(), expires_at.map(kept));
    let mut errors = Vec::new();
    let scopes = scopes.map(|scopes| json!(rules::scopes(ctx, &scopes, &mut errors)));
    rules::check_expiry(expires_at.flatten(), now, &mut errors);
    if !errors.is_empty() {
        return Err(Error::Validation(errors));
    }
    let tx = ctx.begin().await?;
    let row = ApiKeyRepo::new(&tx).require(id).await?;
    if_match.check(row.version)?;
    check_not_revoked(&row, now)?;
    let limit = requests_per_minute.map(stored_limit).transpose()?;
    let changes = Changes::new()
        .set_text(Column::Name, &row.name, name)?
        .set(Column::Scopes, &row.scopes, scopes)?
        .set(Column::ExpiresAt, &row.expires_at, expires_at)?
        .set(Column::RequestsPerMinute, &row.requests_per_minute, limit)?;
    if changes.is_empty() {
        return Ok(ApiKey::new(row, now));
    }
    let (old, new) = changes.values();
    let update = changes.into_update((Column::Version, row.version), (Column::UpdatedAt, now));
    let row = ApiKeyRepo::new(&tx).update(id, update).await?;
    tx.record(Activity::new("security.api_key_updated", "api_key", id).changed(old, new));
    publish(&tx, "api_key.updated", &row)?;
    tx.commit().await?;
    Ok(ApiKey::new(row, now))
}

/// Replaces the secret of a key. The result holds the new key; the old one stops now or when the
/// grace is over. One that was replaced before stops at once.
///
/// # Errors
/// [`Error::InvalidState`] for a revoked key; [`Error::PreconditionFailed`] when it has been changed
/// since it was read; [`Error::NotFound`].
#[tracing::instrument(skip_all, fields(agency.id = %ctx.agency_id(), api_key.id = %id))]
pub async fn rotate(
    ctx: &TenantContext,
    id: ApiKeyId,
    if_match: IfMatch,
    how: RotateApiKey,
) -> Result<ApiKey> {
    let RotateApiKey { grace_s } = how;
    let now = ctx.now();
    let until = now + TimeDelta::seconds(grace_s.into());
    let tx = ctx.begin().await?;
    let row = ApiKeyRepo::new(&tx).require(id).await?;
    if_match.check(row.version)?;
    check_not_revoked(&row, now)?;
    let NewKey { secret, prefix: _, hash } =
        NewKey::with_prefix(ctx.app().rng(), row.prefix.clone());
    let update = Changes::<api_key::Entity>::new()
        .into_update((Column::Version, row.version), (Column::UpdatedAt, now))
        .col_expr(Column::KeyHash, Expr::value(hash))
        .col_expr(Column::PreviousHash, Expr::value(row.key_hash))
        .col_expr(Column::PreviousUntil, Expr::value(until));
    let row = ApiKeyRepo::new(&tx).update(id, update).await?;
    let rotated = Activity::new("security.api_key_rotated", "api_key", id);
    tx.record(rotated.with(json!({"previous_valid_until": until})));
    let (user_id, agency_id) = (ctx.user_id(), ctx.agency_id());
    log(ctx, &tx, SecurityEvent::ApiKeyRotated { user_id, agency_id, key_id: id }).await?;
    publish(&tx, "api_key.updated", &row)?;
    tx.commit().await?;
    Ok(ApiKey { row, at: now, secret: Some(secret) })
}

/// Switches a key off for good. One that is off already stays so.
///
/// # Errors
/// [`Error::PreconditionFailed`] when it has been changed since it was read; [`Error::NotFound`].
#[tracing::instrument(skip_all, fields(agency.id = %ctx.agency_id(), api_key.id = %id))]
pub async fn revoke(ctx: &TenantContext, id: ApiKeyId, if_match: IfMatch) -> Result<()> {
    let now = ctx.now();
    let tx = ctx.begin().await?;
    let row = ApiKeyRepo::new(&tx).require(id).await?;
    if_match.check(row.version)?;
    if row.revoked_at.is_some() {
        return Ok(());
    }
    let update = Changes::<api_key::Entity>::new()
        .into_update((Column::Version, row.version), (Column::UpdatedAt, now))
        .col_expr(Column::RevokedAt, Expr::value(now));
    let row = ApiKeyRepo::new(&tx).update(id, update).await?;
    let revoked = Activity::new("security.api_key_revoked", "api_key", id);
    tx.record(revoked.with(json!({"name": row.name, "prefix": row.prefix})));
    let (user_id, agency_id) = (ctx.user_id(), ctx.agency_id());
    log(ctx, &tx, SecurityEvent::ApiKeyRevoked { user_id, agency_id, key_id: id }).await?;
    publish(&tx, "api_key.revoked", &row)?;
    tx.commit().await
}

fn check_not_revoked(row: &api_key::Model, now: DateTime<Utc>) -> Result<()> {
    let status = ApiKey::new(row.clone(), now).status();
    if status == ApiKeyStatus::Revoked {
        let allowed = vec![ApiKeyStatus::Active.as_str(), ApiKeyStatus::Expired.as_str()];
        return Err(Error::InvalidState { current: status.as_str().to_owned(), allowed });
    }
    Ok(())
}

/// A limit as the database keeps it.
fn stored_limit(requests: Option<u32>) -> Result<Option<i32>> {
    let stored = requests.map(i32::try_from).transpose();
    stored.map_err(|_| Error::internal("a limit beyond the largest number that is kept"))
}

async fn log(ctx: &TenantContext, tx: &AgencyTx, event: SecurityEvent<'_>) -> Result<()> {
    record_in(ctx.app(), &tx.platform(REASON), ctx.request(), event).await
}

/// Tells who follows the agency's events: the key's person, and who sees everything.
fn publish(tx: &AgencyTx, event_type: &'static str, row: &api_key::Model) -> Result<()> {
    tx.publish(Event::new(event_type, json!({"id": row.id}))?.owned_by(row.created_by));
    Ok(())
}
