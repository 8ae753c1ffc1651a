//! Sessions: opening, refreshing, ending.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use loljoa_service_kit::{AccountId, Error, ErrorCode, ids, postgres};
use secrecy::SecretString;

use super::Service;
use crate::{
    domain::{
        profile::Ranked,
        session::{self, Session, Use},
    },
    store::sessions::{self, TokenHash},
};

const TOKEN_BYTES: usize = 32;

/// A session as its owner gets it.
#[derive(Debug)]
pub(crate) struct OpenSession {
    pub(crate) account: Ranked,
    pub(crate) access_token: String,
    /// Seconds.
    pub(crate) expires_in: i64,
    pub(crate) refresh_token: SecretString,
    pub(crate) refresh_expires_at: DateTime<Utc>,
}

/// A refresh token as its owner has it and as it is stored.
struct RefreshToken {
    text: SecretString,
    hash: TokenHash,
}

impl RefreshToken {
    fn generate() -> Result<Self, Error> {
        let mut bytes = [0; TOKEN_BYTES];
        aws_lc_rs::rand::fill(&mut bytes).map_err(Error::internal)?;
        Ok(Self { text: BASE64_URL_SAFE_NO_PAD.encode(bytes).into(), hash: hash(&bytes) })
    }

    fn parse(text: &str) -> Option<TokenHash> {
        let bytes: [u8; TOKEN_BYTES] = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        Some(hash(&bytes))
    }
}

fn hash(bytes: &[u8; TOKEN_BYTES]) -> TokenHash {
    let mut hash = TokenHash::default();
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

impl Service {
    /// Opens a session on an account that has proved itself.
    pub(super) async fn open_session(&self, account: AccountId) -> Result<OpenSession, Error> {
        let now = self.clock.now();
        let session =
            Session { id: ids::fresh(), account, expires_at: now + self.session_lives, revoked: false };
        let token = RefreshToken::generate()?;
        postgres::retrying(async || {
            let mut transaction = postgres::begin(&self.pool).await?;
            sessions::insert(&mut transaction, &session, now).await?;
            sessions::insert_token(&mut transaction, session.id, &token.hash, now).await?;
            transaction.commit().await
        })
        .await?;
        self.hand_out(session, token).await
    }

    /// Trades a refresh token for a new one and a new access token.
    pub(crate) async fn refresh(&self, refresh_token: &str) -> Result<OpenSession, Error> {
        let sent = RefreshToken::parse(refresh_token).ok_or_else(session_over)?;
        let fresh = RefreshToken::generate()?;
        let session = postgres::retrying(|| self.use_token(&sent, &fresh.hash)).await?;
        self.hand_out(session.ok_or_else(session_over)?, fresh).await
    }

    /// Uses the token that was sent; gives its session when that lives on with the fresh token.
    async fn use_token(&self, sent: &TokenHash, fresh: &TokenHash) -> sqlx::Result<Option<Session>> {
        let now = self.clock.now();
        let mut transaction = postgres::begin(&self.pool).await?;
        let Some(found) = sessions::find_for_update(&mut transaction, sent).await? else {
            return Ok(None);
        };
        let session = found.session;
        let lives_on = match session::decide(&session, found.used_at, now) {
            Use::Rotate => {
                sessions::mark_used(&mut transaction, sent, now).await?;
                true
            }
            Use::Sibling => true,
            Use::Stolen => {
                tracing::warn!(account_id = %session.account, "a used refresh token came again: its session is revoked");
                sessions::revoke(&mut *transaction, session.id, now).await?;
                false
            }
            Use::Ended => false,
        };
        if lives_on {
            sessions::insert_token(&mut transaction, session.id, fresh, now).await?;
        }
        transaction.commit().await?;
        Ok(lives_on.then_some(session))
    }

    async fn hand_out(&self, session: Session, token: RefreshToken) -> Result<OpenSession, Error> {
        let account = self.account(session.account).await?;
        let (access_token, expires_in) = self.keyring.sign(&account.profile).await?;
        let refresh_expires_at = session.expires_at;
        Ok(OpenSession { account, access_token, expires_in, refresh_token: token.text, refresh_expires_at })
    }

    /// Ends the session of a refresh token; one that is dead already is fine.
    pub(crate) async fn log_out(&self, refresh_token: &str) -> Result<(), Error> {
        if let Some(token) = RefreshToken::parse(refresh_token) {
            sessions::revoke_by_token(&self.pool, &token, self.clock.now()).await?;
        }
        Ok(())
    }

    /// Ends every session of an account and tells how many.
    pub(crate) async fn log_out_all(&self, account: AccountId) -> Result<u64, Error> {
        Ok(sessions::revoke_all(&self.pool, account, self.clock.now()).await?)
    }
}

fn session_over() -> Error {
    Error::new(ErrorCode::Unauthenticated, "session_over", "the session is over; log in again")
}
