//! Taking a sign-in up again when the browser comes back.

use entity::external_identity::IdentityProvider;
use entity::{AgencyId, login_state};
use kernel::App;
use kernel::error::{Context, Error, Result};
use kernel::http::RequestInfo;
use kernel::security::{self, SecurityEvent};
use kernel::text::sha256_hex;

use crate::oauth::party::{Failure, Identified, Party, Proof};
use crate::oauth::repo::{REASON, StateRepo};

/// What a browser brings back from a provider.
#[derive(Clone, Debug, Default)]
pub(crate) struct Returned {
    /// What this server gave it.
    pub(crate) state: Option<String>,
    /// Buys a token once.
    pub(crate) code: Option<String>,
    /// Why there is no code.
    pub(crate) error: Option<String>,
    /// Who says that it answered (RFC 9207).
    pub(crate) issuer: Option<String>,
    /// What the browser is known by.
    pub(crate) browser: Option<String>,
}

/// Where a proof is sealed for: moved to another sign-in it does not open.
pub(super) fn place(id: &str) -> String {
    format!("login_states/{id}")
}

/// Uses a sign-in up: whatever comes of it, it is over.
///
/// # Errors
/// [`Error::Unauthenticated`] (`oauth_state_invalid`) when this server did not begin it, not with
/// this browser or this provider, or when it is over. Parallel callers: one succeeds.
pub(crate) async fn take_up(
    app: &App,
    request: &RequestInfo,
    (provider, agency_id): (IdentityProvider, Option<AgencyId>),
    returned: &Returned,
) -> Result<login_state::Model> {
    let found = match (&returned.state, &returned.browser) {
        (Some(state), Some(browser)) => {
            let tx = app.store().begin_platform(REASON).await?;
            let key = (provider, agency_id);
            let (id, browser) = (sha256_hex(state), sha256_hex(browser));
            let now = app.clock().now();
            let found = StateRepo::new(tx.db()).consume(&id, &browser, key, now).await?;
            tx.commit().await?;
            found
        }
        _ => None,
    };
    if found.is_none() {
        let event = SecurityEvent::OauthStateInvalid { provider: provider.as_str() };
        security::record(app, request, event).await;
    }
    found.ok_or_else(|| Error::Unauthenticated {
        code: "oauth_state_invalid",
        detail:
            "this sign-in was not begun in this browser, took too long, or is over; sign in again"
                .into(),
    })
}

/// Says who came back. No unit of work may be open: the provider is asked.
///
/// # Errors
/// [`Error::Refused`] (`oauth_denied`) when the person or the provider did not agree;
/// [`Error::Unauthenticated`] (`oauth_failed`) when what came back does not hold;
/// [`Error::Upstream`] when the provider does not answer.
pub(crate) async fn identify(
    app: &App,
    request: &RequestInfo,
    party: &Party<'_>,
    state: &login_state::Model,
    returned: &Returned,
) -> Result<Identified> {
    if let Some(reason) = &returned.error {
        tracing::info!(provider = %party.provider, reason, "a provider refused a sign-in");
        return Err(Error::refused("oauth_denied", "the identity provider did not agree"));
    }
    let sealed = app.vault().open_bytes(&place(&state.id), &state.sealed)?;
    let proof: Proof = serde_json::from_slice(&sealed).context("the proof of a sign-in")?;
    let outcome = async {
        if !party.is_issuer(returned.issuer.as_deref()).await? {
            return Err(Failure::Token("issuer"));
        }
        let code = returned.code.as_deref().ok_or(Failure::Token("no_code"))?;
        party.identify(code, proof).await
    };
    match outcome.await {
        Ok(identified) => Ok(identified),
        Err(failure) => {
            if let Failure::Token(reason) = failure {
                let provider = party.provider.as_str();
                let event = SecurityEvent::OauthTokenInvalid { provider, reason };
                security::record(app, request, event).await;
            }
            Err(failure.into_error())
        }
    }
}
