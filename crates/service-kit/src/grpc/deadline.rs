//! Deadlines on the wire: `grpc-timeout`, the time that is left when a call is sent.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

const NAME: HeaderName = HeaderName::from_static("grpc-timeout");
/// What the field holds at most: eight digits.
const MOST: u128 = 99_999_999;

/// Tells the callee how long its answer is waited for.
pub(super) fn announce(headers: &mut HeaderMap, left: Duration) {
    let millis = left.as_millis().clamp(1, MOST);
    if let Ok(value) = HeaderValue::from_str(&format!("{millis}m")) {
        headers.insert(NAME, value);
    }
}

/// How long the caller waits for the answer; none when it does not say, or not so that it can be read.
pub(super) fn announced(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(NAME)?.to_str().ok()?;
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if number.len() > 8 {
        return None;
    }
    let number: u64 = number.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(number * 3_600)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_announced_is_read_back() {
        let mut headers = HeaderMap::new();
        assert_eq!(announced(&headers), None);
        for (left, read) in [(1_500, 1_500), (0, 1), (u64::MAX, 99_999_999)] {
            announce(&mut headers, Duration::from_millis(left));
            assert_eq!(announced(&headers), Some(Duration::from_millis(read)));
        }
    }

    #[test]
    fn every_unit_is_known_and_nonsense_is_no_deadline() {
        let read =
            |text: &str| announced(&HeaderMap::from_iter([(NAME, HeaderValue::from_str(text).unwrap())]));
        assert_eq!(read("2H"), Some(Duration::from_hours(2)));
        assert_eq!(read("3M"), Some(Duration::from_mins(3)));
        assert_eq!(read("4S"), Some(Duration::from_secs(4)));
        assert_eq!(read("5u"), Some(Duration::from_micros(5)));
        assert_eq!(read("6n"), Some(Duration::from_nanos(6)));
        for nonsense in ["", "m", "7", "-1m", "8x", "123456789m"] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }
}
