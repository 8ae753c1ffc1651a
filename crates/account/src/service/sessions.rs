//! Sessions: opening, refreshing, ending.

use std::time::Duration;

use chrono::{DateTime, Utc};
use loljoa_service_kit::{AccountId, Error, ErrorCode, Slot, ids, metrics::refused, postgres};
use secrecy::SecretString;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Service, reads,
    refresh_token::{self, RefreshToken, Secret, Sent},
};
use crate::{
    SERVICE,
    domain::{
        profile::Ranked,
        session::{self, KEEP_USED, MOST_UNUSED, ORPHANED_AFTER, SIBLING_WINDOW, Session, Use},
    },
    store::{
        sessions::{self, Found},
        standing::{self, Door},
    },
};

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
    /// Opens a session on an account for whoever has shown the password of this hash.
    ///
    /// # Errors
    ///
    /// Code `forbidden` when the account is kept out, `unauthenticated` when its password is another by now.
    pub(super) async fn open_session(
        &self,
        account: AccountId,
        password_hash: &str,
    ) -> Result<OpenSession, Error> {
        let now = self.clock.now();
        // Whoever reads a refresh token knows by it whom to ask.
        let id = Slot::of_account(account).stamp(ids::fresh());
        let session = Session { id, account, expires_at: now + self.session_lives, revoked: false };
        let token = RefreshToken::new(session.id, &refresh_token::secret()?);
        let door = postgres::retrying(async || {
            let mut transaction = postgres::begin(&self.pool).await?;
            let door = standing::hold_door(&mut transaction, account, password_hash).await?;
            if door == Door::Open {
                sessions::insert(&mut transaction, &session, now).await?;
                sessions::insert_token(&mut transaction, session.id, &token.hash, now).await?;
            }
            transaction.commit().await?;
            Ok(door)
        });
        match door.await? {
            Door::Open => self.hand_out(session, token).await,
            Door::Disabled => Err(account_disabled()),
            Door::PasswordChanged => Err(invalid_credentials()),
        }
    }

    /// Trades a refresh token for a new one and a new access token.
    pub(crate) async fn refresh(&self, refresh_token: &str) -> Result<OpenSession, Error> {
        let sent = RefreshToken::parse(refresh_token).ok_or_else(session_over)?;
        let secret = refresh_token::secret()?;
        match postgres::retrying(|| self.use_token(&sent, &secret)).await? {
            Traded::For(session, fresh) => self.hand_out(session, fresh).await,
            Traded::Over => Err(session_over()),
            Traded::TooOften(wait) => {
                let message = "this session is refreshed too often: use the token that came last";
                refused(SERVICE, "refresh");
                Err(Error::exhausted("refresh_throttled", message, wait))
            }
        }
    }

    /// Uses the token that was sent, when its session lives on.
    async fn use_token(&self, sent: &Sent, secret: &Secret) -> sqlx::Result<Traded> {
        let now = self.clock.now();
        let mut transaction = postgres::begin(&self.pool).await?;
        let Some(Found { session, past }) = find(&mut transaction, sent).await? else {
            return Ok(Traded::Over);
        };
        // Sessions end when an account is disabled; a replica of the release before may have opened another.
        if standing::is_disabled(&mut *transaction, session.account).await? {
            return Ok(Traded::Over);
        }
        let usage = session::decide(&session, past, now);
        let traded = match usage {
            Use::Rotate | Use::Sibling => {
                if let Some(wait) = wait(&mut transaction, session.id, usage, now).await? {
                    return Ok(Traded::TooOften(wait));
                }
                if usage == Use::Rotate {
                    sessions::mark_used(&mut transaction, &sent.hash, now).await?;
                    let before = now - KEEP_USED;
                    sessions::delete_used(&mut transaction, session.id, before, PRUNED_AT_ONCE).await?;
                }
                let fresh = RefreshToken::new(session.id, secret);
                sessions::insert_token(&mut transaction, session.id, &fresh.hash, now).await?;
                Traded::For(session, fresh)
            }
            Use::Stolen => {
                tracing::warn!(
                    event = "session.reused",
                    account_id = %session.account, "a used refresh token came again: its session is revoked"
                );
                sessions::revoke(&mut *transaction, session.id, now).await?;
                Traded::Over
            }
            Use::Ended => Traded::Over,
        };
        transaction.commit().await?;
        Ok(traded)
    }

    async fn hand_out(&self, session: Session, token: RefreshToken) -> Result<OpenSession, Error> {
        let account = reads::ranked(&self.pool, session.account).await?;
        let (access_token, expires_in) = self.keyring.sign(&account.profile, session.id).await?;
        let refresh_expires_at = session.expires_at;
        Ok(OpenSession { account, access_token, expires_in, refresh_token: token.text, refresh_expires_at })
    }

    /// Ends the session of a refresh token; one that is dead already is fine.
    pub(crate) async fn log_out(&self, refresh_token: &str) -> Result<(), Error> {
        if let Some(Sent { hash, session }) = RefreshToken::parse(refresh_token) {
            let now = self.clock.now();
            let mut transaction = postgres::begin(&self.pool).await?;
            sessions::revoke_by_token(&mut *transaction, &hash, now).await?;
            sessions::revoke(&mut *transaction, session, now).await?;
            transaction.commit().await?;
        }
        Ok(())
    }

    /// Ends every session of an account and tells how many.
    pub(crate) async fn log_out_all(&self, account: AccountId) -> Result<u64, Error> {
        let mut transaction = postgres::begin(&self.pool).await?;
        let ended = sessions::revoke_all(&mut *transaction, account, self.clock.now()).await?;
        transaction.commit().await?;
        Ok(ended)
    }

    /// Ends every session of an account but the one that access tokens name `own`, and tells how many.
    pub(crate) async fn end_other_sessions(
        &self,
        account: AccountId,
        own: Option<Uuid>,
    ) -> Result<u64, Error> {
        let now = self.clock.now();
        let mut transaction = postgres::begin(&self.pool).await?;
        let mut others = sessions::open(&mut *transaction, account, now).await?;
        others.retain(|session| Some(session::access_session(*session)) != own);
        let ended = sessions::revoke_these(&mut *transaction, &others, now).await?;
        transaction.commit().await?;
        Ok(ended)
    }
}

/// One answer for a user who does not exist and for a password that is another.
pub(super) fn invalid_credentials() -> Error {
    Error::new(ErrorCode::Unauthenticated, "invalid_credentials", "the username or the password is wrong")
}

fn account_disabled() -> Error {
    Error::new(ErrorCode::Forbidden, "account_disabled", "this account is kept out by an admin")
}

/// What a refresh token was traded for.
enum Traded {
    /// A fresh one of the same session.
    For(Session, RefreshToken),
    /// Nothing: the session is over.
    Over,
    /// Nothing for so long; the session goes on.
    TooOften(Duration),
}

/// How long a session has to wait for another token, after what is left over of it has made room.
async fn wait(
    connection: &mut PgConnection,
    session: Uuid,
    usage: Use,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Duration>> {
    let mut given = sessions::given(connection, session, now - SIBLING_WINDOW).await?;
    if usage == Use::Sibling && given.unused >= MOST_UNUSED {
        let before = now - ORPHANED_AFTER;
        let deleted = sessions::delete_orphans(connection, session, before, MOST_UNUSED - 1).await?;
        given.unused -= i64::try_from(deleted).unwrap_or(i64::MAX);
    }
    Ok(given.wait(usage, now))
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
