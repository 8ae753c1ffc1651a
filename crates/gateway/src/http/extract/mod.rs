//! Reading requests and answering them.

mod body;
mod key;
mod params;

use axum::response::{IntoResponse, Response};
use loljoa_service_kit::{Error, page::MAX_LIMIT};
use serde::Serialize;

pub(crate) use body::{Json, Raw, media_type, parse};
pub(crate) use key::{Key, OptionalKey};
pub(crate) use params::{Path, Query};

use super::problem::Problem;

/// What a handler gives when it fails.
pub(crate) type Result<T = Response, E = Problem> = std::result::Result<T, E>;

/// A JSON answer.
pub(crate) fn json<T: Serialize>(value: T) -> Response {
    axum::Json(value).into_response()
}

/// A page's size as a client may ask for it; 0 stands for the default.
pub(crate) fn limit(limit: Option<i32>) -> Result<i32, Error> {
    match limit {
        None => Ok(0),
        Some(limit @ 1..=MAX_LIMIT) => Ok(limit),
        Some(_) => Err(Error::invalid_field("limit", "limit_out_of_range", "must be from 1 to 100")),
    }
}

/// Names the field that is wrong, or the one that is missing, or else the `whole`.
fn at_fault(path: &serde_path_to_error::Path, message: &str, whole: &str, reason: &str) -> Error {
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    let parents = path.iter().next().map(|_| path.to_string());
    match (parents, missing) {
        (None, None) => Error::invalid_field(whole, reason, message),
        (None, Some(field)) => Error::invalid_field(field, reason, "must be given"),
        (Some(path), None) => Error::invalid_field(&path, reason, message),
        (Some(path), Some(field)) => {
            Error::invalid_field(&format!("{path}.{field}"), reason, "must be given")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_asked_for_with_one_to_a_hundred_items() {
        assert_eq!(limit(None).unwrap(), 0);
        assert_eq!(limit(Some(100)).unwrap(), 100);
        assert!(limit(Some(0)).is_err());
        assert!(limit(Some(101)).is_err());
    }
}
