//! The JSON that clients see, and how it comes from what the services say.
#![expect(clippy::struct_field_names, reason = "an id is named for what it is, also inside of it")]

pub(crate) mod account;
pub(crate) mod admin_action;
pub(crate) mod betting;
pub(crate) mod import;
pub(crate) mod incident;
pub(crate) mod league;
pub(crate) mod league_admin;
pub(crate) mod market;
pub(crate) mod market_admin;
pub(crate) mod odds;
pub(crate) mod ops;
pub(crate) mod question;
pub(crate) mod repair;
pub(crate) mod stakes;
pub(crate) mod standings;
pub(crate) mod status;

use chrono::{DateTime, Utc};
use loljoa_service_kit::Error;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// Send it as `cursor` for the next page; null at the end.
    pub(crate) next_cursor: Option<String>,
}

impl<T> Page<T> {
    pub(crate) fn new(items: Vec<T>, next_cursor: String) -> Self {
        Self { items, next_cursor: present(next_cursor) }
    }

    /// A list that fits one page.
    pub(crate) const fn whole(items: Vec<T>) -> Self {
        Self { items, next_cursor: None }
    }
}

/// A name in the languages that we speak.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Text {
    #[schema(min_length = 1, max_length = 200, pattern = "^[^\\u0000-\\u001F\\u007F-\\u009F]+$")]
    pub(crate) en: String,
    #[schema(min_length = 1, max_length = 200, pattern = "^[^\\u0000-\\u001F\\u007F-\\u009F]+$")]
    pub(crate) ko: String,
}

/// A text that the contracts leave empty when it is not there.
fn present(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// An id that another service sent; one that is none is that service's fault, not the client's.
fn id<T: From<Uuid>>(text: &str) -> Result<T, Error> {
    Uuid::parse_str(text).map(T::from).map_err(|_| Error::internal(format_args!("{text:?} came as an id")))
}

fn optional_id<T: From<Uuid>>(text: &str) -> Result<Option<T>, Error> {
    if text.is_empty() { Ok(None) } else { id(text).map(Some) }
}

fn time(time: Option<prost_types::Timestamp>) -> Result<DateTime<Utc>, Error> {
    optional_time(time)?.ok_or_else(|| Error::internal("a time is missing in an answer"))
}

pub(crate) fn optional_time(time: Option<prost_types::Timestamp>) -> Result<Option<DateTime<Utc>>, Error> {
    let Some(time) = time else { return Ok(None) };
    let nanos = u32::try_from(time.nanos).ok();
    let read = nanos.and_then(|nanos| DateTime::from_timestamp(time.seconds, nanos));
    read.map(Some).ok_or_else(|| Error::internal(format_args!("{time:?} came as a time")))
}

/// A time for a request to another service.
pub(crate) fn timestamp(time: DateTime<Utc>) -> prost_types::Timestamp {
    let nanos = i32::try_from(time.timestamp_subsec_nanos()).unwrap_or_default();
    prost_types::Timestamp { seconds: time.timestamp(), nanos }
}

/// A part that the contract promises.
pub(crate) fn required<T>(part: Option<T>) -> Result<T, Error> {
    part.ok_or_else(|| Error::internal("an answer came without its content"))
}

/// Converts a list whole, or fails with the first element that cannot be.
pub(crate) fn all<T, U: TryFrom<T, Error = Error>>(list: Vec<T>) -> Result<Vec<U>, Error> {
    list.into_iter().map(U::try_from).collect()
}
