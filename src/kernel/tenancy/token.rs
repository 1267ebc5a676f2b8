//! Access tokens: JWT (RFC 7519) signed with Ed25519 (RFC 8037), 15 minutes, with the claims of
//! spec §8.4. The algorithm is fixed; whatever a token's head says about it is not believed
//! (RFC 8725 §3.1).

use std::path::Path;

use chrono::{DateTime, Duration, Utc};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use entity::{SessionId, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::error::{Context, Error, Result};
use crate::ports::clock::Rng;

/// How long an access token is valid.
pub const ACCESS_TOKEN_TTL: Duration = Duration::minutes(15);

/// Who signs tokens, as written in them.
const ISSUER: &str = "retainer";

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// Who.
    pub sub: UserId,
    /// On which sign-in.
    pub sid: SessionId,
    /// Who signed it.
    pub iss: String,
    /// For what.
    pub aud: String,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
    /// When it ends, in seconds since 1970.
    pub exp: i64,
}

/// Signs and verifies access tokens.
pub struct AccessTokens {
    kid: String,
    signing: EncodingKey,
    verifying: DecodingKey,
}

impl AccessTokens {
    /// Takes the configured key, else the one in `folder`, which is made at first start.
    ///
    /// # Errors
    /// [`Error::Internal`] when the key cannot be read, used or stored.
    pub fn load(configured: Option<&SecretString>, folder: &Path, rng: &dyn Rng) -> Result<Self> {
        let pem = match configured {
            Some(pem) => pem.expose_secret().to_owned(),
            None => {
                let made = || {
                    let mut seed = [0; 32];
                    rng.fill(&mut seed);
                    let pem = SigningKey::from_bytes(&seed).to_pkcs8_pem(LineEnding::LF);
                    pem.map(|pem| pem.to_string()).context("encoding a new signing key")
                };
                crate::keyfile::read_or_make(&folder.join("jwt-ed25519.pem"), made)?
            }
        };
        let key = SigningKey::from_pkcs8_pem(&pem).map_err(|_| {
            Error::internal("JWT_PRIVATE_KEY is not an Ed25519 key in PKCS#8 PEM form")
        })?;
        let public = key.verifying_key();
        Ok(Self {
            kid: crate::text::sha256_hex(public.as_bytes()).chars().take(16).collect(),
            signing: EncodingKey::from_ed_pem(pem.as_bytes()).context("the signing key")?,
            verifying: DecodingKey::from_ed_der(public.as_bytes()),
        })
    }

    /// Makes a token.
    ///
    /// # Errors
    /// [`Error::Internal`] when signing fails.
    pub fn issue(&self, user: UserId, session: SessionId, now: DateTime<Utc>) -> Result<String> {
        let claims = AccessClaims {
            sub: user,
            sid: session,
            iss: ISSUER.to_owned(),
            aud: ISSUER.to_owned(),
            iat: now.timestamp(),
            exp: (now + ACCESS_TOKEN_TTL).timestamp(),
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, &claims, &self.signing).context("signing an access token")
    }

    /// Checks signature, key, issuer, audience and time.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`]; `token_expired` when only the time is wrong.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<AccessClaims> {
        let refuse = || Error::Unauthenticated {
            code: "unauthenticated",
            detail: "the access token is not valid".into(),
        };
        let header = jsonwebtoken::decode_header(token).map_err(|_| refuse())?;
        if header.alg != Algorithm::EdDSA || header.kid.as_deref() != Some(self.kid.as_str()) {
            return Err(refuse());
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Time is checked below, by the server's own clock.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<AccessClaims>(token, &self.verifying, &validation)
            .map_err(|_| refuse())?
            .claims;
        if claims.exp <= now.timestamp() {
            return Err(Error::Unauthenticated {
                code: "token_expired",
                detail: "the access token has expired; use the refresh token".into(),
            });
        }
        Ok(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::clock::{Clock, SystemClock, SystemRng};

    fn tokens() -> AccessTokens {
        let folder = tempfile::tempdir().unwrap();
        AccessTokens::load(None, folder.path(), &SystemRng).unwrap()
    }

    fn ids() -> (UserId, SessionId) {
        (UserId(uuid::Uuid::from_u128(1)), SessionId(uuid::Uuid::from_u128(2)))
    }

    #[test]
    fn a_token_is_valid_for_fifteen_minutes() {
        let (tokens, now) = (tokens(), SystemClock.now());
        let token = tokens.issue(ids().0, ids().1, now).unwrap();

        assert_eq!(tokens.verify(&token, now + Duration::minutes(14)).unwrap().sub, ids().0);
        let late = tokens.verify(&token, now + Duration::minutes(16)).unwrap_err();
        assert_eq!(late.code(), "token_expired");
    }

    #[test]
    fn a_token_of_another_key_is_refused() {
        let now = SystemClock.now();
        let token = tokens().issue(ids().0, ids().1, now).unwrap();

        assert_eq!(tokens().verify(&token, now).unwrap_err().code(), "unauthenticated");
    }

    #[test]
    fn a_forged_algorithm_is_refused() {
        let (tokens, now) = (tokens(), SystemClock.now());
        let claims = tokens.verify(&tokens.issue(ids().0, ids().1, now).unwrap(), now).unwrap();
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(tokens.kid.clone());
        let key = EncodingKey::from_secret(b"public key bytes");
        let forged = jsonwebtoken::encode(&header, &claims, &key).unwrap();

        assert!(tokens.verify(&forged, now).is_err());
    }

    #[test]
    fn the_key_survives_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemClock.now();
        let token = AccessTokens::load(None, folder.path(), &SystemRng)
            .unwrap()
            .issue(ids().0, ids().1, now)
            .unwrap();

        let after = AccessTokens::load(None, folder.path(), &SystemRng).unwrap();

        assert!(after.verify(&token, now).is_ok());
    }
}
