//! The second factor of the person who is signed in: state, app and recovery codes.

use chrono::TimeDelta;
use entity::user;
use kernel::error::{Error, Result};
use kernel::http::{ETag, SignedIn};
use kernel::ports::sms::mask;

use super::attempt;
use super::factors::{self, Factors};
use super::{totp, wrong_code_at};
use crate::auth;
use crate::people::UserRepo;
use crate::second_factor::jobs::Change;
use crate::second_factor::model::{
    Proof, RecoveryCodes, SecondFactorMethod, SecondFactorView, TotpSetup,
};
use crate::second_factor::repo::{FactorRepo, REASON};

/// How long after a sign-in a second factor may be added without more.
const RECENT: TimeDelta = TimeDelta::minutes(15);

/// The state of a person's second factor, with its version.
///
/// # Errors
/// Those of the database.
pub(crate) async fn read(caller: &SignedIn) -> Result<(ETag, SecondFactorView)> {
    let app = &caller.app;
    let id = caller.user.user.id;
    let person = UserRepo::new(app.store().platform(REASON)).find(id).await?;
    let person = person.ok_or(Error::NotFound)?;
    let found = Factors::load(app.store().platform(REASON), id).await?;
    let view = SecondFactorView {
        required: factors::is_required(app, &person),
        sms_available: app.sms().is_some(),
        totp_enabled_at: found.row.as_ref().and_then(|row| row.totp_enabled_at),
        recovery_codes_left: found.codes_left,
        phone_masked: Some(mask(&person.phone)).filter(|phone| !phone.is_empty()),
    };
    Ok((view.etag(person.version)?, view))
}

/// Refuses what must not be done from a sign-in that somebody may have left open.
///
/// # Errors
/// [`Error::Refused`] (`recent_sign_in_required`).
pub(crate) async fn require_recent_sign_in(caller: &SignedIn) -> Result<()> {
    let app = &caller.app;
    let since = auth::service::signed_in_at(app, caller.user.session_id).await?;
    if app.clock().now() - since <= RECENT {
        return Ok(());
    }
    Err(Error::refused(
        "recent_sign_in_required",
        "sign in again; this can be done within 15 minutes of it",
    ))
}

/// Begins to set an app up.
///
/// # Errors
/// [`Error::Refused`] (`recent_sign_in_required`); [`Error::Conflict`] (`totp_enabled`) for a
/// person who has one.
pub(in crate::second_factor) async fn start_totp(caller: &SignedIn) -> Result<TotpSetup> {
    require_recent_sign_in(caller).await?;
    let app = &caller.app;
    let tx = app.store().begin_platform(REASON).await?;
    let person = factors::lock(&tx, caller.user.user.id).await?;
    refuse_second_app(&Factors::load(tx.db(), person.id).await?)?;
    let setup = totp::start(app, &tx, &person).await?;
    tx.commit().await?;
    Ok(setup)
}

fn refuse_second_app(found: &Factors) -> Result<()> {
    if found.has_totp() {
        return Err(Error::conflict(
            "totp_enabled",
            "an authenticator app is set up; remove it before you set up another",
        ));
    }
    Ok(())
}

/// Sets the app up: from now on it is asked for.
///
/// # Errors
/// [`Error::Validation`] (`/code`, `wrong_code`); [`Error::Conflict`] (`totp_not_started`,
/// `totp_enabled`); [`Error::RateLimited`] while the person is locked out.
pub(in crate::second_factor) async fn confirm_totp(
    caller: &SignedIn,
    code: &str,
) -> Result<RecoveryCodes> {
    let (app, request, id) = (&caller.app, &caller.request, caller.user.user.id);
    let mut tx = app.store().begin_platform(REASON).await?;
    attempt::take_try(&tx, id, app.clock().now()).await?;
    let person = factors::lock(&tx, id).await?;
    let found = Factors::load(tx.db(), id).await?;
    refuse_second_app(&found)?;
    let row = found.row.as_ref();
    match totp::confirm(app, &mut tx, request, &person, row, code).await? {
        Some(recovery_codes) => {
            attempt::succeeded(&tx, id).await?;
            tx.commit().await?;
            Ok(RecoveryCodes { recovery_codes })
        }
        None => {
            let method = SecondFactorMethod::Totp;
            attempt::note_failure(app, &tx, request, id, method, "wrong").await?;
            tx.commit().await?;
            Err(wrong_code_at("/code"))
        }
    }
}

/// A unit of work in which a person has proven their app, and can change what depends on it.
pub(super) async fn proven(
    caller: &SignedIn,
    proof: Proof,
) -> Result<(kernel::store::PlatformTx, user::Model)> {
    let (app, request, id) = (&caller.app, &caller.request, caller.user.user.id);
    let mut tx = app.store().begin_platform(REASON).await?;
    attempt::take_try(&tx, id, app.clock().now()).await?;
    let person = factors::lock(&tx, id).await?;
    if !Factors::load(tx.db(), id).await?.has_totp() {
        return Err(Error::conflict("totp_not_enabled", "no authenticator app is set up"));
    }
    let method = proof.method();
    if let Err(reason) = attempt::check(app, &tx, id, &proof).await? {
        attempt::note_failure(app, &tx, request, id, method, reason).await?;
        tx.commit().await?;
        let pointer = match method {
            SecondFactorMethod::RecoveryCode => "/recovery_code",
            SecondFactorMethod::Totp | SecondFactorMethod::Sms => "/code",
        };
        return Err(wrong_code_at(pointer));
    }
    attempt::succeeded(&tx, id).await?;
    if let Proof::RecoveryCode(_) = proof {
        let change = Change::RecoveryCodeUsed;
        attempt::note_change(app, &mut tx, request, &person, change).await?;
    }
    Ok((tx, person))
}

/// Removes the app, and with it the recovery codes.
///
/// # Errors
/// [`Error::Validation`] (`wrong_code`); [`Error::Conflict`]: `totp_not_enabled`, and
/// `second_factor_required` where the person must have one and has no other;
/// [`Error::RateLimited`] while the person is locked out.
pub(in crate::second_factor) async fn disable_totp(caller: &SignedIn, proof: Proof) -> Result<()> {
    let (app, request) = (&caller.app, &caller.request);
    let (mut tx, person) = proven(caller, proof).await?;
    let has_phone = app.sms().is_some() && !person.phone.is_empty();
    if factors::is_required(app, &person) && !has_phone {
        return Err(Error::conflict(
            "second_factor_required",
            "you must have a second factor; register a telephone number first",
        ));
    }
    FactorRepo::new(tx.db()).disable_totp(person.id, app.clock().now()).await?;
    attempt::note_change(app, &mut tx, request, &person, Change::TotpDisabled).await?;
    tx.commit().await
}

/// Replaces the recovery codes.
///
/// # Errors
/// [`Error::Validation`] (`wrong_code`); [`Error::Conflict`] (`totp_not_enabled`);
/// [`Error::RateLimited`] while the person is locked out.
pub(in crate::second_factor) async fn replace_codes(
    caller: &SignedIn,
    proof: Proof,
) -> Result<RecoveryCodes> {
    let (app, request) = (&caller.app, &caller.request);
    let (mut tx, person) = proven(caller, proof).await?;
    let recovery_codes = totp::new_codes(app, &tx, person.id).await?;
    attempt::note_change(app, &mut tx, request, &person, Change::RecoveryCodesReplaced).await?;
    tx.commit().await?;
    Ok(RecoveryCodes { recovery_codes })
}
