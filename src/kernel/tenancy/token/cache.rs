//! Tokens that were verified a moment ago.
//!
//! A signature costs some thirty microseconds to verify, and a client sends the same token with
//! every request. What is remembered is the hash of the token and its claims, for a minute at most
//! and never past its end. It says that the token is genuine, nothing more.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use chrono::{DateTime, Duration, Utc};
use sha2::{Digest, Sha256};

use super::AccessClaims;

/// How long a verification is believed.
const BELIEVED: Duration = Duration::seconds(60);

/// Tokens that are remembered at most: some three megabytes.
const REMEMBERED_MAX: usize = 10_000;

type Hash = [u8; 32];

/// Remembers verified tokens.
#[derive(Default)]
pub(super) struct Verified {
    tokens: RwLock<HashMap<Hash, (AccessClaims, DateTime<Utc>)>>,
}

impl Verified {
    /// The claims of a token that was verified less than a minute ago and has not ended.
    pub(super) fn find(&self, token: &str, now: DateTime<Utc>) -> Option<AccessClaims> {
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        let (claims, verified_at) = tokens.get(&hash(token))?;
        // The absolute difference: a clock that was set back must not prolong it.
        let fresh = (now - verified_at).abs() < BELIEVED && claims.exp > now.timestamp();
        fresh.then(|| claims.clone())
    }

    /// Remembers a token that has just been verified.
    pub(super) fn add(&self, token: &str, claims: &AccessClaims, now: DateTime<Utc>) {
        let mut tokens = self.tokens.write().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() >= REMEMBERED_MAX {
            tokens.retain(|_, (_, verified_at)| (now - *verified_at).abs() < BELIEVED);
        }
        if tokens.len() >= REMEMBERED_MAX {
            tokens.clear();
        }
        tokens.insert(hash(token), (claims.clone(), now));
    }
}

fn hash(token: &str) -> Hash {
    Sha256::digest(token.as_bytes()).into()
}
