//! Files that were packed when they were built, and who can unpack them.

use http::{HeaderMap, header};

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// The smaller.
    Brotli,
    /// The one that everybody knows.
    Gzip,
}

/// The better first.
pub(crate) const ENCODINGS: [Encoding; 2] = [Encoding::Brotli, Encoding::Gzip];

impl Encoding {
    /// As `Content-Encoding` names it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// What stands behind the name of a file that is packed so.
    pub(crate) const fn ending(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Gzip => ".gz",
        }
    }
}

/// Whether `Accept-Encoding` takes `encoding` by its name, or by `*` where it is not named.
pub(crate) fn accepted(headers: &HeaderMap, encoding: &str) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut rest = None;
    for (name, taken) in lines.flat_map(|line| line.split(',')).map(preference) {
        if name.eq_ignore_ascii_case(encoding) {
            return taken;
        }
        if name == "*" {
            rest = Some(taken);
        }
    }
    rest.unwrap_or(false)
}

/// An encoding, and whether it is taken: a weight of 0 refuses it.
fn preference(entry: &str) -> (&str, bool) {
    let Some((name, weight)) = entry.split_once(';') else { return (entry.trim(), true) };
    let weight = weight.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    let weight = weight.and_then(|(_, weight)| weight.trim().parse::<f32>().ok());
    (name.trim(), weight.is_none_or(|weight| weight > 0.0))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn who_does_not_take_an_encoding_does_not_get_it() {
        let takes = |accepts: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(accepts));
            ENCODINGS.map(|encoding| accepted(&headers, encoding.name()))
        };
        assert_eq!(takes("gzip, deflate, br, zstd"), [true, true]);
        assert_eq!(takes("gzip;q=0.8, BR ; Q=0"), [false, true]);
        assert_eq!(takes("*;q=0.1, gzip;q=0.000"), [true, false]);
        assert_eq!(takes("identity, *;q=0"), [false, false]);
        assert_eq!(takes("brotli, x-gzip"), [false, false]);
        assert!(!accepted(&HeaderMap::new(), "gzip"));
    }
}
