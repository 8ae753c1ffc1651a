//! What stands in an access token: ES256 and nothing else.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use uuid::Uuid;

use super::{Identity, Role, unauthenticated};
use crate::{AccountId, Error};

/// No token of ours comes near this size; a longer one is not even hashed.
pub(super) const MAX_LENGTH: usize = 4_096;

/// Reads tokens of one issuer for one audience.
pub struct Reader(Validation);

#[derive(Deserialize)]
struct Claims {
    sub: String,
    sid: Option<Uuid>,
    username: Arc<str>,
    role: Role,
    exp: i64,
}

impl Reader {
    /// Takes tokens of `issuer` for `audience`.
    #[must_use]
    pub fn new(issuer: &str, audience: &str) -> Self {
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The end is checked apart, on every use of a remembered token too, by our own clock.
        validation.validate_exp = false;
        Self(validation)
    }

    /// The key that a token says to be signed with.
    ///
    /// # Errors
    ///
    /// `token_invalid`.
    pub fn key_id(token: &str) -> Result<String, Error> {
        if token.len() > MAX_LENGTH {
            return Err(refused());
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| refused())?;
        header.kid.filter(|_| header.alg == Algorithm::ES256).ok_or_else(refused)
    }

    /// What a token says that is signed with `key`, whether or not it has ended.
    ///
    /// # Errors
    ///
    /// `token_invalid`.
    pub fn read(&self, token: &str, key: &DecodingKey) -> Result<Identity, Error> {
        let claims = jsonwebtoken::decode::<Claims>(token, key, &self.0).map_err(|_| refused())?.claims;
        Ok(Identity {
            account_id: AccountId::parse(&claims.sub).map_err(|_| refused())?,
            session: claims.sid,
            username: claims.username,
            role: claims.role,
            expires_at: DateTime::from_timestamp(claims.exp, 0).ok_or_else(refused)?,
        })
    }
}

impl Identity {
    /// The same, unless its token has ended.
    ///
    /// # Errors
    ///
    /// `token_expired`.
    pub fn at(self, now: DateTime<Utc>) -> Result<Self, Error> {
        if self.expires_at <= now {
            return Err(unauthenticated("token_expired", "the access token has ended: refresh it"));
        }
        Ok(self)
    }
}

/// One answer for whatever is wrong: who forges tokens learns nothing.
#[must_use]
pub fn refused() -> Error {
    unauthenticated("token_invalid", "the access token is not valid")
}
