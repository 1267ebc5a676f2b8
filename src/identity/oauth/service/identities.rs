//! The accounts that a person signs in with.

use entity::external_identity::{self, IdentityProvider};
use entity::{AgencyId, IdentityId, UserId, user};
use kernel::App;
use kernel::error::{Error, Result};
use kernel::http::{RequestInfo, SignedIn};
use kernel::security::{self, SecurityEvent};
use kernel::store::{PlatformDb, PlatformTx};
use sea_orm::ActiveValue::Set;

use super::begin::{Beginning, begin};
use crate::oauth::model::{ConnectionStart, IdentityView, NewIdentity};
use crate::oauth::party::Identified;
use crate::oauth::provider;
use crate::oauth::repo::{IDENTITIES_MAX, IdentityKey, IdentityRepo, REASON};
use crate::people::UserRepo;
use crate::second_factor;

/// The accounts of a person, oldest first.
///
/// # Errors
/// Those of the database.
pub async fn list(app: &App, user_id: UserId) -> Result<Vec<IdentityView>> {
    let rows = IdentityRepo::new(app.store().platform(REASON)).of_person(user_id).await?;
    Ok(rows.into_iter().map(IdentityView::from).collect())
}

/// Begins to connect an account of a provider to a person who is signed in. Nothing is asked of its
/// address: the person has shown to hold both.
///
/// # Errors
/// [`Error::Validation`] for a provider that is not configured and for an address the browser may
/// not be sent to; [`Error::Refused`] (`recent_sign_in_required`): whoever got hold of a sign-in
/// must not be able to keep it for good; [`Error::Upstream`] when the provider does not say where
/// its page is.
pub async fn connect(
    caller: &SignedIn,
    new: NewIdentity,
    browser: &str,
) -> Result<ConnectionStart> {
    let app = &caller.app;
    let NewIdentity { provider, return_url } = new;
    let party = provider::party(app, provider)
        .map_err(|_| Error::invalid("/provider", "unknown", "is not offered here"))?;
    second_factor::service::require_recent_sign_in(caller).await?;
    let user_id = Some(caller.user.user.id);
    let beginning = Beginning { party, agency_id: None, user_id, return_url, browser };
    let begun = begin(app, beginning).await?;
    Ok(ConnectionStart { authorization_url: begun.url, expires_at: begun.expires_at })
}

/// Removes an account: it signs nobody in any more. The person can always use a link by mail.
///
/// # Errors
/// [`Error::NotFound`] when the person has no such account.
pub async fn disconnect(
    app: &App,
    request: &RequestInfo,
    user_id: UserId,
    id: IdentityId,
) -> Result<()> {
    let tx = app.store().begin_platform(REASON).await?;
    let accounts = IdentityRepo::new(tx.db()).of_person(user_id).await?;
    let account = accounts.into_iter().find(|row| row.id == id).ok_or(Error::NotFound)?;
    if !IdentityRepo::new(tx.db()).delete(id, user_id).await? {
        return Err(Error::NotFound);
    }
    let provider = account.provider.as_str();
    let event = SecurityEvent::IdentityChanged { user_id, provider, change: "disconnected" };
    security::record_in(app, &tx.db(), request, event).await?;
    tx.commit().await
}

/// The person who has connected an account, with the sign-in noted. Locked until the unit of work
/// ends.
///
/// # Errors
/// Those of the database.
pub(crate) async fn open_account(
    app: &App,
    tx: &PlatformTx,
    key: IdentityKey<'_>,
    identified: &Identified,
) -> Result<Option<user::Model>> {
    let identities = IdentityRepo::new(tx.db());
    let Some(account) = identities.find(key).await? else { return Ok(None) };
    // The person first, as everywhere: a parallel first sign-in holds the person while it adds the
    // account, and waits for whoever is changing it.
    let person = UserRepo::new(tx.db()).lock(account.user_id).await?;
    let email = identified.email.as_deref().unwrap_or_default();
    let is_there = identities.touch(account.id, email, app.clock().now()).await?;
    Ok(person.filter(|_| is_there))
}

/// Who has connected an account, if anybody has.
///
/// # Errors
/// Those of the database.
pub(crate) async fn holder(app: &App, key: IdentityKey<'_>) -> Result<Option<UserId>> {
    let account = IdentityRepo::new(app.store().platform(REASON)).find(key).await?;
    Ok(account.map(|account| account.user_id))
}

/// Connects an account to a person who has just signed in with it; nothing where somebody has.
///
/// # Errors
/// Those of the database.
pub(crate) async fn remember(
    app: &App,
    request: &RequestInfo,
    tx: &PlatformTx,
    user_id: UserId,
    key: IdentityKey<'_>,
    email: &str,
) -> Result<bool> {
    let row = new_identity(app, user_id, key, email);
    if !IdentityRepo::new(tx.db()).insert_unless_present(row).await? {
        return Ok(false);
    }
    let provider = key.provider.as_str();
    let event = SecurityEvent::IdentityChanged { user_id, provider, change: "connected" };
    security::record_in(app, &tx.db(), request, event).await?;
    Ok(true)
}

/// Removes all accounts at the issuer of an agency.
///
/// # Errors
/// Those of the database.
pub(crate) async fn forget_issuer(db: PlatformDb<'_>, agency_id: AgencyId) -> Result<()> {
    IdentityRepo::new(db).delete_of_agency(agency_id).await
}

/// The row of an account that a person signs in with from now on.
fn new_identity(
    app: &App,
    user_id: UserId,
    key: IdentityKey<'_>,
    email: &str,
) -> external_identity::ActiveModel {
    let IdentityKey { provider, agency_id, issuer, subject } = key;
    let now = app.clock().now();
    external_identity::ActiveModel {
        id: Set(app.new_id::<IdentityId>()),
        user_id: Set(user_id),
        provider: Set(provider),
        agency_id: Set(agency_id),
        issuer: Set(issuer.to_owned()),
        subject: Set(subject.to_owned()),
        email: Set(email.to_owned()),
        last_used_at: Set(now),
        created_at: Set(now),
    }
}

/// Connects an account to the person who began to. The same account again changes nothing.
///
/// # Errors
/// [`Error::Conflict`] (`identity_taken`) when somebody else has it; [`Error::Refused`]
/// (`account_suspended`) when the person has been suspended meanwhile.
pub(super) async fn attach(
    app: &App,
    request: &RequestInfo,
    user_id: UserId,
    provider: IdentityProvider,
    identified: &Identified,
) -> Result<()> {
    let tx = app.store().begin_platform(REASON).await?;
    // Locked, so that two accounts are not connected past the limit at once.
    let person = UserRepo::new(tx.db()).lock(user_id).await?;
    if person.is_none_or(|person| person.suspended_at.is_some()) {
        return Err(Error::refused("account_suspended", "this account may not sign in"));
    }
    let key = IdentityKey {
        provider,
        agency_id: None,
        issuer: &identified.issuer,
        subject: &identified.subject,
    };
    let identities = IdentityRepo::new(tx.db());
    let mine = identities.of_person(user_id).await?;
    if u64::try_from(mine.len()).unwrap_or(u64::MAX) >= IDENTITIES_MAX {
        return Err(Error::conflict("too_many_identities", "remove an account first"));
    }
    let email = identified.email.as_deref().unwrap_or_default();
    if remember(app, request, &tx, user_id, key, email).await? {
        return tx.commit().await;
    }
    match identities.find(key).await? {
        Some(account) if account.user_id == user_id => Ok(()),
        _ => Err(Error::conflict(
            "identity_taken",
            "somebody else signs in with this account already",
        )),
    }
}
