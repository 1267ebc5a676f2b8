//! The second factor of a sign-in by text message. The provider is called between units of work,
//! never within one.

use kernel::App;
use kernel::error::{Error, Result};
use kernel::http::RequestInfo;
use kernel::ports::sms::{Checked, PhoneNumber};
use kernel::text::sha256_hex;

use super::attempt::{self, ATTEMPTS};
use super::sign_in::{finish, may_enrol};
use super::{check, factors, invalid_token, send, sms, wrong_code};
use crate::auth::TokenPair;
use crate::people::UserRepo;
use crate::second_factor::jobs::Change;
use crate::second_factor::model::{CodeSent, SecondFactorMethod};
use crate::second_factor::repo::{PendingRepo, REASON};

/// Sends a code to the person's number; to a new one only when the person has no second factor.
///
/// # Errors
/// [`Error::NotConfigured`]; [`Error::Unauthenticated`] (`invalid_token`); [`Error::Validation`]
/// for a missing number and one that gets no messages; [`Error::Conflict`] (`phone_registered`,
/// `phone_not_registered`) for a number that may not be used; [`Error::RateLimited`] beyond three
/// codes in ten minutes for the person or the number; [`Error::Upstream`], [`Error::Unavailable`]
/// when the provider fails.
pub(in crate::second_factor) async fn start(
    app: &App,
    session_token: &str,
    given: Option<&str>,
) -> Result<CodeSent> {
    sms(app)?;
    let now = app.clock().now();
    let tx = app.store().begin_platform(REASON).await?;
    let pending = PendingRepo::new(tx.db())
        .find(&sha256_hex(session_token), ATTEMPTS, now)
        .await?
        .ok_or_else(invalid_token)?;
    let person = UserRepo::new(tx.db()).find(pending.user_id).await?.ok_or_else(invalid_token)?;
    let given = given.and_then(PhoneNumber::parse);
    let number = match (factors::stored_number(&person)?, given) {
        (Some(stored), None) => stored,
        (Some(stored), Some(given)) if stored == given => stored,
        (Some(_), Some(_)) => {
            return Err(Error::conflict(
                "phone_registered",
                "another number is registered; leave `phone` out, sign in, and change it then",
            ));
        }
        (None, given) => {
            let may = may_enrol(app, &tx, &pending, &person).await;
            may.map_err(|_| {
                Error::conflict(
                    "phone_not_registered",
                    "no number is registered; sign in with the authenticator app and add it then",
                )
            })?;
            given.ok_or_else(|| {
                Error::invalid("/phone", "required", "send the number that is to be registered")
            })?
        }
    };
    attempt::take_sends(&tx, person.id, &[&number], now).await?;
    PendingRepo::new(tx.db()).set_phone(&pending.id, number.as_str()).await?;
    tx.commit().await?;
    send(app, &number, "/phone").await?;
    Ok(CodeSent { phone_masked: number.masked(), current_phone_masked: None })
}

/// Completes a sign-in with the code that was sent, and registers the number if it is new.
///
/// # Errors
/// [`Error::NotConfigured`]; [`Error::Unauthenticated`]: `invalid_token` as for a code of the app,
/// `wrong_code`; [`Error::Conflict`] (`code_not_sent`) when none was; [`Error::RateLimited`] while
/// the person is locked out; [`Error::Upstream`], [`Error::Unavailable`] when the provider fails:
/// then nothing has happened, and the code can be tried again.
pub(in crate::second_factor) async fn verify(
    app: &App,
    session_token: &str,
    code: &str,
    request: &RequestInfo,
) -> Result<TokenPair> {
    sms(app)?;
    let now = app.clock().now();
    let tx = app.store().begin_platform(REASON).await?;
    let pending = attempt::take_attempt(&tx, session_token, now).await?;
    let number = PhoneNumber::parse(&pending.phone).ok_or_else(|| {
        Error::conflict("code_not_sent", "no code was sent for this sign-in; have one sent first")
    })?;
    tx.commit().await?;

    let checked = match check(app, &number, code, "/code").await {
        Ok(checked) => checked,
        Err(error) => {
            attempt::give_back(app, pending.user_id, Some(&pending.id)).await?;
            return Err(error);
        }
    };

    let mut tx = app.store().begin_platform(REASON).await?;
    if checked != Checked::Right {
        let reason = if checked == Checked::Wrong { "wrong" } else { "none_sent" };
        let method = SecondFactorMethod::Sms;
        attempt::note_failure(app, &tx, request, pending.user_id, method, reason).await?;
        tx.commit().await?;
        return Err(wrong_code(ATTEMPTS - pending.attempts));
    }
    // Locks the sign-in first, as everybody does; nobody else may have completed it meanwhile.
    let pending = PendingRepo::new(tx.db())
        .find_locked(&pending.id, app.clock().now())
        .await?
        .ok_or_else(invalid_token)?;
    let person = factors::lock(&tx, pending.user_id).await?;
    if person.phone.is_empty() {
        may_enrol(app, &tx, &pending, &person).await?;
        UserRepo::new(tx.db()).set_phone(person.id, number.as_str(), app.clock().now()).await?;
        attempt::note_change(app, &mut tx, request, &person, Change::PhoneSet).await?;
    } else if person.phone != number.as_str() {
        return Err(invalid_token());
    }
    finish(app, tx, &pending, &person, request).await
}
