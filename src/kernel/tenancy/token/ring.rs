//! The keys of access tokens: one that signs, and those that still verify.
//!
//! Configured keys (`JWT_PRIVATE_KEY`, `JWT_PREVIOUS_KEYS`) come from the environment, or from files
//! that are read again while the server runs. Without them the keys are in the data folder:
//! `jwt-ed25519.pem` signs, and each `jwt-retired-<seconds>-<kid>.pem` is the public half of a key
//! that was replaced at that second (since 1970); its private half is gone. A retired key verifies
//! until the last token that it can have signed has ended.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};
use ed25519_dalek::{SigningKey, VerifyingKey};
use jsonwebtoken::{DecodingKey, EncodingKey};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::cache::Verified;
use super::{ACCESS_TOKEN_TTL, AccessClaims};
use crate::config::Config;
use crate::error::{Context, Error, Result};
use crate::keyfile;
use crate::ports::clock::Rng;

/// The signing key in the data folder.
const SIGNING_FILE: &str = "jwt-ed25519.pem";

/// How the names of retired keys begin.
const RETIRED_PREFIX: &str = "jwt-retired-";

/// Held by whoever replaces the key.
const LOCK_FILE: &str = "jwt-rotation.lock";

/// How long a retired key verifies: the life of a token, and what a replica takes to notice the new
/// key, and what its clock may be off.
const RETIRED_FOR: Duration = Duration::minutes(ACCESS_TOKEN_TTL.num_minutes() + 3);

/// Keys in the ring at most; each is shown to everybody who asks.
const KEYS_MAX: usize = 16;

/// A public key as a JSON Web Key (RFC 7517 §4, RFC 8037 §2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "use": "sig", "alg": "EdDSA",
}))]
pub struct Jwk {
    /// Always `OKP`.
    pub kty: &'static str,
    /// Always `Ed25519`.
    pub crv: &'static str,
    /// The public key, base64url.
    pub x: String,
    /// The thumbprint of the key (RFC 7638): the `kid` in the head of a token.
    pub kid: String,
    /// Always `sig`.
    #[serde(rename = "use")]
    pub usage: &'static str,
    /// Always `EdDSA`.
    pub alg: &'static str,
}

/// Public keys (RFC 7517 §5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"keys": [{
    "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "use": "sig", "alg": "EdDSA",
}]}))]
pub struct JwkSet {
    /// The key that signs first, then those that only verify.
    pub keys: Vec<Jwk>,
}

/// Where the keys are.
pub enum KeySource {
    /// In settings.
    Configured {
        /// The key that signs.
        private: SecretString,
        /// Where it is read again, when it came from a file.
        private_file: Option<PathBuf>,
        /// Keys that verify, as PEM blocks one after the other.
        previous: Option<SecretString>,
        /// Where they are read again, when they came from a file.
        previous_file: Option<PathBuf>,
    },
    /// In the data folder.
    Folder(PathBuf),
}

/// The keys as they were read: private texts, kept no longer than it takes to use them.
pub(super) struct Sources {
    signing: SecretString,
    previous: SecretString,
    /// Public keys in PEM form, with when they were replaced.
    retired: Vec<(DateTime<Utc>, String)>,
}

impl KeySource {
    /// What the configuration says.
    pub fn of(config: &Config) -> Self {
        let file = |key| config.secret_files.get(key).cloned();
        match &config.jwt_private_key {
            Some(private) => Self::Configured {
                private: private.clone(),
                private_file: file("JWT_PRIVATE_KEY"),
                previous: config.jwt_previous_keys.clone(),
                previous_file: file("JWT_PREVIOUS_KEYS"),
            },
            None => Self::Folder(config.data_dir.join("keys")),
        }
    }

    /// Makes the first key of a data folder.
    pub(super) fn prepare(&self, rng: &dyn Rng) -> Result<()> {
        match self {
            Self::Configured { .. } => Ok(()),
            Self::Folder(folder) => {
                let make = || new_key(rng).map(|(pem, _)| pem);
                keyfile::read_or_make(&folder.join(SIGNING_FILE), make).map(|_| ())
            }
        }
    }

