//! Checking access tokens with the keys that account publishes.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::digest;
use moka::sync::Cache;

use super::{
    Identity, Reader,
    keys::Keys,
    reader::{MAX_LENGTH, refused},
};
use crate::{Clock, Error, config::Tokens};

/// Tokens live 15 minutes; a cached one is useless after that.
const CACHED_FOR: Duration = Duration::from_mins(15);

/// Checks access tokens, and remembers good ones by their hash, because a signature costs 64 µs.
pub struct Verifier {
    keys: Arc<Keys>,
    reader: Reader,
    verified: Cache<[u8; 32], Verified>,
    clock: Clock,
}

/// A token whose signature was good, and the key that it was made with: without the key it is good no more.
#[derive(Clone)]
struct Verified {
    identity: Identity,
    kid: Arc<str>,
}

impl Verifier {
    /// Takes tokens that fit `config` and are signed with one of `keys`.
    #[must_use]
    pub fn new(config: &Tokens, keys: Arc<Keys>, clock: Clock) -> Self {
        Self::remembering(config.cache_size, config, keys, clock)
    }

    /// As [`Self::new`], for the few calls of admins: no token is remembered, so that the end of a key is the end of its tokens.
    #[must_use]
    pub fn of_admins(config: &Tokens, keys: Arc<Keys>, clock: Clock) -> Self {
        Self::remembering(0, config, keys, clock)
    }

    fn remembering(most: u64, config: &Tokens, keys: Arc<Keys>, clock: Clock) -> Self {
        let reader = Reader::new(&config.issuer, &config.audience);
        let verified = Cache::builder().max_capacity(most).time_to_live(CACHED_FOR).build();
        Self { keys, reader, verified, clock }
    }

    /// Who holds `token`.
    ///
    /// # Errors
    ///
    /// `token_invalid`, `token_expired`; code `unavailable` while the keys are not known.
    pub async fn verify(&self, token: &str) -> Result<Identity, Error> {
        if token.len() > MAX_LENGTH {
            return Err(refused());
        }
        let hash = sha256(token);
        let known = self.verified.get(&hash).filter(|verified| self.keys.is_published(&verified.kid));
        let identity = if let Some(verified) = known {
            verified.identity
        } else {
            self.verified.invalidate(&hash);
            let verified = self.check(token).await?;
            self.verified.insert(hash, verified.clone());
            verified.identity
        };
        identity.at(self.clock.now())
    }

    async fn check(&self, token: &str) -> Result<Verified, Error> {
        let kid = Reader::key_id(token)?;
        let key = self.keys.find(&kid).await?.ok_or_else(refused)?;
        Ok(Verified { identity: self.reader.read(token, &key)?, kid: kid.into() })
    }
}

fn sha256(text: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
    hash
}
