//! What a password may be.

use loljoa_service_kit::Error;
use secrecy::{ExposeSecret, SecretString};

const MIN_CHARS: usize = 8;
const MAX_CHARS: usize = 128;
const MAX_BYTES_PER_CHAR: usize = 4;

/// Checks a password's length: 8 to 128 characters, whichever they are.
pub(crate) fn check(password: &SecretString) -> Result<(), Error> {
    check_field(password, "password")
}

/// As [`check`], of a field of another name.
pub(crate) fn check_field(password: &SecretString, field: &str) -> Result<(), Error> {
    let password = password.expose_secret();
    let short_enough = password.len() <= MAX_CHARS * MAX_BYTES_PER_CHAR;
    if short_enough && (MIN_CHARS..=MAX_CHARS).contains(&password.chars().count()) {
        return Ok(());
    }
    Err(Error::invalid_field(field, "password_invalid", "must be 8 to 128 characters"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_8_to_128_characters() {
        for good in ["12345678", "비밀번호여덟글자", &"한".repeat(128), &"\u{1f600}".repeat(128)] {
            assert!(check(&good.into()).is_ok(), "{good}");
        }
        for bad in ["", "1234567", &"x".repeat(129), &"x".repeat(10_240)] {
            assert_eq!(check(&bad.into()).unwrap_err().violations[0].field, "password");
        }
    }
}
