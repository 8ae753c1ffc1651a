//! Who asks, and whether they may.

pub(crate) mod access;
pub(crate) mod daily_grant;
pub(crate) mod guard;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;
use loljoa_service_kit::identity::{Bearer, admin_required, login_required};
pub(crate) use loljoa_service_kit::identity::{Identity, Role, session_over, unauthenticated};

use crate::http::problem::Problem;

/// The account behind a request, whose [`Identity`] the guard leaves with it. `Option<User>` where nobody needs to be logged in.
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

/// The token of whoever asks, for account, which checks it itself.
pub(crate) struct Token(pub(crate) Bearer);

impl<S: Send + Sync> FromRequestParts<S> for Token {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Bearer>().cloned().map(Self).ok_or_else(|| login_required().into())
    }
}

/// Proof that an admin asks, with the token for the services that check it themselves. The guard has checked so already; a
/// handler that takes this cannot be reached otherwise even if its line in the table of routes were wrong.
pub(crate) struct Admin(pub(crate) Bearer);

impl<S: Send + Sync> FromRequestParts<S> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match (parts.extensions.get::<Identity>(), parts.extensions.get::<Bearer>()) {
            (Some(identity), Some(bearer)) if identity.role == Role::Admin => Ok(Self(bearer.clone())),
            (Some(_), _) => Err(admin_required().into()),
            (None, _) => Err(login_required().into()),
        }
    }
}
