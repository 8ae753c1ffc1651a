//! Lists in pages: a bounded limit and an opaque cursor.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use crate::Error;

/// The largest page.
pub const MAX_LIMIT: i32 = 100;
/// The page's size when the client names none.
pub const DEFAULT_LIMIT: i32 = 50;

/// Checks a page's size; 0 means [`DEFAULT_LIMIT`].
///
/// # Errors
///
/// Code `invalid` naming `limit` outside of 1 to 100.
pub fn limit(limit: i32) -> Result<i64, Error> {
    match limit {
        0 => Ok(i64::from(DEFAULT_LIMIT)),
        1..=MAX_LIMIT => Ok(i64::from(limit)),
        _ => Err(Error::invalid_field("limit", "limit_out_of_range", "must be from 1 to 100")),
    }
}

/// Writes a position as an opaque cursor.
///
/// # Panics
///
/// Never for a position of plain values; a position is not made of maps with odd keys.
#[must_use]
pub fn encode_cursor<T: Serialize>(position: &T) -> String {
    let json = serde_json::to_vec(position).expect("a position is plain values");
    BASE64_URL_SAFE_NO_PAD.encode(json)
}

/// Reads a cursor; the empty one is the beginning.
///
/// # Errors
///
/// Code `invalid` naming `cursor` when it was not made by [`encode_cursor`] for this list.
pub fn decode_cursor<T: DeserializeOwned>(cursor: &str) -> Result<Option<T>, Error> {
    if cursor.is_empty() {
        return Ok(None);
    }
    let invalid =
        || Error::invalid_field("cursor", "cursor_malformed", "must be a cursor that this list gave out");
    let json = BASE64_URL_SAFE_NO_PAD.decode(cursor).map_err(|_| invalid())?;
    serde_json::from_slice(&json).map(Some).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let cursor = encode_cursor(&(7_i64, "x"));
        assert_eq!(decode_cursor::<(i64, String)>(&cursor).unwrap(), Some((7, "x".to_owned())));
        assert_eq!(decode_cursor::<(i64, String)>("").unwrap(), None);
        assert!(decode_cursor::<(i64, String)>("not-a-cursor").is_err());
    }

    #[test]
    fn a_page_has_one_to_a_hundred_items() {
        assert_eq!(limit(0).unwrap(), 50);
        assert_eq!(limit(100).unwrap(), 100);
        assert!(limit(101).is_err());
        assert!(limit(-1).is_err());
    }
}
