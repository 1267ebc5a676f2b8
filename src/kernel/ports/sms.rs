//! The port to whatever proves that a person holds a telephone number: codes by text message.
//!
//! The provider makes, sends and checks the codes (Twilio Verify, API version 2); this server never
//! sees one that it has not been given back. A call has a timeout, at most one repetition, a circuit
//! breaker and a bound on how many run at once (design §6). Sending is repeated when the provider
//! could not be reached or said that it is busy: within one verification it sends the same code
//! again. A check is repeated only when the connection could not be made, because a code that was
//! accepted once is accepted never again.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Client, Response, StatusCode, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::breaker::Breaker;
use super::clock::Clock;
use crate::error::{Cause, Context, Result};

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Calls that run at once; the next one is refused and not queued.
const AT_ONCE: usize = 16;

/// Largest answer that is read.
const ANSWER_MAX: usize = 64 * 1024;

/// A telephone number (ITU-T E.164): `+`, a country code that does not begin with 0, 8 to 15 digits
/// in all.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Reads one; blanks, hyphens, dots and parentheses between the digits are left out.
    pub fn parse(text: &str) -> Option<Self> {
        let text: String = text.trim().chars().filter(|c| !" -.()".contains(*c)).collect();
        let digits = text.strip_prefix('+')?;
        let valid = (8..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0');
        valid.then_some(Self(text))
    }

    /// The number: `+61412345678`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What may be shown of it: the last three digits.
    pub fn masked(&self) -> String {
        mask(&self.0)
    }
}

// By hand: numbers belong into no log.
impl std::fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PhoneNumber({})", self.masked())
    }
}

/// What may be shown of a stored number: its length and the last three digits.
pub fn mask(number: &str) -> String {
    let length = number.chars().count();
    let shown = length.saturating_sub(3);
    let hide = |(position, c): (usize, char)| match c {
        '+' => '+',
        _ if position < shown => '•',
        c => c,
    };
    number.chars().enumerate().map(hide).collect()
}

/// How to reach Twilio Verify.
#[derive(Clone, Debug)]
pub struct TwilioConfig {
    /// The account; the user name of each call.
    pub account_sid: String,
    /// The password of each call.
    pub auth_token: SecretString,
    /// Which Verify service sends.
    pub service_sid: String,
    /// Where the API is; no trailing slash.
    pub url: String,
    /// How long one call may take.
    pub timeout: Duration,
}

/// Why a code was not sent, or could not be checked.
#[derive(Debug, thiserror::Error)]
pub enum SmsError {
    /// This number gets no text messages: it does not exist, is a landline, or is blocked.
    #[error("the number was refused (provider code {0})")]
    Number(i64),
    /// The number has had too many codes, or too many were tried.
    #[error("the provider limits this number")]
    TooMany,
    /// The provider was not asked: it has failed several times, or too many calls are under way.
    #[error("the provider is not called at present")]
    Busy {
        /// Seconds to wait.
        retry_after_s: u64,
    },
    /// The provider did not answer, or not as it should.
    #[error("the provider failed")]
    Failed(#[source] Cause),
}

/// What became of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// It is the one that was sent.
    Right,
    /// It is another.
    Wrong,
    /// None is waiting for this number: it has expired, was used, or was tried too often.
    NoneSent,
}

/// Sends codes to telephone numbers and checks them.
#[async_trait]
pub trait SmsVerifier: Send + Sync {
    /// Sends a code; a code that still waits is sent again.
    ///
    /// # Errors
    /// [`SmsError`].
    async fn send(&self, number: &PhoneNumber) -> Result<(), SmsError>;

    /// Checks a code. A right one is used up.
    ///
    /// # Errors
    /// [`SmsError`].
    async fn check(&self, number: &PhoneNumber, code: &str) -> Result<Checked, SmsError>;
}

/// Twilio Verify over HTTP.
pub struct TwilioVerify {
    config: TwilioConfig,
    http: Client,
    breaker: Breaker,
    room: Semaphore,
}

/// What a verification and a check look like.
#[derive(Deserialize)]
struct Verification {
    status: String,
}

/// What a refusal looks like.
#[derive(Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    code: i64,
}

/// When a call is made a second time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repeat {
    /// When it never arrived, or the provider was busy.
    UnlessDone,
    /// When it never arrived.
    UnlessSent,
}

impl TwilioVerify {
    /// Prepares the client; nothing is called yet.
    ///
    /// # Errors
    /// [`crate::Error::Internal`] when the TLS stack cannot be set up.
    pub fn new(config: TwilioConfig, clock: Arc<dyn Clock>) -> Result<Self> {
        let http = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT.min(config.timeout))
            .timeout(config.timeout)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("retainer/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("the client of Twilio")?;
        let breaker = Breaker::new("Twilio Verify", clock);
        Ok(Self { config, http, breaker, room: Semaphore::new(AT_ONCE) })
    }

