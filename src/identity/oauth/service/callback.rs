//! Coming back from a provider of the configuration.

use entity::external_identity::IdentityProvider;
use entity::pending_sign_in::SignInMethod;
use entity::{login_state, user};
use kernel::App;
use kernel::error::{Error, Result};
use kernel::http::RequestInfo;
use kernel::security::{self, SecurityEvent};
use kernel::store::PlatformTx;

use super::identities::{attach, open_account, remember};
use super::state::{Returned, identify, take_up};
use crate::auth::SignInOutcome;
use crate::auth::service::complete_sign_in;
use crate::oauth::party::Identified;
use crate::oauth::provider;
use crate::oauth::repo::{IdentityKey, REASON};
use crate::people;

/// What came of it.
pub(crate) enum Arrival {
    /// Somebody signed in, or has to show a second factor.
    SignedIn(SignInOutcome),
    /// An account was connected.
    Connected,
}

/// What came of it, and where it leads.
pub(crate) struct Finished {
    /// Where the person wanted to go; empty for nowhere in particular, and when that is not known.
    pub(crate) return_url: String,
    /// What came of it.
    pub(crate) outcome: Result<Arrival>,
}

/// Ends a sign-in, or connects an account.
///
/// # Errors
/// In the outcome: those of [`take_up`] and [`identify`]; [`Error::Refused`] with `email_missing`,
/// `email_unverified` or `account_suspended`; [`Error::Conflict`] (`identity_taken`) when somebody
/// else has connected the account.
pub(crate) async fn callback(
    app: &App,
    request: &RequestInfo,
    provider: IdentityProvider,
    returned: &Returned,
) -> Result<Finished> {
    let party = provider::party(app, provider)?;
    let state = match take_up(app, request, (provider, None), returned).await {
        Ok(state) => state,
        Err(error) => return Ok(Finished { return_url: String::new(), outcome: Err(error) }),
    };
    let outcome = async {
        let identified = identify(app, request, &party, &state, returned).await?;
        arrive(app, request, provider, &state, identified).await
    };
    let outcome = outcome.await;
    Ok(Finished { return_url: state.return_url, outcome })
}

async fn arrive(
    app: &App,
    request: &RequestInfo,
    provider: IdentityProvider,
    state: &login_state::Model,
    identified: Identified,
) -> Result<Arrival> {
    if let Some(user_id) = state.user_id {
        attach(app, request, user_id, provider, &identified).await?;
        return Ok(Arrival::Connected);
    }
    let tx = app.store().begin_platform(REASON).await?;
    let person = match person(app, request, &tx, provider, &identified).await {
        Ok(person) => person,
        Err(error) => {
            drop(tx);
            refused(app, request, &identified, &error).await;
            return Err(error);
        }
    };
    let outcome = complete_sign_in(app, tx, &person, request, method(provider)).await?;
    Ok(Arrival::SignedIn(outcome))
}

/// Whose account it is: the person who has connected it; else the one who holds the address that
/// the provider vouches for, made when unknown.
async fn person(
    app: &App,
    request: &RequestInfo,
    tx: &PlatformTx,
    provider: IdentityProvider,
    identified: &Identified,
) -> Result<user::Model> {
    let key = IdentityKey {
        provider,
        agency_id: None,
        issuer: &identified.issuer,
        subject: &identified.subject,
    };
    if let Some(person) = open_account(app, tx, key, identified).await? {
        return Ok(person);
    }
    let email = identified.email.as_deref().ok_or_else(email_missing)?;
    if !identified.email_verified {
        return Err(email_unverified());
    }
    let person = people::service::prove(app, tx.db(), email).await?;
    remember(app, request, tx, person.id, key, email).await?;
    Ok(person)
}

/// Writes a refusal that has nothing to do with the person's state into the security log.
async fn refused(app: &App, request: &RequestInfo, identified: &Identified, error: &Error) {
    if let Error::Refused { code, .. } = error {
        let email = identified.email.as_deref();
        let event = SecurityEvent::LoginRefused { user_id: None, email, reason: code };
        security::record(app, request, event).await;
    }
}

fn email_missing() -> Error {
    Error::refused(
        "email_missing",
        "the identity provider gave no e-mail address; sign in with a link by mail and connect the \
         account then",
    )
}

fn email_unverified() -> Error {
    Error::refused(
        "email_unverified",
        "the identity provider does not vouch for the e-mail address; sign in with a link by mail \
         and connect the account then",
    )
}

fn method(provider: IdentityProvider) -> SignInMethod {
    match provider {
        IdentityProvider::Google => SignInMethod::Google,
        IdentityProvider::Github => SignInMethod::GitHub,
        IdentityProvider::Microsoft => SignInMethod::Microsoft,
        IdentityProvider::Facebook => SignInMethod::Facebook,
        IdentityProvider::Sso => SignInMethod::Sso,
    }
}
