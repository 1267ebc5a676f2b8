//! One-time passwords from the time (RFC 6238): HMAC-SHA-1, six digits, steps of 30 seconds — what
//! every authenticator app knows — and one step of tolerance to either side.

use chrono::{DateTime, Utc};
use kernel::error::{Context, Error, Result};
use kernel::ports::clock::Rng;
use totp_rs::{Algorithm, Builder, Secret, Totp};

/// Who asks for the codes, as shown in the app.
const ISSUER: &str = "Retainer";

/// A shared secret and the codes that follow from it.
pub(super) struct Authenticator {
    totp: Totp,
}

impl Authenticator {
    /// A new secret of 160 random bits (RFC 4226 §4), for the app of `account`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the library refuses its parameters.
    pub(super) fn new(rng: &dyn Rng, account: &str) -> Result<Self> {
        let mut secret = [0; 20];
        rng.fill(&mut secret);
        Self::build(Secret::from(secret), account)
    }

    /// The one with a stored secret.
    ///
    /// # Errors
    /// [`Error::Internal`] when it is no secret.
    pub(super) fn stored(base32: &str) -> Result<Self> {
        let secret = Secret::try_from_base32(base32)
            .map_err(|_| Error::internal("a stored authenticator secret is not base32"))?;
        Self::build(secret, "")
    }

    fn build(secret: Secret, account: &str) -> Result<Self> {
        let totp = Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_skew(1)
            .with_step_duration(30)
            .with_secret(secret)
            // The colon parts the issuer from the account.
            .with_account_name(account.replace(':', "_"))
            .with_issuer(Some(ISSUER))
            .build()
            .map_err(|error| error.to_string())
            .context("the parameters of an authenticator")?;
        Ok(Self { totp })
    }

    /// The secret as apps take it: base32 without padding.
    pub(super) fn base32(&self) -> String {
        self.totp.secret().to_base32()
    }

    /// The address that apps read from a QR code.
    ///
    /// # Errors
    /// [`Error::Internal`] when it was made without an account.
    pub(super) fn url(&self) -> Result<String> {
        self.totp
            .to_url()
            .map_err(|error| error.to_string())
            .context("the address of an authenticator")
    }

    /// The time step whose code it is, among those that are tolerated now; compared in constant
    /// time.
    pub(super) fn step_of(&self, code: &str, now: DateTime<Utc>) -> Option<i64> {
        let now = u64::try_from(now.timestamp()).ok()?;
        self.totp.check(code, now).and_then(|step| i64::try_from(step).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    /// The secret of RFC 6238, appendix B: the ASCII text `12345678901234567890`.
    fn of_the_standard() -> Authenticator {
        Authenticator::stored("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap()
    }

    #[test]
    fn the_codes_are_those_of_the_standard() {
        // Appendix B, mode SHA1; the last six of its eight digits.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(of_the_standard().step_of(code, at(seconds)), Some(seconds / 30), "{code}");
        }
    }

    #[test]
    fn one_step_to_either_side_is_tolerated_and_no_more() {
        let app = of_the_standard();

        for (seconds, step) in [(29, Some(1)), (30, Some(1)), (89, Some(1)), (90, None)] {
            assert_eq!(app.step_of("287082", at(seconds)), step, "at {seconds} s");
        }
        assert_eq!(app.step_of("287082", at(1_111_111_109)), None);
    }

    #[test]
    fn what_is_not_six_digits_is_no_code() {
        for wrong in ["", "28708", "2870820", "+87082", "28708a", "２８７０８２"] {
            assert_eq!(of_the_standard().step_of(wrong, at(59)), None, "{wrong}");
        }
    }

    #[test]
    fn the_address_names_issuer_and_account() {
        let rng = kernel::ports::clock::SystemRng;
        let app = Authenticator::new(&rng, "ada+x@riverbend.test").unwrap();

        let url = app.url().unwrap();

        assert!(url.starts_with("otpauth://totp/Retainer:ada%2Bx%40riverbend.test?"), "{url}");
        assert!(url.contains("issuer=Retainer") && url.contains(&app.base32()), "{url}");
    }
}