    /// Reads the keys.
    pub(super) fn read(&self) -> Result<Sources> {
        match self {
            Self::Configured { private, private_file, previous, previous_file } => {
                let none = SecretString::from("");
                Ok(Sources {
                    signing: text(private_file.as_deref(), private)?,
                    previous: text(previous_file.as_deref(), previous.as_ref().unwrap_or(&none))?,
                    retired: Vec::new(),
                })
            }
            Self::Folder(folder) => {
                // The signing key first: when it is the new one, the old one is retired already.
                let signing = read_secret(&folder.join(SIGNING_FILE))?;
                let mut retired = Vec::new();
                for (at, path) in retired_files(folder)? {
                    match std::fs::read_to_string(path) {
                        Ok(pem) => retired.push((at, pem)),
                        // Its time was over, and it was removed a moment ago.
                        Err(error) if error.kind() == ErrorKind::NotFound => {}
                        Err(error) => return Err(error).context("reading a retired key"),
                    }
                }
                Ok(Sources { signing, previous: SecretString::from(""), retired })
            }
        }
    }
}

/// The text of a setting that may have come from a file.
fn text(file: Option<&Path>, configured: &SecretString) -> Result<SecretString> {
    file.map_or_else(|| Ok(configured.clone()), read_secret)
}

fn read_secret(path: &Path) -> Result<SecretString> {
    std::fs::read_to_string(path).map(SecretString::from).context("reading a key file")
}

/// The retired keys of a data folder with when they were replaced, newest first.
fn retired_files(folder: &Path) -> Result<Vec<(DateTime<Utc>, PathBuf)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).context("reading the folder of keys")? {
        let path = entry.context("reading the folder of keys")?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let seconds = name
            .strip_prefix(RETIRED_PREFIX)
            .and_then(|rest| rest.strip_suffix(".pem"))
            .and_then(|rest| rest.split_once('-'))
            .and_then(|(seconds, _)| seconds.parse::<i64>().ok())
            .and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        if let Some(at) = seconds {
            files.push((at, path));
        }
    }
    files.sort();
    files.reverse();
    Ok(files)
}

/// Makes a key: its private half as PEM, and the public half.
fn new_key(rng: &dyn Rng) -> Result<(String, VerifyingKey)> {
    let mut seed = [0; 32];
    rng.fill(&mut seed);
    let key = SigningKey::from_bytes(&seed);
    let pem = key.to_pkcs8_pem(LineEnding::LF).context("encoding a new signing key")?;
    Ok((pem.to_string(), key.verifying_key()))
}

/// Replaces the signing key of the data folder; returns the `kid` of the new one.
///
/// The old key stays in the ring of every process until the tokens that it signed have ended; its
/// private half is destroyed. Processes that share the folder notice by themselves.
///
/// # Errors
/// [`Error::Internal`] when there is no key to replace, or a file cannot be written.
pub fn retire(folder: &Path, rng: &dyn Rng, now: DateTime<Utc>) -> Result<String> {
    let lock = File::create(folder.join(LOCK_FILE)).context("locking the folder of keys")?;
    lock.lock().context("locking the folder of keys")?;
    let old = signing_key(&read_secret(&folder.join(SIGNING_FILE))?)?.verifying_key();
    // The public half of the old key is there before the new key signs anything.
    let seconds = now.timestamp();
    let pem = old.to_public_key_pem(LineEnding::LF).context("encoding a retired key")?;
    let name = format!("{RETIRED_PREFIX}{seconds}-{}.pem", kid(&old));
    keyfile::replace(&folder.join(name), &pem)?;
    let (pem, public) = new_key(rng)?;
    keyfile::replace(&folder.join(SIGNING_FILE), &pem)?;
    for (at, path) in retired_files(folder)? {
        if at + RETIRED_FOR < now {
            std::fs::remove_file(path).context("removing a key that verifies nothing any more")?;
        }
    }
    Ok(kid(&public))
}

fn signing_key(pem: &SecretString) -> Result<SigningKey> {
    SigningKey::from_pkcs8_pem(pem.expose_secret())
        .map_err(|_| Error::internal("JWT_PRIVATE_KEY is not an Ed25519 key in PKCS#8 PEM form"))
}

/// Reads PEM blocks, one after the other, of public keys and of private ones.
fn previous_keys(text: &str) -> Result<Vec<VerifyingKey>> {
    const END: &str = "-----END ";
    let unusable =
        || Error::internal("JWT_PREVIOUS_KEYS holds something else than Ed25519 keys in PEM form");
    let mut keys = Vec::new();
    let mut block = String::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        block.push_str(line);
        block.push('\n');
        if line.starts_with(END) {
            let key = VerifyingKey::from_public_key_pem(&block)
                .or_else(|_| SigningKey::from_pkcs8_pem(&block).map(|key| key.verifying_key()))
                .map_err(|_| unusable())?;
            keys.push(key);
            block.clear();
        }
    }
    if block.is_empty() { Ok(keys) } else { Err(unusable()) }
}