    /// Makes one call, at most twice.
    async fn call(
        &self,
        resource: &str,
        form: &[(&str, &str)],
        repeat: Repeat,
    ) -> Result<Response, SmsError> {
        let Ok(_room) = self.room.try_acquire() else {
            return Err(SmsError::Busy { retry_after_s: 1 });
        };
        let TwilioConfig { account_sid, auth_token, service_sid, url, .. } = &self.config;
        let url = format!("{url}/v2/Services/{service_sid}/{resource}");
        let mut is_first = true;
        loop {
            let permit =
                self.breaker.admit().map_err(|retry_after_s| SmsError::Busy { retry_after_s })?;
            let request = self
                .http
                .post(&url)
                .basic_auth(account_sid, Some(auth_token.expose_secret()))
                .form(form);
            match request.send().await {
                Ok(response) if response.status().is_server_error() => {
                    permit.failed();
                    if !(is_first && repeat == Repeat::UnlessDone) {
                        let status = response.status();
                        return Err(SmsError::Failed(format!("status {status}").into()));
                    }
                }
                Ok(response) => {
                    permit.answered();
                    return Ok(response);
                }
                Err(error) => {
                    permit.failed();
                    let is_over = error.is_timeout() && !error.is_connect();
                    let again = match repeat {
                        Repeat::UnlessDone => !is_over,
                        Repeat::UnlessSent => error.is_connect(),
                    };
                    if !(is_first && again) {
                        // The address in it would name the service.
                        return Err(SmsError::Failed(error.without_url().into()));
                    }
                }
            }
            is_first = false;
        }
    }

    /// What a call was refused for.
    async fn refusal(response: Response) -> SmsError {
        let status = response.status();
        let code = read::<Refusal>(response).await.unwrap_or_default().code;
        match (status, code) {
            // 60202, 60203: too many checks, too many sends; 60212: too many at once.
            (StatusCode::TOO_MANY_REQUESTS, _) | (_, 60202 | 60203 | 60212) => SmsError::TooMany,
            // Invalid, not reachable by text message, blocked, or of a country that is not enabled.
            (_, 21211 | 21408 | 21608 | 21610 | 21614 | 60200 | 60205 | 60220 | 60410 | 60605) => {
                SmsError::Number(code)
            }
            _ => SmsError::Failed(format!("status {status}, code {code}").into()),
        }
    }
}

/// Reads an answer, up to a bound.
async fn read<T: serde::de::DeserializeOwned>(mut response: Response) -> Result<T, Cause> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
        if body.len() + chunk.len() > ANSWER_MAX {
            return Err("the answer is too long".into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(serde_json::from_slice(&body)?)
}

#[async_trait]
impl SmsVerifier for TwilioVerify {
    async fn send(&self, number: &PhoneNumber) -> Result<(), SmsError> {
        let form = [("To", number.as_str()), ("Channel", "sms")];
        let response = self.call("Verifications", &form, Repeat::UnlessDone).await?;
        if !response.status().is_success() {
            return Err(Self::refusal(response).await);
        }
        let verification: Verification = read(response).await.map_err(SmsError::Failed)?;
        match verification.status.as_str() {
            "pending" => Ok(()),
            other => Err(SmsError::Failed(format!("a new verification is {other}").into())),
        }
    }

    async fn check(&self, number: &PhoneNumber, code: &str) -> Result<Checked, SmsError> {
        let form = [("To", number.as_str()), ("Code", code)];
        let response = self.call("VerificationCheck", &form, Repeat::UnlessSent).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(Checked::NoneSent);
        }
        if !response.status().is_success() {
            return Err(Self::refusal(response).await);
        }
        let verification: Verification = read(response).await.map_err(SmsError::Failed)?;
        Ok(match verification.status.as_str() {
            "approved" => Checked::Right,
            "pending" => Checked::Wrong,
            _ => Checked::NoneSent,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_e164() {
        for (text, number) in [
            ("+61412345678", "+61412345678"),
            (" +1 (415) 555-2671 ", "+14155552671"),
            ("+49.30.1234567", "+49301234567"),
        ] {
            assert_eq!(PhoneNumber::parse(text).unwrap().as_str(), number, "{text}");
        }
        for bad in [
            "",
            "+",
            "61412345678",
            "+0412345678",
            "+1234567",
            "+1234567890123456",
            "+61a1234567",
            "++6141234567",
        ] {
            assert!(PhoneNumber::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_number_shows_its_last_digits_only() {
        let number = PhoneNumber::parse("+61412345678").unwrap();

        assert_eq!(number.masked(), "+••••••••678");
        assert!(!format!("{number:?}").contains("12345"));
        assert_eq!(mask(""), "");
    }
}
