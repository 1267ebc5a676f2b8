//! The second factor of a sign-in: a code of the app, a recovery code, or a new app.

use entity::{pending_sign_in, user};
use kernel::App;
use kernel::error::Result;
use kernel::http::RequestInfo;
use kernel::store::PlatformTx;
use kernel::text::sha256_hex;

use super::attempt::{self, ATTEMPTS};
use super::factors::{self, Factors};
use super::{invalid_token, totp, wrong_code};
use crate::auth::{self, TokenPair};
use crate::second_factor::jobs::Change;
use crate::second_factor::model::{Enrolled, Proof, SecondFactorMethod, TotpSetup};
use crate::second_factor::repo::{PendingRepo, REASON};

/// Completes a sign-in with a code of the app or a recovery code.
///
/// # Errors
/// [`kernel::Error::Unauthenticated`]: `invalid_token` for a session token that is unknown, used,
/// expired or has had its five codes; `wrong_code`. [`kernel::Error::RateLimited`] while the person
/// is locked out. [`kernel::Error::Refused`] (`account_suspended`).
pub(in crate::second_factor) async fn prove(
    app: &App,
    session_token: &str,
    proof: Proof,
    request: &RequestInfo,
) -> Result<TokenPair> {
    let now = app.clock().now();
    let mut tx = app.store().begin_platform(REASON).await?;
    let pending = attempt::take_attempt(&tx, session_token, now).await?;
    let person = factors::lock(&tx, pending.user_id).await?;
    if let Err(reason) = attempt::check(app, &tx, person.id, &proof).await? {
        attempt::note_failure(app, &tx, request, person.id, proof.method(), reason).await?;
        tx.commit().await?;
        return Err(wrong_code(ATTEMPTS - pending.attempts));
    }
    if let Proof::RecoveryCode(_) = proof {
        let change = Change::RecoveryCodeUsed;
        attempt::note_change(app, &mut tx, request, &person, change).await?;
    }
    finish(app, tx, &pending, &person, request).await
}

/// Begins to set an app up within the sign-in of a person who has no second factor and must have
/// one.
///
/// # Errors
/// [`kernel::Error::Unauthenticated`] (`invalid_token`), also when the person has a second factor.
pub(in crate::second_factor) async fn enrol_totp(
    app: &App,
    session_token: &str,
) -> Result<TotpSetup> {
    let tx = app.store().begin_platform(REASON).await?;
    let pending = PendingRepo::new(tx.db())
        .find(&sha256_hex(session_token), ATTEMPTS, app.clock().now())
        .await?
        .ok_or_else(invalid_token)?;
    let person = factors::lock(&tx, pending.user_id).await?;
    may_enrol(app, &tx, &pending, &person).await?;
    let setup = totp::start(app, &tx, &person).await?;
    tx.commit().await?;
    Ok(setup)
}

/// Sets the app up, and completes the sign-in.
///
/// # Errors
/// As for [`prove`] and [`enrol_totp`]; [`kernel::Error::Conflict`] (`totp_not_started`).
pub(in crate::second_factor) async fn confirm_enrolment(
    app: &App,
    session_token: &str,
    code: &str,
    request: &RequestInfo,
) -> Result<Enrolled> {
    let now = app.clock().now();
    let mut tx = app.store().begin_platform(REASON).await?;
    let pending = attempt::take_attempt(&tx, session_token, now).await?;
    let person = factors::lock(&tx, pending.user_id).await?;
    let found = may_enrol(app, &tx, &pending, &person).await?;
    let row = found.row.as_ref();
    match totp::confirm(app, &mut tx, request, &person, row, code).await? {
        Some(recovery_codes) => {
            let tokens = finish(app, tx, &pending, &person, request).await?;
            Ok(Enrolled { tokens, recovery_codes })
        }
        None => {
            let method = SecondFactorMethod::Totp;
            attempt::note_failure(app, &tx, request, person.id, method, "wrong").await?;
            tx.commit().await?;
            Err(wrong_code(ATTEMPTS - pending.attempts))
        }
    }
}

/// Whether a sign-in may still register a second factor: only as long as the person has none, so
/// that the first factor alone never adds one beside another. The person must be locked.
///
/// # Errors
/// [`kernel::Error::Unauthenticated`] (`invalid_token`) when it may not.
pub(super) async fn may_enrol(
    app: &App,
    tx: &PlatformTx,
    pending: &pending_sign_in::Model,
    person: &user::Model,
) -> Result<Factors> {
    let found = Factors::load(tx.db(), person.id).await?;
    if pending.enrols && found.methods(app, person).is_empty() {
        Ok(found)
    } else {
        Err(invalid_token())
    }
}

/// Uses the session token up and opens the sign-in; commits.
pub(super) async fn finish(
    app: &App,
    tx: PlatformTx,
    pending: &pending_sign_in::Model,
    person: &user::Model,
    request: &RequestInfo,
) -> Result<TokenPair> {
    let now = app.clock().now();
    PendingRepo::new(tx.db()).consume(&pending.id, now).await?.ok_or_else(invalid_token)?;
    attempt::succeeded(&tx, person.id).await?;
    auth::service::open_sign_in(app, tx, person, request, pending.method).await
}
