//! The telephone number of the person who is signed in. The provider is called between units of
//! work, never within one.

use chrono::TimeDelta;
use kernel::error::{Error, Result};
use kernel::http::SignedIn;
use kernel::ports::sms::{Checked, PhoneNumber};

use super::me::{proven, require_recent_sign_in};
use super::{attempt, check, factors, send, sms, wrong_code_at};
use crate::people::UserRepo;
use crate::second_factor::jobs::Change;
use crate::second_factor::model::{CodeSent, PhoneCodes, Proof, SecondFactorMethod};
use crate::second_factor::repo::{FactorRepo, REASON};

/// How long a new number waits for its code.
const PENDING_TTL: TimeDelta = TimeDelta::minutes(15);

/// Begins to register a number: sends a code to it, and one to the number it replaces (spec §8.3).
///
/// # Errors
/// [`Error::NotConfigured`]; [`Error::Refused`] (`recent_sign_in_required`); [`Error::Validation`]
/// for a number that gets no messages; [`Error::Conflict`] (`phone_registered`) for the number
/// that is registered already; [`Error::RateLimited`] beyond three codes in ten minutes for the
/// person or a number; [`Error::Upstream`], [`Error::Unavailable`] when the provider fails.
pub(in crate::second_factor) async fn start_phone(
    caller: &SignedIn,
    phone: &str,
) -> Result<CodeSent> {
    let app = &caller.app;
    sms(app)?;
    require_recent_sign_in(caller).await?;
    let number = PhoneNumber::parse(phone)
        .ok_or_else(|| Error::invalid("/phone", "invalid", "is not a telephone number"))?;
    let now = app.clock().now();
    let tx = app.store().begin_platform(REASON).await?;
    let id = caller.user.user.id;
    let person = UserRepo::new(tx.db()).find(id).await?.ok_or(Error::NotFound)?;
    let current = factors::stored_number(&person)?;
    if current.as_ref() == Some(&number) {
        return Err(Error::conflict("phone_registered", "this number is registered already"));
    }
    let numbers: Vec<&PhoneNumber> =
        [Some(&number), current.as_ref()].into_iter().flatten().collect();
    attempt::take_sends(&tx, id, &numbers, now).await?;
    let factors = FactorRepo::new(tx.db());
    factors.ensure(id, now).await?;
    factors.set_pending_phone(id, number.as_str(), Some(now + PENDING_TTL), now).await?;
    drop(factors);
    tx.commit().await?;
    for number in numbers {
        send(app, number, "/phone").await?;
    }
    Ok(CodeSent {
        phone_masked: number.masked(),
        current_phone_masked: current.as_ref().map(PhoneNumber::masked),
    })
}

/// Registers the number, once its code came back, and that of the number it replaces.
///
/// # Errors
/// [`Error::NotConfigured`]; [`Error::Conflict`] (`code_not_sent`) when no number waits;
/// [`Error::Validation`] for a missing or wrong code; [`Error::RateLimited`] while the person is
/// locked out; [`Error::Upstream`], [`Error::Unavailable`] when the provider fails.
pub(in crate::second_factor) async fn confirm_phone(
    caller: &SignedIn,
    codes: PhoneCodes,
) -> Result<()> {
    let (app, request, id) = (&caller.app, &caller.request, caller.user.user.id);
    sms(app)?;
    let PhoneCodes { code, current_code } = codes;
    let now = app.clock().now();
    let tx = app.store().begin_platform(REASON).await?;
    attempt::take_try(&tx, id, now).await?;
    let person = UserRepo::new(tx.db()).find(id).await?.ok_or(Error::NotFound)?;
    let row = FactorRepo::new(tx.db()).find(id).await?;
    let row = row.filter(|row| row.phone_pending_until.is_some_and(|until| until > now));
    let number = row.and_then(|row| PhoneNumber::parse(&row.phone_pending)).ok_or_else(|| {
        Error::conflict("code_not_sent", "no number waits for a code; start again")
    })?;
    let mut checks = vec![("/code", &number, code)];
    let current = factors::stored_number(&person)?;
    if let Some(current) = &current {
        let current_code = current_code.ok_or_else(|| {
            Error::invalid("/current_code", "required", "send the code that the current number got")
        })?;
        // First: who does not hold the current number learns nothing about the new one.
        checks.insert(0, ("/current_code", current, current_code));
    }
    tx.commit().await?;

    for (pointer, number, code) in checks {
        let checked = match check(app, number, &code, pointer).await {
            Ok(checked) => checked,
            Err(error) => {
                attempt::give_back(app, id, None).await?;
                return Err(error);
            }
        };
        if checked != Checked::Right {
            let reason = if checked == Checked::Wrong { "wrong" } else { "none_sent" };
            let tx = app.store().begin_platform(REASON).await?;
            let method = SecondFactorMethod::Sms;
            attempt::note_failure(app, &tx, request, id, method, reason).await?;
            tx.commit().await?;
            return Err(wrong_code_at(pointer));
        }
    }

    let now = app.clock().now();
    let mut tx = app.store().begin_platform(REASON).await?;
    attempt::succeeded(&tx, id).await?;
    let person = factors::lock(&tx, id).await?;
    let row = FactorRepo::new(tx.db()).find(id).await?;
    let is_same = row.is_some_and(|row| row.phone_pending == number.as_str());
    if !is_same || factors::stored_number(&person)? != current {
        return Err(Error::conflict(
            "code_not_sent",
            "the number was changed meanwhile; start again",
        ));
    }
    FactorRepo::new(tx.db()).set_pending_phone(id, "", None, now).await?;
    UserRepo::new(tx.db()).set_phone(id, number.as_str(), now).await?;
    attempt::note_change(app, &mut tx, request, &person, Change::PhoneSet).await?;
    tx.commit().await
}

/// Removes the number; the app remains.
///
/// # Errors
/// [`Error::Validation`] (`wrong_code`); [`Error::Conflict`] (`totp_not_enabled`) without an app:
/// then the number is the only second factor, and can only be replaced; [`Error::RateLimited`]
/// while the person is locked out.
pub(in crate::second_factor) async fn remove_phone(caller: &SignedIn, proof: Proof) -> Result<()> {
    let (app, request) = (&caller.app, &caller.request);
    let (mut tx, person) = proven(caller, proof).await?;
    if !person.phone.is_empty() {
        UserRepo::new(tx.db()).set_phone(person.id, "", app.clock().now()).await?;
        attempt::note_change(app, &mut tx, request, &person, Change::PhoneRemoved).await?;
    }
    tx.commit().await
}
