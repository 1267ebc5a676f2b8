//! Secrets at rest: AES-256-GCM with a fresh nonce, and the id of the key in front so that keys
//! can be rotated (spec §4.5).

use std::path::Path;
use std::sync::Arc;

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, Key, KeyInit, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

use crate::error::{Context, Error, Result};
use crate::ports::clock::Rng;

/// Bytes of a nonce.
const NONCE: usize = 12;

/// Encrypts and decrypts stored secrets.
pub struct Vault {
    key_id: String,
    cipher: Aes256Gcm,
    rng: Arc<dyn Rng>,
}

impl Vault {
    /// Takes the configured key, else the one in `folder`, which is made at first start.
    ///
    /// # Errors
    /// [`Error::Internal`] when the key cannot be read, used or stored.
    pub fn load(
        configured: Option<&SecretString>,
        folder: &Path,
        rng: Arc<dyn Rng>,
    ) -> Result<Self> {
        let text = match configured {
            Some(text) => text.expose_secret().to_owned(),
            None => crate::keyfile::read_or_make(&folder.join("encryption.key"), || {
                let mut key = [0; 32];
                rng.fill(&mut key);
                Ok(STANDARD.encode(key))
            })?,
        };
        let key = STANDARD
            .decode(text.trim())
            .ok()
            .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
            .ok_or_else(|| Error::internal("ENCRYPTION_KEY is not 32 bytes in base64"))?;
        let key_id = crate::text::sha256_hex(key).chars().take(8).collect();
        Ok(Self { key_id, cipher: Aes256Gcm::new(&Key::<Aes256Gcm>::from(key)), rng })
    }

    /// Encrypts a text for one place (`agency/column`): moved elsewhere, it will not decrypt.
    /// The empty text stays empty.
    ///
    /// # Errors
    /// [`Error::Internal`] when encryption fails.
    pub fn seal(&self, place: &str, text: &str) -> Result<String> {
        if text.is_empty() {
            return Ok(String::new());
        }
        let sealed = self.seal_bytes(place, text.as_bytes())?;
        Ok(format!("{}:{}", self.key_id, STANDARD.encode(sealed)))
    }

    /// Encrypts bytes for one place, without the id of the key: for what is kept no longer than a
    /// key is.
    ///
    /// # Errors
    /// [`Error::Internal`] when encryption fails.
    pub fn seal_bytes(&self, place: &str, bytes: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE];
        self.rng.fill(&mut nonce);
        let payload = Payload { msg: bytes, aad: place.as_bytes() };
        let sealed = self
            .cipher
            .encrypt(&Nonce::from(nonce), payload)
            .map_err(|_| Error::internal("encrypting a stored secret"))?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Decrypts what [`Vault::seal_bytes`] made for the same place.
    ///
    /// # Errors
    /// [`Error::Internal`] as for [`Vault::open`].
    pub fn open_bytes(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let (nonce, message) = sealed.split_first_chunk::<NONCE>().ok_or_else(refused)?;
        let payload = Payload { msg: message, aad: place.as_bytes() };
        self.cipher.decrypt(&Nonce::from(*nonce), payload).map_err(|_| refused())
    }

    /// Decrypts what [`Vault::seal`] made for the same place.
    ///
    /// # Errors
    /// [`Error::Internal`] when it was made with another key, for another place, or was altered:
    /// never a silent pass-through.
    pub fn open(&self, place: &str, sealed: &str) -> Result<String> {
        if sealed.is_empty() {
            return Ok(String::new());
        }
        let (key_id, body) = sealed.split_once(':').ok_or_else(refused)?;
        if key_id != self.key_id {
            return Err(refused());
        }
        let bytes = STANDARD.decode(body).map_err(|_| refused())?;
        let plain = self.open_bytes(place, &bytes)?;
        String::from_utf8(plain).context("a stored secret")
    }
}

fn refused() -> Error {
    Error::internal("a stored secret cannot be decrypted with this key")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::clock::SystemRng;

    fn vault() -> Vault {
        Vault::load(None, tempfile::tempdir().unwrap().path(), Arc::new(SystemRng)).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_only() {
        let vault = vault();
        let sealed = vault.seal("agc_1/bank_bsb", "062-000").unwrap();

        assert_eq!(vault.open("agc_1/bank_bsb", &sealed).unwrap(), "062-000");
        assert!(vault.open("agc_2/bank_bsb", &sealed).is_err());
        assert!(super::tests::vault().open("agc_1/bank_bsb", &sealed).is_err());
    }

    #[test]
    fn the_same_text_never_looks_the_same() {
        let vault = vault();

        assert_ne!(vault.seal("a", "x").unwrap(), vault.seal("a", "x").unwrap());
        assert_eq!(vault.seal("a", "").unwrap(), "");
    }
}
