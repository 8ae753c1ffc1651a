//! Who acts: access tokens, what checks them, and the calls that only admins may make.
//!
//! The gateway checks a token at the edge. What admins do is checked again by the service that does it, with keys of its own
//! from account, so that a gateway that was taken over is no admin (docs/adr/0023).

mod admin_only;
mod bearer;
pub(crate) mod caller;
mod keys;
mod token;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use tonic::Request;
use uuid::Uuid;

pub use self::{admin_only::AdminOnly, bearer::Bearer, keys::Keys, token::Verifier};
use crate::{AccountId, Clock, Error, ErrorCode, config::Tokens, grpc::Channel, lifecycle::Parts};

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// What concerns its own points and bets.
    User,
    /// What admins may do, too.
    Admin,
}

/// Who asks, as a verified token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account.
    pub account_id: AccountId,
    /// The session, by the name that it has in access tokens. Tokens used to say none.
    pub session: Option<Uuid>,
    /// Its name.
    pub username: Arc<str>,
    /// What it may do.
    pub role: Role,
    /// When the token ends.
    pub expires_at: DateTime<Utc>,
}

/// What checks the tokens of admins in a service, with the keys that `account` publishes, kept fresh by one of its `parts`.
pub fn tokens_of_admins(parts: &mut Parts, account: Channel, config: &Tokens) -> Arc<Verifier> {
    let keys = Arc::new(Keys::new(account, config.refresh_pause()));
    let fresh = Arc::clone(&keys).keep_fresh(config.refresh_every(), parts.closing());
    parts.spawn_worker("keys of tokens", fresh);
    Arc::new(Verifier::of_admins(config, keys, Clock::system()))
}

/// The admin who makes a call of a service behind [`AdminOnly`].
///
/// # Errors
///
/// As for nobody, where the service stands behind nothing.
pub fn admin<T>(request: &Request<T>) -> Result<&Identity, Error> {
    request.extensions().get().ok_or_else(login_required)
}

/// Someone has to log in first.
#[must_use]
pub fn unauthenticated(reason: &str, message: &str) -> Error {
    Error::new(ErrorCode::Unauthenticated, reason, message)
}

/// Nobody asks.
#[must_use]
pub fn login_required() -> Error {
    unauthenticated("token_missing", "log in first: an access token is needed")
}

/// Somebody asks who may not.
#[must_use]
pub fn admin_required() -> Error {
    Error::new(ErrorCode::Forbidden, "admin_required", "only admins may do this")
}
