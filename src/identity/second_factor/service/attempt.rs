//! How often codes may be tried and sent, and whether one is right.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{UserId, pending_sign_in};
use kernel::App;
use kernel::error::{Error, Result};
use kernel::http::RequestInfo;
use kernel::ports::sms::PhoneNumber;
use kernel::security::{self, SecurityEvent};
use kernel::store::PlatformTx;
use kernel::text::sha256_hex;

use super::invalid_token;
use crate::second_factor::codes;
use crate::second_factor::jobs::{Change, TellOfChange};
use crate::second_factor::model::{Proof, SecondFactorMethod};
use crate::second_factor::repo::{FactorRepo, PendingRepo, Window, WindowRepo};
use crate::second_factor::totp::Authenticator;

/// Codes that one sign-in may try.
pub(super) const ATTEMPTS: i32 = 5;

/// Codes that may be tried for one person, in all sign-ins, without a right one between them.
const TRIES: i32 = 10;

/// In how long.
const TRIES_WINDOW: TimeDelta = TimeDelta::minutes(15);

/// Codes that are sent for one person, and to one number (spec §8.3).
const SENDS: i32 = 3;

/// In how long.
const SENDS_WINDOW: TimeDelta = TimeDelta::minutes(10);

fn tries_key(user_id: UserId) -> String {
    format!("tries {user_id}")
}

/// Counts an attempt in a window.
async fn take(tx: &PlatformTx, window: &Window, now: DateTime<Utc>) -> Result<()> {
    match WindowRepo::new(tx.db()).take(window, now).await? {
        None => Ok(()),
        Some(until) => {
            let wait = (until - now).num_seconds().max(0) + 1;
            Err(Error::RateLimited { retry_after_s: u64::try_from(wait).unwrap_or(1) })
        }
    }
}

/// Counts a code that is about to be tried for a person. It counts whether it is right or not, so
/// that of parallel tries no more are made; a right one makes the count begin anew.
///
/// # Errors
/// [`Error::RateLimited`] while the person is locked out; nothing has changed then, if the unit of
/// work is dropped.
pub(super) async fn take_try(tx: &PlatformTx, user_id: UserId, now: DateTime<Utc>) -> Result<()> {
    let window = Window { key: tries_key(user_id), most: TRIES, lasts: TRIES_WINDOW };
    take(tx, &window, now).await
}

/// Counts codes that are about to be sent to numbers of a person.
///
/// # Errors
/// [`Error::RateLimited`] when the person or a number has had its share.
pub(super) async fn take_sends(
    tx: &PlatformTx,
    user_id: UserId,
    numbers: &[&PhoneNumber],
    now: DateTime<Utc>,
) -> Result<()> {
    let of_numbers = numbers.iter().map(|number| format!("sends {}", sha256_hex(number.as_str())));
    // In one order everywhere, so that two units of work never wait for each other.
    let mut keys: Vec<String> = of_numbers.collect();
    keys.push(format!("sends {user_id}"));
    keys.sort();
    for key in keys {
        take(tx, &Window { key, most: SENDS, lasts: SENDS_WINDOW }, now).await?;
    }
    Ok(())
}

/// Takes an attempt from the sign-in of a session token, and one from its person.
///
/// # Errors
/// [`Error::Unauthenticated`] (`invalid_token`), also when the sign-in has no attempt left;
/// [`Error::RateLimited`] while the person is locked out.
pub(super) async fn take_attempt(
    tx: &PlatformTx,
    session_token: &str,
    now: DateTime<Utc>,
) -> Result<pending_sign_in::Model> {
    let pending = PendingRepo::new(tx.db())
        .take_attempt(&sha256_hex(session_token), ATTEMPTS, now)
        .await?
        .ok_or_else(invalid_token)?;
    take_try(tx, pending.user_id, now).await?;
    Ok(pending)
}

/// Gives back what a try has taken that came to nothing, in a unit of work of its own.
pub(super) async fn give_back(app: &App, user_id: UserId, pending: Option<&str>) -> Result<()> {
    let tx = app.store().begin_platform(crate::second_factor::repo::REASON).await?;
    if let Some(id) = pending {
        PendingRepo::new(tx.db()).return_attempt(id).await?;
    }
    WindowRepo::new(tx.db()).give_back(&tries_key(user_id)).await?;
    tx.commit().await
}

/// A right code: the person's count begins anew.
pub(super) async fn succeeded(tx: &PlatformTx, user_id: UserId) -> Result<()> {
    WindowRepo::new(tx.db()).forget(&tries_key(user_id)).await
}

/// Where the secret of a person's authenticator app is sealed for.
pub(super) fn place(user_id: UserId) -> String {
    format!("{user_id}/totp_secret")
}

/// Whether a code is right, and uses it up if so. Otherwise the reason, for the security log.
///
/// # Errors
/// Those of the database, and of a secret that cannot be decrypted.
pub(super) async fn check(
    app: &App,
    tx: &PlatformTx,
    user_id: UserId,
    proof: &Proof,
) -> Result<std::result::Result<(), &'static str>> {
    let now = app.clock().now();
    let factors = FactorRepo::new(tx.db());
    let row = factors.find(user_id).await?.filter(|row| row.totp_enabled_at.is_some());
    let Some(row) = row else { return Ok(Err("not_registered")) };
    match proof {
        Proof::Code(code) => {
            let secret = app.vault().open(&place(user_id), &row.totp_secret)?;
            let Some(step) = Authenticator::stored(&secret)?.step_of(code, now) else {
                return Ok(Err("wrong"));
            };
            let is_first = factors.use_step(user_id, step, now).await?;
            Ok(if is_first { Ok(()) } else { Err("replayed") })
        }
        Proof::RecoveryCode(code) => {
            let is_first = factors.use_code(user_id, &codes::hash(user_id, code), now).await?;
            Ok(if is_first { Ok(()) } else { Err("wrong") })
        }
    }
}

/// Writes down that a code was wrong.
///
/// # Errors
/// Those of the database.
pub(super) async fn note_failure(
    app: &App,
    tx: &PlatformTx,
    request: &RequestInfo,
    user_id: UserId,
    method: SecondFactorMethod,
    reason: &str,
) -> Result<()> {
    let failed = SecurityEvent::SecondFactorFailed { user_id, method: method.as_str(), reason };
    security::record_in(app, &tx.db(), request, failed).await
}

/// Writes down what has changed, and has the person told.
///
/// # Errors
/// Those of the database.
pub(super) async fn note_change(
    app: &App,
    tx: &mut PlatformTx,
    request: &RequestInfo,
    person: &entity::user::Model,
    change: Change,
) -> Result<()> {
    let (method, word) = match change {
        Change::TotpEnabled => ("totp", "added"),
        Change::TotpDisabled => ("totp", "removed"),
        Change::RecoveryCodesReplaced => ("recovery_codes", "replaced"),
        Change::RecoveryCodeUsed => ("recovery_codes", "used"),
        Change::PhoneSet if person.phone.is_empty() => ("sms", "added"),
        Change::PhoneSet => ("sms", "replaced"),
        Change::PhoneRemoved => ("sms", "removed"),
        Change::Reset => ("all", "reset"),
    };
    let changed =
        SecurityEvent::SecondFactorChanged { user_id: person.id, method, change: word, by: None };
    security::record_in(app, &tx.db(), request, changed).await?;
    tx.enqueue(&TellOfChange { email: person.email.clone(), change }).await
}
