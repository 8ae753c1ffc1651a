//! Keys as account stores them: sealed with AES-256-GCM under the configured key, bound to their name.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::{Engine, prelude::BASE64_STANDARD};

use crate::Signer;

impl Signer {
    /// The key that is stored like this. `sealing_key` is base64, as it is configured.
    ///
    /// # Panics
    ///
    /// When it was sealed otherwise.
    #[must_use]
    pub fn unsealed(kid: &str, sealed: &[u8], sealing_key: &str) -> Self {
        let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>().unwrap();
        let mut text = text.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let private = sealer(sealing_key).open_in_place(nonce, Aad::from(kid.as_bytes()), &mut text).unwrap();
        Self::of(kid, private.to_vec())
    }

    /// The private half, in PKCS#8.
    #[must_use]
    pub fn private(&self) -> &[u8] {
        &self.private
    }

    /// This key, to be stored.
    ///
    /// # Panics
    ///
    /// When `sealing_key` is not 32 bytes in base64.
    #[must_use]
    pub fn sealed(&self, sealing_key: &str) -> Vec<u8> {
        let mut text = self.private.clone();
        let name = Aad::from(self.kid.as_bytes());
        let nonce = sealer(sealing_key).seal_in_place_append_tag(name, &mut text).unwrap();
        [nonce.as_ref().as_slice(), &text].concat()
    }
}

fn sealer(sealing_key: &str) -> RandomizedNonceKey {
    RandomizedNonceKey::new(&AES_256_GCM, &BASE64_STANDARD.decode(sealing_key).unwrap()).unwrap()
}
