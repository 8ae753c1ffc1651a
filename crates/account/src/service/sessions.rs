//! Sessions: opening, refreshing, ending.

use chrono::{DateTime, TimeDelta, Utc};
use loljoa_service_kit::{AccountId, Error, ErrorCode, ids, postgres};
use secrecy::SecretString;
use sqlx::PgConnection;

use super::{
    Service, reads,
    refresh_token::{self, RefreshToken, Secret, Sent},
};
use crate::{
    domain::{
        profile::Ranked,
        session::{self, Session, Use},
    },
    store::sessions::{self, Found},
};

/// How long used tokens are stored. Within [`session::SIBLING_WINDOW`] they must be, to get siblings; a day serves
/// whoever looks into a complaint, and finds the reuse of tokens that do not tell their session.
const KEEP_USED: TimeDelta = TimeDelta::days(1);
/// Used tokens deleted at one refresh. It adds one, so what piled up goes.
const PRUNED_AT_ONCE: i64 = 100;

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

impl Service {
    /// Opens a session on an account that has proved itself.
    pub(super) async fn open_session(&self, account: AccountId) -> Result<OpenSession, Error> {
        let now = self.clock.now();
        let session =
            Session { id: ids::fresh(), account, expires_at: now + self.session_lives, revoked: false };
        let token = RefreshToken::new(session.id, &refresh_token::secret()?);
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
        let secret = refresh_token::secret()?;
        let session = postgres::retrying(|| self.use_token(&sent, &secret)).await?;
        let (session, fresh) = session.ok_or_else(session_over)?;
        self.hand_out(session, fresh).await
    }

    /// Uses the token that was sent; gives its session, and a fresh token, when that lives on.
    async fn use_token(&self, sent: &Sent, secret: &Secret) -> sqlx::Result<Option<(Session, RefreshToken)>> {
        let now = self.clock.now();
        let mut transaction = postgres::begin(&self.pool).await?;
        let Some(Found { session, past }) = find(&mut transaction, sent).await? else {
            return Ok(None);
        };
        let lives_on = match session::decide(&session, past, now) {
            Use::Rotate => {
                sessions::mark_used(&mut transaction, &sent.hash, now).await?;
                sessions::delete_used(&mut transaction, session.id, now - KEEP_USED, PRUNED_AT_ONCE).await?;
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
        let fresh = RefreshToken::new(session.id, secret);
        if lives_on {
            sessions::insert_token(&mut transaction, session.id, &fresh.hash, now).await?;
        }
        transaction.commit().await?;
        Ok(lives_on.then_some((session, fresh)))
    }

    async fn hand_out(&self, session: Session, token: RefreshToken) -> Result<OpenSession, Error> {
        let account = reads::ranked(&self.pool, session.account).await?;
        let (access_token, expires_in) = self.keyring.sign(&account.profile).await?;
        let refresh_expires_at = session.expires_at;
        Ok(OpenSession { account, access_token, expires_in, refresh_token: token.text, refresh_expires_at })
    }

    /// Ends the session of a refresh token; one that is dead already is fine.
    pub(crate) async fn log_out(&self, refresh_token: &str) -> Result<(), Error> {
        if let Some(Sent { hash, session }) = RefreshToken::parse(refresh_token) {
            let now = self.clock.now();
            sessions::revoke_by_token(&self.pool, &hash, now).await?;
            sessions::revoke(&self.pool, session, now).await?;
        }
        Ok(())
    }

    /// Ends every session of an account and tells how many.
    pub(crate) async fn log_out_all(&self, account: AccountId) -> Result<u64, Error> {
        Ok(sessions::revoke_all(&self.pool, account, self.clock.now()).await?)
    }
}

/// The session of a token, locked, and what is known of the token.
async fn find(connection: &mut PgConnection, sent: &Sent) -> sqlx::Result<Option<Found>> {
    match sessions::find_for_update(connection, &sent.hash).await? {
        None => sessions::find_forgotten_for_update(connection, sent.session).await,
        found => Ok(found),
    }
}

fn session_over() -> Error {
    Error::new(ErrorCode::Unauthenticated, "session_over", "the session is over; log in again")
}
