//! Who acts: access tokens, what checks them, and the calls that only admins may make.
//!
//! The gateway checks a token at the edge. What admins do is checked again by the service that does it, with keys of its own
//! from account, so that a gateway that was taken over is no admin (docs/adr/0023); and so does account with whoever
//! ends sessions or changes a password (docs/adr/0028).

mod admin_only;
mod admins;
mod bearer;
pub(crate) mod caller;
mod keys;
mod reader;
mod revocations;
mod token;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use tonic::Request;
use uuid::Uuid;

pub(crate) use self::admin_only::admitted;
pub use self::{
    admin_only::AdminOnly,
    admins::{Admins, PublishedAdmins, WhileThere, require_admin},
    bearer::{Bearer, token},
    keys::Keys,
    reader::{Reader, refused},
    revocations::Revocations,
    token::Verifier,
};
use crate::{AccountId, Error, ErrorCode};

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

/// Somebody's session has ended.
#[must_use]
pub fn session_over() -> Error {
    unauthenticated("session_over", "the session is over; log in again")
}

/// Somebody asks who may not.
#[must_use]
pub fn admin_required() -> Error {
    Error::new(ErrorCode::Forbidden, "admin_required", "only admins may do this")
}
