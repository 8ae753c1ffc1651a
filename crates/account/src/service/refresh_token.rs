//! Refresh tokens, as their owners carry them.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use loljoa_service_kit::Error;
use secrecy::SecretString;
use uuid::Uuid;

use crate::store::sessions::TokenHash;

const SECRET_BYTES: usize = 16;
const SESSION_BYTES: usize = 16;
const TOKEN_BYTES: usize = SESSION_BYTES + SECRET_BYTES;

/// A refresh token as its owner has it and as it is stored.
///
/// It is the session's id and 16 random bytes. So a token that was used long ago, and is stored no more, still tells its
/// session, and its reuse is found at any age. Only who has had a token of a session knows the session's id, and who has
/// one can end the session anyway.
pub(super) struct RefreshToken {
    pub(super) text: SecretString,
    pub(super) hash: TokenHash,
}

/// A refresh token that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) hash: TokenHash,
    /// The session that it says it was given out for. Tokens used to be all random; theirs is nobody's.
    pub(super) session: Uuid,
}

/// The random part of a token.
pub(super) type Secret = [u8; SECRET_BYTES];

/// Throws the dice.
///
/// # Errors
///
/// When the system gives no random numbers.
pub(super) fn secret() -> Result<Secret, Error> {
    let mut secret = [0; SECRET_BYTES];
    aws_lc_rs::rand::fill(&mut secret).map_err(Error::internal)?;
    Ok(secret)
}

impl RefreshToken {
    /// A fresh token of a session.
    pub(super) fn new(session: Uuid, secret: &Secret) -> Self {
        let bytes = [session.as_bytes().as_slice(), secret].concat();
        Self { text: BASE64_URL_SAFE_NO_PAD.encode(&bytes).into(), hash: hash(&bytes) }
    }

    /// Reads a token; none when it cannot be one of ours.
    pub(super) fn parse(text: &str) -> Option<Sent> {
        let bytes: [u8; TOKEN_BYTES] = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (session, _) = bytes.split_first_chunk::<SESSION_BYTES>()?;
        Some(Sent { hash: hash(&bytes), session: Uuid::from_bytes(*session) })
    }
}

fn hash(bytes: &[u8]) -> TokenHash {
    let mut hash = TokenHash::default();
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use loljoa_service_kit::ids;
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_token_tells_its_session_and_is_never_the_same() {
        let session = ids::fresh();
        let token = RefreshToken::new(session, &secret().unwrap());
        let text = token.text.expose_secret();
        assert_eq!(RefreshToken::parse(text), Some(Sent { hash: token.hash, session }));
        assert_ne!(RefreshToken::new(session, &secret().unwrap()).hash, token.hash);
        assert_eq!(RefreshToken::parse(&text[1..]), None);
        assert_eq!(RefreshToken::parse(&format!("{text}AAAA")), None);
    }
}
