//! Sealing private keys for the database.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

use crate::config::SEALING_KEY_BYTES;

/// The sealed bytes were not sealed with this key, or not under this name.
#[derive(Debug, thiserror::Error)]
#[error("what is sealed cannot be opened with this key")]
pub(crate) struct Error;

/// Seals secrets with AES-256-GCM under the configured key.
#[derive(Debug)]
pub(crate) struct Sealer(RandomizedNonceKey);

impl Sealer {
    pub(crate) fn new(key: &[u8; SEALING_KEY_BYTES]) -> Result<Self, Error> {
        RandomizedNonceKey::new(&AES_256_GCM, key).map(Self).map_err(|_| Error)
    }

    /// Seals `secret`; it opens only under the same `name`.
    pub(crate) fn seal(&self, name: &str, secret: &[u8]) -> Result<Vec<u8>, Error> {
        let mut text = secret.to_vec();
        let nonce =
            self.0.seal_in_place_append_tag(Aad::from(name.as_bytes()), &mut text).map_err(|_| Error)?;
        Ok([nonce.as_ref().as_slice(), &text].concat())
    }

    /// Opens what [`Self::seal`] made.
    pub(crate) fn open(&self, name: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(Error)?;
        let mut text = text.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let secret = self.0.open_in_place(nonce, Aad::from(name.as_bytes()), &mut text).map_err(|_| Error)?;
        Ok(secret.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_the_same_key_and_name_alone() {
        let sealer = Sealer::new(&[1; 32]).unwrap();
        let bytes = sealer.seal("key-1", b"secret").unwrap();
        assert_eq!(sealer.open("key-1", &bytes).unwrap(), b"secret");
        assert!(sealer.open("key-2", &bytes).is_err());
        assert!(Sealer::new(&[2; 32]).unwrap().open("key-1", &bytes).is_err());
        assert!(sealer.open("key-1", &bytes[..5]).is_err());
        assert_ne!(sealer.seal("key-1", b"secret").unwrap(), bytes, "a nonce is never used twice");
    }
}
