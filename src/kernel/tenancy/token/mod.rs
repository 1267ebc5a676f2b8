//! Access tokens: JWT (RFC 7519) signed with Ed25519 (RFC 8037), 15 minutes, with the claims of
//! spec §8.4. The algorithm is fixed; whatever a token's head says about it is not believed
//! (RFC 8725 §3.1).
//!
//! One key signs; any number of others verify, so that a key can be replaced while requests run
//! (`ring`). Public keys are published as a JWK set (RFC 7517).

mod cache;
mod ring;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use entity::{SessionId, UserId};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};

pub use ring::{Jwk, JwkSet, KeySource, retire};
use ring::{Ring, Sources};

use crate::config::Config;
use crate::error::{Context, Error, Result};
use crate::ports::clock::Rng;
use crate::security::TokenFault;

/// How long an access token is valid.
pub const ACCESS_TOKEN_TTL: Duration = Duration::minutes(15);

/// How often key files are looked at again.
const LOOK_EVERY: Duration = Duration::seconds(10);

/// Longest token that is looked at: several times what this server makes.
const TOKEN_MAX: usize = 4096;

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

/// The head of a token, as far as it decides what is done with it.
#[derive(Deserialize)]
struct Head {
    alg: Option<String>,
    kid: Option<String>,
    /// Extensions that must be understood (RFC 7515 §4.1.11): there are none.
    crit: Option<serde_json::Value>,
}

/// Signs and verifies access tokens. Replaced key files are noticed within ten seconds, and at once
/// when a token names a key that is not known yet.
pub struct AccessTokens {
    source: KeySource,
    ring: RwLock<Arc<Ring>>,
    looked: AtomicI64,
}

impl AccessTokens {
    /// Takes the configured keys, else those in the data folder, where one is made at first start.
    ///
    /// # Errors
    /// [`Error::Internal`] when a key cannot be read, used or stored.
    pub fn load(config: &Config, rng: &dyn Rng) -> Result<Self> {
        Self::of_source(KeySource::of(config), rng)
    }

    /// Takes the keys in `folder`, and makes one where there is none.
    ///
    /// # Errors
    /// As for [`AccessTokens::load`].
    pub fn in_folder(folder: &Path, rng: &dyn Rng) -> Result<Self> {
        Self::of_source(KeySource::Folder(PathBuf::from(folder)), rng)
    }

    fn of_source(source: KeySource, rng: &dyn Rng) -> Result<Self> {
        source.prepare(rng)?;
        let ring = Ring::new(source.read()?)?;
        Ok(Self { source, ring: RwLock::new(Arc::new(ring)), looked: AtomicI64::new(i64::MIN) })
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
        let ring = self.ring(now);
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(ring.signing_kid().to_owned());
        jsonwebtoken::encode(&header, &claims, ring.signing()).context("signing an access token")
    }

    /// Checks form, algorithm, key, signature, issuer, audience and time, in this order.
    ///
    /// What has been verified is remembered for at most a minute; whether the sign-in still lasts is
    /// not this function's business and must be looked up each time.
    ///
    /// # Errors
    /// What is wrong with it; as an [`Error`] it is 401 and says only whether the token has ended.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<AccessClaims, TokenFault> {
        let ring = self.ring(now);
        if let Some(claims) = ring.remembered(token, now) {
            return Ok(claims);
        }
        let kid = head(token)?;
        let (ring, key) = match ring.verifying(&kid, now) {
            Some(key) => (ring, key),
            None => {
                // Another process may have replaced the key just now.
                let ring = self.look_again(now);
                let key = ring.verifying(&kid, now).ok_or(TokenFault::Key)?;
                (ring, key)
            }
        };
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Time is checked below, by the server's own clock.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<AccessClaims>(token, &key, &validation)
            .map_err(|error| fault(error.kind()))?
            .claims;
        if claims.exp <= now.timestamp() {
            return Err(TokenFault::Expired);
        }
        ring.remember(token, &claims, now);
        Ok(claims)
    }

    /// The public keys with which tokens can be verified now, the signing one first (RFC 7517 §5).
    pub fn jwks(&self, now: DateTime<Utc>) -> JwkSet {
        self.ring(now).jwks(now)
    }

    /// The keys; looked at again when that is some time ago.
    fn ring(&self, now: DateTime<Utc>) -> Arc<Ring> {
        let looked = self.looked.load(Ordering::Relaxed);
        let due =
            now.timestamp().saturating_sub(looked).saturating_abs() >= LOOK_EVERY.num_seconds();
        if due { self.look_again(now) } else { self.current() }
    }

    fn current(&self) -> Arc<Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the keys anew. What cannot be read or used leaves the ring as it is.
    fn look_again(&self, now: DateTime<Utc>) -> Arc<Ring> {
        self.looked.store(now.timestamp(), Ordering::Relaxed);
        let current = self.current();
        let renewed = self.source.read().and_then(|sources: Sources| {
            if current.is_of(&sources) { Ok(None) } else { Ring::new(sources).map(Some) }
        });
        match renewed {
            Ok(None) => current,
            Ok(Some(ring)) => {
                tracing::info!(kid = ring.signing_kid(), "the keys of access tokens have changed");
                let ring = Arc::new(ring);
                *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring.clone();
                ring
            }
            Err(error) => {
                tracing::error!(error = %error, "the keys of access tokens cannot be read anew");
                current
            }
        }
    }
}

/// The key that a token names, when the rest of its head is acceptable.
fn head(token: &str) -> Result<String, TokenFault> {
    if token.len() > TOKEN_MAX {
        return Err(TokenFault::Form);
    }
    let mut parts = token.split('.');
    let (Some(head), Some(_), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(TokenFault::Form);
    };
    let head = URL_SAFE_NO_PAD.decode(head).map_err(|_| TokenFault::Form)?;
    let head: Head = serde_json::from_slice(&head).map_err(|_| TokenFault::Form)?;
    if head.alg.as_deref() != Some("EdDSA") {
        return Err(TokenFault::Algorithm);
    }
    if head.crit.is_some() {
        return Err(TokenFault::Form);
    }
    head.kid.ok_or(TokenFault::Key)
}

fn fault(kind: &ErrorKind) -> TokenFault {
    match kind {
        ErrorKind::InvalidSignature => TokenFault::Signature,
        ErrorKind::InvalidIssuer => TokenFault::Issuer,
        ErrorKind::InvalidAudience => TokenFault::Audience,
        ErrorKind::InvalidAlgorithm => TokenFault::Algorithm,
        ErrorKind::MissingRequiredClaim(claim) if claim == "iss" => TokenFault::Issuer,
        ErrorKind::MissingRequiredClaim(claim) if claim == "aud" => TokenFault::Audience,
        ErrorKind::InvalidToken | ErrorKind::Base64(_) => TokenFault::Form,
        _ => TokenFault::Claims,
    }
}

impl From<TokenFault> for Error {
    fn from(fault: TokenFault) -> Self {
        match fault {
            TokenFault::Expired => Self::Unauthenticated {
                code: "token_expired",
                detail: "the access token has expired; use the refresh token".into(),
            },
            _ => Self::Unauthenticated {
                code: "unauthenticated",
                detail: "the access token is not valid".into(),
            },
        }
    }
}

#[cfg(test)]
mod tests;
