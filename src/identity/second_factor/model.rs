//! What the second factor takes and answers.

use chrono::{DateTime, Utc};
use garde::Validate;
use kernel::error::{Context, Error, Result};
use kernel::http::ETag;
use kernel::ports::sms::PhoneNumber;
use kernel::text::sha256_hex;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::TokenPair;

/// Longest session token that is looked up.
const TOKEN_MAX: usize = 200;

/// A way to prove the second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "totp")]
pub enum SecondFactorMethod {
    /// A code of an authenticator app.
    Totp,
    /// A code that was written down when the app was set up.
    RecoveryCode,
    /// A code by text message.
    Sms,
}

impl SecondFactorMethod {
    /// As written in JSON and in the security log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery_code",
            Self::Sms => "sms",
        }
    }
}

/// The first factor is proven; the second is missing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "second_factor_required": true,
    "session_token": "pS3t8Xq1vB0m7cYw5hJkZr2LdN9aFgE4uTiOeRxWyQs",
    "expires_at": "2026-11-21T09:15:00Z",
    "methods": ["totp", "recovery_code", "sms"],
    "enrolment": false,
    "phone_masked": "+••••••••678",
}))]
pub struct SecondFactorStep {
    /// Always true.
    pub second_factor_required: bool,
    /// Names this sign-in in the operations of the second factor; good for nothing else.
    pub session_token: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// What proves the second factor; with `enrolment`, what can be registered.
    pub methods: Vec<SecondFactorMethod>,
    /// Whether the person has no second factor yet and must register one now.
    pub enrolment: bool,
    /// The number that gets the codes by text message, all but its end hidden.
    pub phone_masked: Option<String>,
}

/// A code of the app, or a recovery code.
pub(super) enum Proof {
    /// Of the authenticator app.
    Code(String),
    /// One of those that were written down.
    RecoveryCode(String),
}

impl Proof {
    /// # Errors
    /// [`Error::Validation`] unless exactly one is given.
    fn one_of(code: Option<String>, recovery_code: Option<String>) -> Result<Self> {
        match (code, recovery_code) {
            (Some(code), None) => Ok(Self::Code(code.trim().to_owned())),
            (None, Some(code)) => Ok(Self::RecoveryCode(code)),
            (None, None) => Err(Error::invalid("/code", "required", "send this or recovery_code")),
            (Some(_), Some(_)) => Err(Error::invalid(
                "/recovery_code",
                "invalid",
                "send either this or code, not both",
            )),
        }
    }

    pub(super) fn method(&self) -> SecondFactorMethod {
        match self {
            Self::Code(_) => SecondFactorMethod::Totp,
            Self::RecoveryCode(_) => SecondFactorMethod::RecoveryCode,
        }
    }
}

/// A rule for garde: four to ten digits, blanks around them aside.
fn check_code(text: &str, _: &()) -> garde::Result {
    let text = text.trim();
    if (4..=10).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) {
        Ok(())
    } else {
        Err(garde::Error::new("must be 4 to 10 digits"))
    }
}

/// A rule for garde: a telephone number.
fn check_phone(text: &str, _: &()) -> garde::Result {
    match PhoneNumber::parse(text) {
        Some(_) => Ok(()),
        None => Err(garde::Error::new(
            "must be a telephone number with its country code, like +61 412 345 678",
        )),
    }
}

/// The second factor of a sign-in.
#[derive(Deserialize, Validate, ToSchema)]
#[schema(example = json!({"session_token": "pS3t8Xq1vB0m7cYw5hJkZr2LdN9aFgE4uTiOeRxWyQs", "code": "287082"}))]
pub struct SignInProof {
    /// From the first step; may be left out where the cookie `session_token` is sent.
    #[serde(default)]
    #[garde(inner(length(bytes, min = 1, max = TOKEN_MAX)))]
    pub session_token: Option<String>,
    /// The code that the app shows.
    #[serde(default)]
    #[garde(inner(custom(check_code)))]
    code: Option<String>,
    /// In its place: a recovery code, which works once.
    #[serde(default)]
    #[garde(inner(length(bytes, min = 1, max = 64)))]
    recovery_code: Option<String>,
}

impl SignInProof {
    /// # Errors
    /// [`Error::Validation`] unless exactly one of the codes is given.
    pub(super) fn parts(self) -> Result<(Option<String>, Proof)> {
        let Self { session_token, code, recovery_code } = self;
        Ok((session_token, Proof::one_of(code, recovery_code)?))
    }
}

/// Which sign-in is meant.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[schema(example = json!({"session_token": "pS3t8Xq1vB0m7cYw5hJkZr2LdN9aFgE4uTiOeRxWyQs"}))]
pub struct PendingSignIn {
    /// From the first step; may be left out where the cookie `session_token` is sent.
    #[serde(default)]
    #[garde(inner(length(bytes, min = 1, max = TOKEN_MAX)))]
    pub session_token: Option<String>,
}

/// Which sign-in is meant, and a code.
#[derive(Deserialize, Validate, ToSchema)]
#[schema(example = json!({"session_token": "pS3t8Xq1vB0m7cYw5hJkZr2LdN9aFgE4uTiOeRxWyQs", "code": "287082"}))]
pub struct PendingCode {
    /// From the first step; may be left out where the cookie `session_token` is sent.
    #[serde(default)]
    #[garde(inner(length(bytes, min = 1, max = TOKEN_MAX)))]
    pub session_token: Option<String>,
    /// The code.
    #[garde(custom(check_code))]
    pub code: String,
}

