//! Marking what clients carry for us, so that nobody makes it up.

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use loljoa_service_kit::{Error, page};
use serde::{Serialize, de::DeserializeOwned};

use crate::config::SEALING_KEY_BYTES;

/// Makes and checks HMAC-SHA-256 marks for one purpose. All replicas have the same key.
#[derive(Clone, Debug)]
pub(crate) struct Stamp(hmac::Key);

impl Stamp {
    /// The stamp for `purpose`; what is marked for one fits no other.
    pub(crate) fn new(sealing_key: &[u8; SEALING_KEY_BYTES], purpose: &str) -> Self {
        let derived = hmac::sign(&hmac::Key::new(HMAC_SHA256, sealing_key), purpose.as_bytes());
        Self(hmac::Key::new(HMAC_SHA256, derived.as_ref()))
    }

    fn mark(&self, bytes: &[u8]) -> hmac::Tag {
        hmac::sign(&self.0, bytes)
    }

    /// Whether `mark` was made for `bytes`.
    fn fits(&self, bytes: &[u8], mark: &[u8]) -> bool {
        hmac::verify(&self.0, bytes, mark).is_ok()
    }

    /// Writes a position as a cursor that only we can make.
    pub(crate) fn encode_cursor<T: Serialize>(&self, position: &T) -> String {
        let text = page::encode_cursor(position);
        let mark = BASE64_URL_SAFE_NO_PAD.encode(self.mark(text.as_bytes()));
        format!("{text}.{mark}")
    }

    /// Reads a cursor; the empty one is the beginning.
    ///
    /// # Errors
    ///
    /// Code `invalid` naming `cursor` when it was not made by [`Self::encode_cursor`].
    pub(crate) fn decode_cursor<T: DeserializeOwned>(&self, cursor: &str) -> Result<Option<T>, Error> {
        if cursor.is_empty() {
            return Ok(None);
        }
        let ours = cursor.rsplit_once('.').filter(|(text, mark)| {
            BASE64_URL_SAFE_NO_PAD.decode(mark).is_ok_and(|mark| self.fits(text.as_bytes(), &mark))
        });
        let foreign =
            || Error::invalid_field("cursor", "cursor_malformed", "must be a cursor that this list gave out");
        page::decode_cursor(ours.ok_or_else(foreign)?.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_cursors_are_taken() {
        let stamp = Stamp::new(&[7; 32], "leaderboard");
        let cursor = stamp.encode_cursor(&(7_i64, "x"));
        assert_eq!(stamp.decode_cursor(&cursor).unwrap(), Some((7_i64, "x".to_owned())));
        assert_eq!(stamp.decode_cursor::<i64>("").unwrap(), None);

        let (_, mark) = cursor.split_once('.').unwrap();
        let forged = format!("{}.{mark}", page::encode_cursor(&(8_i64, "x")));
        let unmarked = page::encode_cursor(&(7_i64, "x"));
        for foreign in
            [forged, unmarked, "x".into(), ".".into(), Stamp::new(&[7; 32], "other").encode_cursor(&7)]
        {
            assert!(stamp.decode_cursor::<(i64, String)>(&foreign).is_err(), "{foreign}");
        }
    }
}
