//! What a user may be called.

use loljoa_service_kit::Error;
use unicode_normalization::UnicodeNormalization;

use super::skeleton;

const MIN_CHARS: usize = 3;
const MAX_CHARS: usize = 20;
/// More bytes than any allowed username takes, however it is composed.
const MAX_BYTES: usize = 400;

/// A username that may be used, in all of its forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Username {
    /// As the user wrote it, composed (NFC).
    pub(crate) shown: String,
    /// What must be unique: NFKC in lower case.
    pub(crate) key: String,
    /// What it looks like, which must be unique, too.
    pub(crate) skeleton: String,
}

impl Username {
    /// Checks a username: 3 to 20 letters (ASCII or Hangul syllables), digits or underscores.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > MAX_BYTES {
            return Err(invalid());
        }
        let shown: String = text.nfc().collect();
        let key = shown.nfkc().collect::<String>().to_lowercase();
        let long_enough = (MIN_CHARS..=MAX_CHARS).contains(&key.chars().count());
        if !long_enough || !shown.chars().all(is_allowed) {
            return Err(invalid());
        }
        let skeleton = skeleton::of(&shown);
        Ok(Self { shown, key, skeleton })
    }
}

const fn is_allowed(char: char) -> bool {
    matches!(char, 'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '가'..='힣')
}

fn invalid() -> Error {
    let allowed = "must be 3 to 20 letters (a-z, 가-힣), digits or underscores";
    Error::invalid_field("username", "username_invalid", allowed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn letters_hangul_digits_and_underscores_are_allowed() {
        for name in ["abc", "Faker", "페이커", "T1_구마유시_99", &"x".repeat(20)] {
            assert_eq!(Username::parse(name).unwrap().shown, name);
        }
    }

    #[test]
    fn everything_else_is_refused_and_named() {
        let too_long = "x".repeat(21);
        let huge = "x".repeat(10_240);
        let bad = [
            "",
            "ab",
            &too_long,
            &huge,
            "a b",
            "abc\u{0}",
            "abc\n",
            "abc\u{a0}",
            "ab\u{2003}c",
            "abc\u{200b}",
            "f\u{430}ker",
            "ＦＡＫＥＲ",
            "faker!",
            "faker\u{301}",
            "<b>bold",
            "ㅋㅋㅋ",
            "abc\u{202e}",
            "①②③",
        ];
        for name in bad {
            let error = Username::parse(name).unwrap_err();
            assert_eq!(error.violations[0].field, "username", "{name:?}");
        }
    }

    #[test]
    fn case_and_composition_do_not_make_another_name() {
        assert_eq!(Username::parse("Faker").unwrap().key, Username::parse("fAKER").unwrap().key);
        let decomposed: String = "페이커".nfd().collect();
        assert_eq!(Username::parse(&decomposed).unwrap(), Username::parse("페이커").unwrap());
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_short_and_plain(text in "\\PC{0,30}") {
            if let Ok(name) = Username::parse(&text) {
                prop_assert!(name.shown.chars().all(is_allowed));
                prop_assert!((3..=20).contains(&name.shown.chars().count()));
            }
        }
    }
}