/// Which sign-in is meant, and where the code goes.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[schema(example = json!({"session_token": "pS3t8Xq1vB0m7cYw5hJkZr2LdN9aFgE4uTiOeRxWyQs", "phone": "+61412345678"}))]
pub struct PhoneStart {
    /// From the first step; may be left out where the cookie `session_token` is sent.
    #[serde(default)]
    #[garde(inner(length(bytes, min = 1, max = TOKEN_MAX)))]
    pub session_token: Option<String>,
    /// The number to register (E.164), for a person without one.
    #[serde(default)]
    #[garde(inner(custom(check_phone)))]
    pub phone: Option<String>,
}

/// A code is on its way.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"phone_masked": "+••••••••678", "current_phone_masked": null}))]
pub struct CodeSent {
    /// The number it was sent to, all but its end hidden.
    pub phone_masked: String,
    /// The number it replaces, which got a code of its own.
    pub current_phone_masked: Option<String>,
}

/// A secret for an authenticator app.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
    "otpauth_url": "otpauth://totp/Retainer:ada%40riverbend.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Retainer",
    "expires_at": "2026-11-21T09:15:00Z",
}))]
pub struct TotpSetup {
    /// To be typed into the app: base32.
    pub secret: String,
    /// To be shown as a QR code.
    pub otpauth_url: String,
    /// Until when a code of it must confirm it.
    pub expires_at: DateTime<Utc>,
}

/// Codes that stand in for a lost app, once each. Shown this once.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"recovery_codes": ["7zk2-m4xq-9d1r-ht5w", "c0v8-3b6n-yqe7-k2sf"]}))]
pub struct RecoveryCodes {
    /// Ten codes; earlier ones are void.
    pub recovery_codes: Vec<String>,
}

/// The end of a sign-in in which an app was set up.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "tokens": {
        "access_token": "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1c3JfMDFqZDNrOXY1eGU4cnQybTRuNnA4cTBzMnYifQ.c2lnbmF0dXJl",
        "token_type": "Bearer",
        "expires_in": 900,
        "refresh_token": "pS3t8Xq1vB0m7cYw5hJkZr2LdN9aFgE4uTiOeRxWyQs",
        "refresh_expires_at": "2026-12-21T09:00:00Z",
    },
    "recovery_codes": ["7zk2-m4xq-9d1r-ht5w", "c0v8-3b6n-yqe7-k2sf"],
}))]
pub struct Enrolled {
    /// The person is signed in.
    pub tokens: TokenPair,
    /// Ten codes that stand in for a lost app, once each. Shown this once.
    pub recovery_codes: Vec<String>,
}

/// A code of the app.
#[derive(Deserialize, Validate, ToSchema)]
#[schema(example = json!({"code": "287082"}))]
pub struct Code {
    /// The code that the app shows.
    #[garde(custom(check_code))]
    pub code: String,
}

/// A code of the app, or a recovery code.
#[derive(Deserialize, Validate, ToSchema)]
#[schema(example = json!({"code": "287082"}))]
pub struct ChangeProof {
    /// The code that the app shows.
    #[serde(default)]
    #[garde(inner(custom(check_code)))]
    code: Option<String>,
    /// In its place: a recovery code, which works once.
    #[serde(default)]
    #[garde(inner(length(bytes, min = 1, max = 64)))]
    recovery_code: Option<String>,
}

impl ChangeProof {
    /// # Errors
    /// [`Error::Validation`] unless exactly one of the codes is given.
    pub(super) fn proof(self) -> Result<Proof> {
        Proof::one_of(self.code, self.recovery_code)
    }
}

/// A telephone number.
#[derive(Deserialize, Validate, ToSchema)]
#[schema(example = json!({"phone": "+61412345678"}))]
pub struct NewPhone {
    /// With its country code (E.164).
    #[garde(custom(check_phone))]
    pub phone: String,
}

/// The codes that were sent to the new number and to the one it replaces.
#[derive(Deserialize, Validate, ToSchema)]
#[schema(example = json!({"code": "287082", "current_code": "494212"}))]
pub struct PhoneCodes {
    /// The code that the new number got.
    #[garde(custom(check_code))]
    pub code: String,
    /// The code that the current number got, where there is one.
    #[serde(default)]
    #[garde(inner(custom(check_code)))]
    pub current_code: Option<String>,
}

/// The second factor of the person who is signed in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "required": false,
    "sms_available": true,
    "totp_enabled_at": "2026-11-21T09:00:00Z",
    "recovery_codes_left": 9,
    "phone_masked": "+••••••••678",
}))]
pub struct SecondFactorView {
    /// Whether the person must have one.
    pub required: bool,
    /// Whether this installation sends text messages.
    pub sms_available: bool,
    /// Since when an authenticator app is asked for; null without one.
    pub totp_enabled_at: Option<DateTime<Utc>>,
    /// Recovery codes that have not been used.
    pub recovery_codes_left: u64,
    /// The registered telephone number, all but its end hidden.
    pub phone_masked: Option<String>,
}

impl SecondFactorView {
    /// Its version: it has no row of its own, so that all of it counts.
    ///
    /// # Errors
    /// [`Error::Internal`] when the view has no JSON form.
    pub(super) fn etag(&self, version: i64) -> Result<ETag> {
        let json = serde_json::to_vec(self).context("the tag of a second factor")?;
        let hash: String = sha256_hex(json).chars().take(16).collect();
        Ok(ETag::variant(version, hash))
    }
}
