//! The use cases of the second factor.

mod attempt;
mod begin;
mod factors;
mod me;
mod phone;
mod reset;
mod sign_in;
mod sign_in_phone;
mod totp;

use kernel::error::Result;
use kernel::http::limits::LimitClass;
use kernel::ports::sms::{Checked, PhoneNumber, SmsError, SmsVerifier};
use kernel::{App, Error};

pub(crate) use begin::begin;
pub(super) use me::{confirm_totp, disable_totp, replace_codes, start_totp};
pub(crate) use me::{read, require_recent_sign_in};
pub(super) use phone::{confirm_phone, remove_phone, start_phone};
pub use reset::{reset, reset_by_email};
pub(super) use sign_in::{confirm_enrolment, enrol_totp, prove};
pub(super) use sign_in_phone::{start as start_sign_in_phone, verify as verify_sign_in_phone};

/// One answer for a session token that is unknown, used, void or expired.
fn invalid_token() -> Error {
    Error::Unauthenticated {
        code: "invalid_token",
        detail: "this session token is not valid, or no longer; sign in again".into(),
    }
}

/// A wrong code within a sign-in, where so many more may be tried.
fn wrong_code(left: i32) -> Error {
    let detail = match left {
        ..=0 => "this code is not right, or was used before; sign in again".to_owned(),
        1 => "this code is not right, or was used before; one more may be tried".to_owned(),
        left => {
            format!("this code is not right, or was used before; {left} more may be tried")
        }
    };
    Error::Unauthenticated { code: "wrong_code", detail: detail.into() }
}

/// A wrong code of somebody who is signed in: a 401 would send their client to sign in again.
fn wrong_code_at(pointer: &'static str) -> Error {
    Error::invalid(pointer, "wrong_code", "this code is not right, or was used before")
}

/// Sends text messages, or says which settings are missing.
fn sms(app: &App) -> Result<&dyn SmsVerifier> {
    app.sms().ok_or(Error::NotConfigured {
        what: "text messages",
        setting: "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_VERIFY_SERVICE_SID",
    })
}

/// Has a code sent to a number, within the budget of the number. Call it between units of work.
async fn send(app: &App, number: &PhoneNumber, pointer: &'static str) -> Result<()> {
    let sms = sms(app)?;
    app.limiter().charge_recipient(LimitClass::SmsSend, number.as_str()).await?;
    sms.send(number).await.map_err(|error| sms_error(error, pointer))
}

/// Checks the code of a number, within the budget of the number. Call it between units of work.
async fn check(
    app: &App,
    number: &PhoneNumber,
    code: &str,
    pointer: &'static str,
) -> Result<Checked> {
    let sms = sms(app)?;
    app.limiter().charge_recipient(LimitClass::SmsCheck, number.as_str()).await?;
    sms.check(number, code.trim()).await.map_err(|error| sms_error(error, pointer))
}

/// How long to wait when the provider says that a number has had too many codes.
const PROVIDER_WAIT_S: u64 = 600;

/// What a failed text message means to the caller; `pointer` is where the number stands.
fn sms_error(error: SmsError, pointer: &'static str) -> Error {
    match error {
        SmsError::Number(code) => {
            tracing::info!(provider_code = code, "a telephone number was refused");
            Error::invalid(pointer, "unreachable", "this number gets no text messages from here")
        }
        SmsError::TooMany => Error::RateLimited { retry_after_s: PROVIDER_WAIT_S },
        SmsError::Busy { retry_after_s } => {
            Error::Unavailable { retry_after_s, cause: Box::new(error) }
        }
        SmsError::Failed(cause) => {
            Error::Upstream { upstream: "the provider of text messages", cause }
        }
    }
}
