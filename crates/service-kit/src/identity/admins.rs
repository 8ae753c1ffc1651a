//! Who says that somebody is an admin.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tonic::async_trait;

use super::{Identity, Keys, Revocations, Role, Verifier, admin_required, session_over};
use crate::{Cells, Clock, Error, config::Tokens, grpc::Channel, lifecycle::Parts};

/// Tells which admin holds an access token that is good at this moment.
#[async_trait]
pub trait Admins: Send + Sync {
    /// The admin who holds `token`.
    ///
    /// # Errors
    ///
    /// `token_invalid`, `token_expired`, `session_over`, `admin_required`; code `unavailable` while it cannot be told.
    async fn admin_of(&self, token: &str) -> Result<Identity, Error>;
}

/// Admins by what account publishes: its keys, and which sessions were ended.
pub struct PublishedAdmins {
    tokens: Verifier,
    revocations: Arc<Revocations>,
    /// Nobody is let in by what is older.
    oldest: Duration,
}

impl PublishedAdmins {
    /// Takes tokens that fit `config` and are signed with one of `keys`.
    #[must_use]
    pub fn new(config: &Tokens, keys: Arc<Keys>, revocations: Arc<Revocations>, clock: Clock) -> Self {
        let oldest = Duration::from_millis(config.revocations_stale_ms);
        Self { tokens: Verifier::of_admins(config, keys, clock), revocations, oldest }
    }

    /// What checks the tokens of admins in a service, kept fresh from `account` by some of its `parts`.
    pub fn serve(parts: &mut Parts, account: impl Into<Cells<Channel>>, config: &Tokens) -> Arc<Self> {
        let account = account.into();
        let keys = Arc::new(Keys::new(account.clone(), config.refresh_pause()));
        let fresh = Arc::clone(&keys).keep_fresh(config.refresh_every(), parts.closing());
        parts.spawn_worker("keys of tokens", fresh);
        let revocations = Arc::new(Revocations::new(account, &keys));
        let every = Duration::from_millis(config.revocations_every_ms);
        parts.spawn_worker("revocations", Arc::clone(&revocations).follow(every, parts.closing()));
        Arc::new(Self::new(config, keys, revocations, Clock::system()))
    }
}

#[async_trait]
impl Admins for PublishedAdmins {
    async fn admin_of(&self, token: &str) -> Result<Identity, Error> {
        let identity = self.tokens.verify(token).await?;
        require_admin(&identity)?;
        // Only for who is an admin is account asked.
        self.revocations.known_within(identity.account_id, self.oldest).await?;
        // The key may be known as removed only now.
        let identity = self.tokens.verify(token).await?;
        match identity.session {
            Some(session) if !self.revocations.has_ended(session) => Ok(identity),
            _ => Err(session_over()),
        }
    }
}

/// Admins as another says, for as long as it is there: whoever holds this keeps no part of a service going.
pub struct WhileThere(Weak<dyn Admins>);

impl WhileThere {
    /// As `admins` says.
    #[must_use]
    pub fn of<A: Admins + 'static>(admins: &Arc<A>) -> Self {
        let admins: Weak<A> = Arc::downgrade(admins);
        Self(admins)
    }
}

#[async_trait]
impl Admins for WhileThere {
    async fn admin_of(&self, token: &str) -> Result<Identity, Error> {
        let stopping = || Error::unavailable("the replica is stopping");
        self.0.upgrade().ok_or_else(stopping)?.admin_of(token).await
    }
}

/// Refuses who is no admin.
///
/// # Errors
///
/// `admin_required`.
pub fn require_admin(identity: &Identity) -> Result<(), Error> {
    if identity.role == Role::Admin { Ok(()) } else { Err(admin_required()) }
}
