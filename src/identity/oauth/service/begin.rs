//! Sending a browser to a provider.

use chrono::{DateTime, TimeDelta, Utc};
use entity::external_identity::IdentityProvider;
use entity::{AgencyId, UserId, login_state};
use kernel::App;
use kernel::error::{Context, Result};
use kernel::text::{secret_token, sha256_hex};
use sea_orm::ActiveValue::Set;

use super::state::place;
use crate::auth::return_url;
use crate::oauth::party::{Failure, Party, Proof};
use crate::oauth::provider;
use crate::oauth::repo::{REASON, StateRepo};

/// How long a sign-in may take.
const TTL: TimeDelta = TimeDelta::minutes(15);

/// A sign-in that begins.
pub(crate) struct Beginning<'a> {
    /// Where the browser is sent.
    pub(crate) party: Party<'a>,
    /// The agency whose issuer it is.
    pub(crate) agency_id: Option<AgencyId>,
    /// Who connects an account; nobody when somebody signs in.
    pub(crate) user_id: Option<UserId>,
    /// Where to go afterwards.
    pub(crate) return_url: Option<String>,
    /// What the browser is known by.
    pub(crate) browser: &'a str,
}

/// A sign-in that is under way.
pub(crate) struct Begun {
    /// The provider's page.
    pub(crate) url: String,
    /// Until when the person must have come back.
    pub(crate) expires_at: DateTime<Utc>,
}

/// Begins a sign-in at a provider of the configuration.
///
/// # Errors
/// [`kernel::Error::NotFound`] when the provider is not configured; [`kernel::Error::Validation`]
/// when the sign-in may not lead to `return_url`; [`kernel::Error::Upstream`] when the provider does
/// not say where its page is.
pub async fn start(
    app: &App,
    provider: IdentityProvider,
    return_url: Option<String>,
    browser: &str,
) -> Result<String> {
    let party = provider::party(app, provider)?;
    let beginning = Beginning { party, agency_id: None, user_id: None, return_url, browser };
    Ok(begin(app, beginning).await?.url)
}

/// Begins a sign-in: remembers what must come back, and says where the browser goes.
///
/// # Errors
/// As for [`start`].
pub(crate) async fn begin(app: &App, beginning: Beginning<'_>) -> Result<Begun> {
    let Beginning { party, agency_id, user_id, return_url, browser } = beginning;
    if let Some(url) = &return_url {
        return_url::check(app.config(), url)?;
    }
    let state = secret_token(app.rng());
    let proof = Proof::new(app);
    // The provider may have to be asked first; no unit of work is open yet.
    let url = party.authorization_url(&proof, &state).await.map_err(Failure::into_error)?;
    let now = app.clock().now();
    let id = sha256_hex(&state);
    let sealed = serde_json::to_vec(&proof).context("the proof of a sign-in")?;
    let row = login_state::ActiveModel {
        sealed: Set(app.vault().seal_bytes(&place(&id), &sealed)?),
        id: Set(id),
        browser_hash: Set(sha256_hex(browser)),
        provider: Set(party.provider),
        agency_id: Set(agency_id),
        user_id: Set(user_id),
        return_url: Set(return_url.unwrap_or_default()),
        expires_at: Set(now + TTL),
        used_at: Set(None),
        created_at: Set(now),
    };
    let tx = app.store().begin_platform(REASON).await?;
    StateRepo::new(tx.db()).insert(row).await?;
    tx.commit().await?;
    Ok(Begun { url, expires_at: now + TTL })
}
