//! Who asks, and whether they may.

pub(crate) mod access;
pub(crate) mod daily_grant;
pub(crate) mod guard;
pub(crate) mod keys;
pub(crate) mod revocations;
pub(crate) mod token;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use chrono::{DateTime, Utc};
use http::request::Parts;
use loljoa_service_kit::{AccountId, Error, ErrorCode};
use serde::Deserialize;
use uuid::Uuid;

use crate::http::problem::Problem;

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    User,
    Admin,
}

/// Who asks, as a verified token says; the guard leaves it with the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) account_id: AccountId,
    /// The session, by the name that it has in access tokens. Tokens used to say none.
    pub(crate) session: Option<Uuid>,
    pub(crate) role: Role,
    pub(crate) expires_at: DateTime<Utc>,
}

/// The account behind a request. `Option<User>` where nobody needs to be logged in.
pub(crate) struct User(pub(crate) Identity);

impl<S: Send + Sync> FromRequestParts<S> for User {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let identity = parts.extensions.get::<Identity>().cloned();
        identity.map(Self).ok_or_else(|| login_required().into())
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for User {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        Ok(parts.extensions.get::<Identity>().cloned().map(Self))
    }
}

/// Proof that an admin asks. The guard has checked so already; a handler that takes this cannot be reached otherwise
/// even if its line in the table of routes were wrong.
pub(crate) struct Admin;

impl<S: Send + Sync> FromRequestParts<S> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.extensions.get::<Identity>() {
            Some(identity) if identity.role == Role::Admin => Ok(Self),
            Some(_) => Err(admin_required().into()),
            None => Err(login_required().into()),
        }
    }
}

/// Someone has to log in first.
pub(crate) fn unauthenticated(reason: &str, message: &str) -> Error {
    Error::new(ErrorCode::Unauthenticated, reason, message)
}

fn login_required() -> Error {
    unauthenticated("token_missing", "log in first: an access token is needed")
}

fn admin_required() -> Error {
    Error::new(ErrorCode::Forbidden, "admin_required", "only admins may do this")
}
