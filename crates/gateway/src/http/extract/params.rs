//! Queries and paths.

use axum::extract::FromRequestParts;
use http::request::Parts;
use loljoa_service_kit::Error;
use serde::de::DeserializeOwned;

use super::at_fault;
use crate::http::problem::Problem;

/// The query's parameters; a repeated one makes a list.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        refuse_empty(query)?;
        let deserializer = serde_html_form::Deserializer::from_bytes(query.as_bytes());
        serde_path_to_error::deserialize(deserializer).map(Self).map_err(|error| {
            at_fault(error.path(), &error.inner().to_string(), "query", "parameter_invalid").into()
        })
    }
}

/// An empty value would be taken for one that is not there, which may mean something else.
fn refuse_empty(query: &str) -> Result<(), Error> {
    let pairs: Vec<(String, String)> = serde_html_form::from_str(query).unwrap_or_default();
    match pairs.into_iter().find(|(_, value)| value.is_empty()) {
        Some((name, _)) => {
            let name = if name.is_empty() { "query" } else { &name };
            Err(Error::invalid_field(name, "parameter_empty", "must not be empty: leave it out"))
        }
        None => Ok(()),
    }
}

/// The id in the path, by the name that it has in the route.
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let raw = axum::extract::RawPathParams::from_request_parts(parts, state).await;
        let name =
            raw.ok().and_then(|raw| raw.iter().next().map(|(name, _)| name.to_owned())).unwrap_or_default();
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(value)| Self(value))
            .map_err(|_| Error::invalid_field(&name, "not_a_uuid", "must be a UUID").into())
    }
}
