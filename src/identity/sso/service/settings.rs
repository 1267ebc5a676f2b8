//! Naming an issuer.

use entity::{SsoConnectionId, SsoDomainId, sso_connection, sso_domain};
use kernel::TenantContext;
use kernel::error::{Error, FieldError, Result};
use kernel::http::IfMatch;
use kernel::ports::outbound::Reach;
use kernel::security::{self, SecurityEvent};
use kernel::store::{Activity, AgencyTx, Event};
use kernel::text::secret_token;
use sea_orm::ActiveValue::Set;
use secrecy::ExposeSecret;
use serde_json::json;

use super::place;
use super::sign_in::party;
use crate::oauth::party::Failure;
use crate::oauth::service::forget_issuer;
use crate::sso::model::{Sso, SsoSettings, SsoTest};
use crate::sso::repo::SsoRepo;

/// Why the accounts of an issuer are reached outside an agency's scope.
const REASON: &str = "the accounts of an issuer belong to people";

/// The agency's issuer.
///
/// # Errors
/// [`Error::NotFound`] when it has named none.
pub async fn read(ctx: &TenantContext) -> Result<Sso> {
    SsoRepo::new(&ctx.db()).find().await?.ok_or(Error::NotFound)
}

/// Names the issuer, or changes it. A domain that stays keeps its proof.
///
/// # Errors
/// [`Error::Validation`] for an issuer that may not be called, and when the secret is missing where
/// it cannot stay; [`Error::PreconditionFailed`] when it has been changed since it was read.
pub async fn put(ctx: &TenantContext, if_match: IfMatch, settings: SsoSettings) -> Result<Sso> {
    let domains = settings.domains();
    let SsoSettings { issuer, client_id, client_secret, domains: _ } = settings;
    let (issuer, client_id) = (issuer.trim().to_owned(), client_id.trim().to_owned());
    let mut wrong = Vec::new();
    if let Err(error) = ctx.app().outbound().check(Reach::Public, &issuer) {
        wrong.push(FieldError::new("/issuer", "not_allowed", error.to_string()));
    } else if issuer.contains('?') {
        // Discovery §4: the well-known path is appended to it.
        wrong.push(FieldError::new("/issuer", "not_allowed", "must not have a query"));
    }
    let tx = ctx.begin().await?;
    let repo = SsoRepo::new(&tx);
    let old = repo.find().await?;
    // What is not there has no version that could be meant.
    if_match.check(old.as_ref().map_or(-1, |old| old.connection.version))?;
    let kept = old.as_ref().map(|old| &old.connection);
    // The secret of one issuer is never sent to another.
    let kept = kept.filter(|old| old.issuer == issuer && old.client_id == client_id);
    let sealed = match (client_secret, kept) {
        (Some(secret), _) => ctx.app().vault().seal(&place(ctx), secret.expose_secret())?,
        (None, Some(old)) => old.client_secret.clone(),
        (None, None) => {
            let detail = "is needed for a new issuer or client";
            wrong.push(FieldError::new("/client_secret", "required", detail));
            String::new()
        }
    };
    if !wrong.is_empty() {
        return Err(Error::Validation(wrong));
    }
    let now = ctx.now();
    let id = match &old {
        Some(old) => {
            repo.update(&old.connection, (&issuer, &client_id, &sealed), now).await?;
            old.connection.id
        }
        None => {
            let id: SsoConnectionId = ctx.new_id();
            let row = sso_connection::ActiveModel {
                id: Set(id),
                issuer: Set(issuer.clone()),
                client_id: Set(client_id.clone()),
                client_secret: Set(sealed),
                version: Set(1),
                created_at: Set(now),
                updated_at: Set(now),
                ..Default::default()
            };
            repo.insert(row).await?;
            id
        }
    };
    write_domains(ctx, &repo, id, old.as_ref(), &domains).await?;
    let before = old.as_ref().map_or_else(|| json!({}), described);
    let after = repo.find().await?.ok_or_else(|| Error::internal("the issuer vanished"))?;
    record(ctx, &tx, id, before, described(&after)).await?;
    tx.commit().await?;
    Ok(after)
}

/// Takes the issuer away, and with it the accounts that people had there.
///
/// # Errors
/// [`Error::NotFound`] when there is none; [`Error::PreconditionFailed`] when it has been changed
/// since it was read.
pub async fn delete(ctx: &TenantContext, if_match: IfMatch) -> Result<()> {
    let tx = ctx.begin().await?;
    let repo = SsoRepo::new(&tx);
    let old = repo.find().await?.ok_or(Error::NotFound)?;
    if_match.check(old.connection.version)?;
    repo.delete(&old.connection).await?;
    forget_issuer(tx.platform(REASON), ctx.agency_id()).await?;
    record(ctx, &tx, old.connection.id, described(&old), json!({})).await?;
    tx.commit().await
}

/// Looks whether the issuer answers as it should. Nothing is changed.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn test(ctx: &TenantContext) -> Result<SsoTest> {
    let sso = read(ctx).await?;
    let outcome = party(ctx, &sso)?.examine().await;
    let detail = outcome.err().map(|failure| match failure {
        Failure::Token(reason) => reason.to_owned(),
        Failure::Upstream(cause) => format!("the issuer did not answer as it should: {cause}"),
    });
    Ok(SsoTest { works: detail.is_none(), detail })
}

/// Adds the domains that are new, removes those that are named no more.
async fn write_domains(
    ctx: &TenantContext,
    repo: &SsoRepo<'_>,
    connection_id: SsoConnectionId,
    old: Option<&Sso>,
    domains: &[String],
) -> Result<()> {
    let known = old.map_or(&[][..], |old| old.domains.as_slice());
    let gone = known.iter().filter(|row| !domains.contains(&row.domain)).map(|row| row.id);
    repo.delete_domains(gone.collect()).await?;
    let new = domains.iter().filter(|domain| !known.iter().any(|row| row.domain == **domain));
    let rows = new.map(|domain| sso_domain::ActiveModel {
        id: Set(ctx.new_id::<SsoDomainId>()),
        connection_id: Set(connection_id),
        domain: Set(domain.clone()),
        challenge: Set(secret_token(ctx.app().rng())),
        verified_at: Set(None),
        created_at: Set(ctx.now()),
        ..Default::default()
    });
    repo.insert_domains(rows.collect()).await
}

/// What the activity log says of it.
fn described(sso: &Sso) -> serde_json::Value {
    let domains: Vec<&str> = sso.domains.iter().map(|row| row.domain.as_str()).collect();
    json!({
        "issuer": sso.connection.issuer,
        "client_id": sso.connection.client_id,
        "domains": domains,
    })
}

/// Tells everybody.
async fn record(
    ctx: &TenantContext,
    tx: &AgencyTx,
    id: SsoConnectionId,
    before: serde_json::Value,
    after: serde_json::Value,
) -> Result<()> {
    tx.record(Activity::new("agency.sso.updated", "sso", id).changed(before, after));
    tx.publish(Event::new("agency.updated", json!({"id": ctx.agency_id()}))?);
    let agency_id = ctx.agency_id();
    let user_id = ctx.user_id();
    let event = SecurityEvent::SignInPolicyChanged { agency_id, user_id, subject: "sso" };
    security::record_in(ctx.app(), &tx.platform(REASON), ctx.request(), event).await
}
