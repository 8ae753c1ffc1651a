//! Idempotency keys.

use axum::extract::FromRequestParts;
use http::{HeaderMap, request::Parts};
use loljoa_service_kit::{Error, IdempotencyKey};

use crate::http::problem::Problem;

const HEADER: &str = "Idempotency-Key";

/// The key under which a write has at most one effect.
pub(crate) struct Key(pub(crate) IdempotencyKey);

impl<S: Send + Sync> FromRequestParts<S> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let missing = || {
            let reason = "idempotency_key_missing";
            Error::invalid_field(HEADER, reason, "must be sent, as a UUID that is new for each new request")
        };
        Ok(Self(key(&parts.headers)?.ok_or_else(missing)?))
    }
}

/// Like [`Key`], for writes that may do without one.
pub(crate) struct OptionalKey(pub(crate) Option<IdempotencyKey>);

impl<S: Send + Sync> FromRequestParts<S> for OptionalKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(key(&parts.headers)?))
    }
}

fn key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Error> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Error::invalid_field(HEADER, "idempotency_key_repeated", "must be sent once"));
    }
    IdempotencyKey::parse(value.to_str().unwrap_or_default().trim()).map(Some)
}
