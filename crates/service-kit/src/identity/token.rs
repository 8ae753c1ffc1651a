//! Access tokens: ES256 and nothing else.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::digest;
use chrono::DateTime;
use jsonwebtoken::{Algorithm, Validation};
use moka::sync::Cache;
use serde::Deserialize;
use uuid::Uuid;

use super::{Identity, Role, keys::Keys, unauthenticated};
use crate::{AccountId, Clock, Error, config::Tokens};

/// No token of ours comes near this size; a longer one is not even hashed.
const MAX_LENGTH: usize = 4_096;
/// Tokens live 15 minutes; a cached one is useless after that.
const CACHED_FOR: Duration = Duration::from_mins(15);

/// Checks access tokens, and remembers good ones by their hash, because a signature costs 64 µs.
pub struct Verifier {
    keys: Arc<Keys>,
    validation: Validation,
    verified: Cache<[u8; 32], Verified>,
    clock: Clock,
}

/// A token whose signature was good, and the key that it was made with: without the key it is good no more.
#[derive(Clone)]
struct Verified {
    identity: Identity,
    kid: Arc<str>,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    sid: Option<Uuid>,
    username: Arc<str>,
    role: Role,
    exp: i64,
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
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_issuer(&[&config.issuer]);
        validation.set_audience(&[&config.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The end is checked below, on every use of a cached token too, by our own clock.
        validation.validate_exp = false;
        let verified = Cache::builder().max_capacity(most).time_to_live(CACHED_FOR).build();
        Self { keys, validation, verified, clock }
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
        if identity.expires_at <= self.clock.now() {
            return Err(unauthenticated("token_expired", "the access token has ended: refresh it"));
        }
        Ok(identity)
    }

    async fn check(&self, token: &str) -> Result<Verified, Error> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| refused())?;
        if header.alg != Algorithm::ES256 {
            return Err(refused());
        }
        let kid = header.kid.ok_or_else(refused)?;
        let key = self.keys.find(&kid).await?.ok_or_else(refused)?;
        let claims =
            jsonwebtoken::decode::<Claims>(token, &key, &self.validation).map_err(|_| refused())?.claims;
        let identity = Identity {
            account_id: AccountId::parse(&claims.sub).map_err(|_| refused())?,
            session: claims.sid,
            username: claims.username,
            role: claims.role,
            expires_at: DateTime::from_timestamp(claims.exp, 0).ok_or_else(refused)?,
        };
        Ok(Verified { identity, kid: kid.into() })
    }
}

/// One answer for whatever is wrong: who forges tokens learns nothing.
fn refused() -> Error {
    unauthenticated("token_invalid", "the access token is not valid")
}

fn sha256(text: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
    hash
}
