//! Setting an authenticator app up: the steps that a sign-in and a signed-in person share.

use chrono::TimeDelta;
use entity::{UserId, second_factor, user};
use kernel::App;
use kernel::error::{Error, Result};
use kernel::http::RequestInfo;
use kernel::store::PlatformTx;

use super::attempt::{note_change, place};
use crate::second_factor::codes;
use crate::second_factor::jobs::Change;
use crate::second_factor::model::TotpSetup;
use crate::second_factor::repo::FactorRepo;
use crate::second_factor::totp::Authenticator;

/// How long a new secret waits for a code of it.
const SETUP_TTL: TimeDelta = TimeDelta::minutes(15);

/// Gives a person a new secret. An app that is in use stays so until the new one is confirmed.
///
/// # Errors
/// Those of the database and of the vault.
pub(super) async fn start(app: &App, tx: &PlatformTx, person: &user::Model) -> Result<TotpSetup> {
    let now = app.clock().now();
    let expires_at = now + SETUP_TTL;
    let authenticator = Authenticator::new(app.rng(), &person.email)?;
    let secret = authenticator.base32();
    let sealed = app.vault().seal(&place(person.id), &secret)?;
    let factors = FactorRepo::new(tx.db());
    factors.ensure(person.id, now).await?;
    factors.set_pending_totp(person.id, sealed, expires_at, now).await?;
    Ok(TotpSetup { secret, otpauth_url: authenticator.url()?, expires_at })
}

/// Has the new app asked for from now on, when the code is one of its; gives the recovery codes.
/// `None` for a wrong code.
///
/// # Errors
/// [`Error::Conflict`] (`totp_not_started`) when no secret waits.
pub(super) async fn confirm(
    app: &App,
    tx: &mut PlatformTx,
    request: &RequestInfo,
    person: &user::Model,
    row: Option<&second_factor::Model>,
    code: &str,
) -> Result<Option<Vec<String>>> {
    let now = app.clock().now();
    let waiting = row.filter(|row| row.totp_pending_until.is_some_and(|until| until > now));
    let Some(row) = waiting.filter(|row| !row.totp_pending.is_empty()) else {
        return Err(Error::conflict(
            "totp_not_started",
            "no authenticator app waits to be confirmed; start again",
        ));
    };
    let secret = app.vault().open(&place(person.id), &row.totp_pending)?;
    let Some(step) = Authenticator::stored(&secret)?.step_of(code.trim(), now) else {
        return Ok(None);
    };
    FactorRepo::new(tx.db()).enable_totp(person.id, row.totp_pending.clone(), step, now).await?;
    let codes = new_codes(app, tx, person.id).await?;
    note_change(app, tx, request, person, Change::TotpEnabled).await?;
    Ok(Some(codes))
}

/// Replaces the recovery codes of a person.
///
/// # Errors
/// Those of the database.
pub(super) async fn new_codes(app: &App, tx: &PlatformTx, user_id: UserId) -> Result<Vec<String>> {
    let codes: Vec<String> = (0..codes::COUNT).map(|_| codes::make(app.rng())).collect();
    let hashes = codes.iter().map(|code| codes::hash(user_id, code)).collect();
    FactorRepo::new(tx.db()).replace_codes(user_id, hashes, app.clock().now()).await?;
    Ok(codes)
}