/// The thumbprint of a key (RFC 7638, RFC 8037 appendix A.3).
pub(super) fn kid(key: &VerifyingKey) -> String {
    let x = URL_SAFE_NO_PAD.encode(key.as_bytes());
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(Sha256::digest(canonical.as_bytes()))
}

/// A key that verifies.
struct Verifying {
    jwk: Jwk,
    key: DecodingKey,
    /// When it was retired; `None` for as long as it is configured.
    until: Option<DateTime<Utc>>,
}

impl Verifying {
    fn new(key: &VerifyingKey, until: Option<DateTime<Utc>>) -> Self {
        let jwk = Jwk {
            kty: "OKP",
            crv: "Ed25519",
            x: URL_SAFE_NO_PAD.encode(key.as_bytes()),
            kid: kid(key),
            usage: "sig",
            alg: "EdDSA",
        };
        Self { jwk, key: DecodingKey::from_ed_der(key.as_bytes()), until }
    }

    fn works(&self, now: DateTime<Utc>) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// The keys of one moment.
pub(super) struct Ring {
    signing_kid: String,
    signing: EncodingKey,
    verifying: Vec<Verifying>,
    verified: Verified,
    /// The hash of the texts that the keys were made of.
    made_of: [u8; 32],
}

impl Ring {
    pub(super) fn new(sources: Sources) -> Result<Self> {
        let made_of = hash(&sources);
        let Sources { signing, previous, retired } = sources;
        let key = signing_key(&signing)?;
        let mut verifying = vec![Verifying::new(&key.verifying_key(), None)];
        for key in previous_keys(previous.expose_secret())? {
            verifying.push(Verifying::new(&key, None));
        }
        for (at, pem) in retired {
            let key = VerifyingKey::from_public_key_pem(&pem)
                .map_err(|_| Error::internal("a retired key is no Ed25519 key in PEM form"))?;
            verifying.push(Verifying::new(&key, Some(at + RETIRED_FOR)));
        }
        let mut known = std::collections::HashSet::new();
        verifying.retain(|key| known.insert(key.jwk.kid.clone()));
        verifying.truncate(KEYS_MAX);
        Ok(Self {
            signing_kid: kid(&key.verifying_key()),
            signing: EncodingKey::from_ed_pem(signing.expose_secret().as_bytes())
                .context("the signing key")?,
            verifying,
            verified: Verified::default(),
            made_of,
        })
    }

    /// Whether it was made of these texts.
    pub(super) fn is_of(&self, sources: &Sources) -> bool {
        self.made_of == hash(sources)
    }

    pub(super) fn signing_kid(&self) -> &str {
        &self.signing_kid
    }

    pub(super) fn signing(&self) -> &EncodingKey {
        &self.signing
    }

    /// The key of this name, as long as it verifies.
    pub(super) fn verifying(&self, kid: &str, now: DateTime<Utc>) -> Option<DecodingKey> {
        let key = self.verifying.iter().find(|key| key.jwk.kid == kid)?;
        key.works(now).then(|| key.key.clone())
    }

    pub(super) fn remembered(&self, token: &str, now: DateTime<Utc>) -> Option<AccessClaims> {
        self.verified.find(token, now)
    }

    pub(super) fn remember(&self, token: &str, claims: &AccessClaims, now: DateTime<Utc>) {
        self.verified.add(token, claims, now);
    }

    pub(super) fn jwks(&self, now: DateTime<Utc>) -> JwkSet {
        let keys = self.verifying.iter().filter(|key| key.works(now));
        JwkSet { keys: keys.map(|key| key.jwk.clone()).collect() }
    }
}

fn hash(sources: &Sources) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [sources.signing.expose_secret(), sources.previous.expose_secret()] {
        hash.update(Sha256::digest(part.as_bytes()));
    }
    for (at, pem) in &sources.retired {
        hash.update(at.timestamp().to_be_bytes());
        hash.update(Sha256::digest(pem.as_bytes()));
    }
    hash.finalize().into()
}
