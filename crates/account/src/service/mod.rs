//! What the service does with accounts and sessions.

mod bootstrap;
mod cell;
mod identity;
mod log_in;
mod password;
mod ranking;
mod reads;
mod refresh_token;
mod revocations;
mod sessions;
mod sign_up;
mod skeletons;
mod standing;
mod throttle;
mod upkeep;

use std::sync::Arc;

use chrono::TimeDelta;
use loljoa_service_kit::{AccountId, Cell, Clock, Error, IdempotencyKey, identity::Reader, postgres};
use secrecy::SecretString;
use sqlx::PgPool;

use crate::{
    domain::{grant, skeleton::Reserved, throttle::Policies, transfer::Outcome},
    ledger,
    passwords::Hasher,
    store::transfers,
    tokens::{Keyring, Stamp},
};
pub(crate) use bootstrap::bootstrap_admin;
pub(crate) use identity::AllAdmins;
pub(crate) use ranking::run as run_ranking;
pub(crate) use reads::LeaderboardQuery;
pub(crate) use revocations::Revocations;
pub(crate) use sessions::OpenSession;
pub(crate) use standing::Managed;
pub(crate) use upkeep::run as run_upkeep;

/// A user's name and password, as they came.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) username: String,
    pub(crate) password: SecretString,
}

/// A sign-up, as it came.
#[derive(Debug)]
pub(crate) struct SignUp {
    pub(crate) credentials: Credentials,
    pub(crate) key: Option<IdempotencyKey>,
}

/// Accounts and sessions. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) pool: PgPool,
    /// For what anybody may look at, so that it never takes a connection from log-ins.
    pub(crate) reads: PgPool,
    pub(crate) clock: Clock,
    pub(crate) hasher: Hasher,
    pub(crate) keyring: Arc<Keyring>,
    /// Reads the tokens that the keyring signs.
    pub(crate) reader: Arc<Reader>,
    pub(crate) ledger: ledger::Handle,
    pub(crate) throttle: Policies,
    /// Names that nobody can sign up under.
    pub(crate) reserved: Arc<Reserved>,
    /// Marks the cursors of the leaderboard.
    pub(crate) cursors: Stamp,
    /// How long a session lives.
    pub(crate) session_lives: TimeDelta,
    /// Whose accounts these are.
    pub(crate) cell: Cell,
}

impl Service {
    /// Grants the points of the present Korean day and tells how many were granted by this call.
    pub(crate) async fn claim_daily_grant(&self, account: AccountId) -> Result<i64, Error> {
        let transfer = grant::daily(account, self.clock.now());
        if transfers::exists(&mut *postgres::reading(&self.pool).await?, transfer.id).await? {
            return Ok(0);
        }
        match self.ledger.apply(vec![transfer]).await?.first() {
            Some(Outcome::Applied) => Ok(grant::DAILY.0),
            Some(Outcome::AlreadyApplied) => Ok(0),
            Some(Outcome::UnknownAccount) => Err(unknown_account()),
            other => Err(Error::internal(format!("a daily grant came out as {other:?}"))),
        }
    }
}

fn unknown_account() -> Error {
    Error::not_found("account_not_found", "there is no such account")
}
