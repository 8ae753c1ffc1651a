//! What may be shown of a URL, in which a password or a key may stand.

use std::{fmt, ops::Deref, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use url::Url;

/// Stands for what is there and not shown.
const NOT_SHOWN: &str = "(not shown)";

/// A URL that shows neither its user info nor any value of its query, whether it is displayed, debugged or serialised.
/// Whoever connects has the whole of it by reference.
#[derive(Clone, PartialEq, Eq)]
pub struct RedactedUrl(Url);

impl RedactedUrl {
    /// Hides what may be secret in `url`.
    #[must_use]
    pub const fn new(url: Url) -> Self {
        Self(url)
    }

    /// Whether a user or a password stands in it.
    #[must_use]
    pub fn has_user_info(&self) -> bool {
        !self.0.username().is_empty() || self.0.password().is_some()
    }
}

impl Deref for RedactedUrl {
    type Target = Url;

    fn deref(&self) -> &Url {
        &self.0
    }
}

impl From<Url> for RedactedUrl {
    fn from(url: Url) -> Self {
        Self(url)
    }
}

impl FromStr for RedactedUrl {
    type Err = url::ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl fmt::Display for RedactedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = &self.0;
        // Such as `user:password@host`, whose scheme was forgotten.
        let Some(host) = url.host_str() else { return write!(f, "{}:{NOT_SHOWN}", url.scheme()) };
        let hidden = if self.has_user_info() { "…@" } else { "" };
        write!(f, "{}://{hidden}{host}", url.scheme())?;
        if let Some(port) = url.port() {
            write!(f, ":{port}")?;
        }
        f.write_str(url.path())?;
        for (place, pair) in url.query().into_iter().flat_map(|query| query.split('&')).enumerate() {
            f.write_str(if place == 0 { "?" } else { "&" })?;
            if let Some((name, _)) = pair.split_once('=').filter(|(name, _)| is_plain(name)) {
                write!(f, "{name}=")?;
            }
            f.write_str("…")?;
        }
        f.write_str(if url.fragment().is_some() { "#…" } else { "" })
    }
}

/// Whether a parameter's name is that of one, and not part of a password with a question mark.
fn is_plain(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

impl fmt::Debug for RedactedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for RedactedUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RedactedUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Not as `Url` does it, whose error quotes what it could not read.
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error| D::Error::custom(format!("invalid value, expected a URL: {error}")))
    }
}

/// `text` as it may be shown: what is a URL as [`RedactedUrl`] shows it, and what may have been meant as one and cannot be
/// read, not at all.
#[must_use]
pub fn redacted(text: &str) -> String {
    let is_meant_as_url = text.contains("://");
    match text.parse::<RedactedUrl>() {
        Ok(url) if is_meant_as_url => url.to_string(),
        _ if is_meant_as_url || text.contains('@') => NOT_SHOWN.to_owned(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn all_but_secrets_is_shown() {
        for (text, shown) in [
            ("http://account:50051/", "http://account:50051/"),
            (
                "https://me:hunter2@[::1]:8443/a/b?key=hunter2&hl=#hunter2",
                "https://…@[::1]:8443/a/b?key=…&hl=…#…",
            ),
            ("postgres://hunter2@db/x", "postgres://…@db/x"),
            ("postgres://:hunter2@db/x", "postgres://…@db/x"),
            ("account:50051", "account:50051"),
            ("me:hunter2@account:50051", "(not shown)"),
            ("http:/me:hunter2@account", "(not shown)"),
            ("http://me:hun/ter2@account", "(not shown)"),
            ("http://hun?ter2@account", "http://hun/?…"),
            ("http://account/?ter2@x=1&hl=ko&", "http://account/?…&hl=…&…"),
            ("http://me:hunter2@acc ount", "(not shown)"),
            ("2 or more", "2 or more"),
        ] {
            assert_eq!(redacted(text), shown);
        }
        let forgot_the_scheme: RedactedUrl = "me:hunter2@account:50051".parse().unwrap();
        assert_eq!(format!("{forgot_the_scheme:?}"), "me:(not shown)");
        assert_eq!(serde_json::to_value(forgot_the_scheme).unwrap(), "me:(not shown)");
    }

    proptest! {
        /// Wherever a secret stands in a text that is meant as a URL, but for scheme, host, port and path.
        #[test]
        fn no_secret_is_shown(scheme in "[a-z]{1,9}", around in "[a-z:/?#@&=%.0-9-]{0,12}", end in "[a-z:/?#@&=%.0-9-]{0,12}") {
            let secret = "HUNTER2";
            for text in [
                format!("{scheme}://{around}{secret}@{end}"),
                format!("{scheme}://user:{around}{secret}@{end}"),
                format!("{scheme}://host/?{around}={secret}"),
                format!("{around}:{secret}@{end}"),
            ] {
                let is_path = text.parse::<Url>().is_ok_and(|url| {
                    let shown = [Some(url.scheme()), url.host_str(), Some(url.path())];
                    shown.into_iter().flatten().any(|part| part.to_uppercase().contains(secret))
                });
                let shown = redacted(&text);
                prop_assert!(is_path || !shown.contains(secret), "{text} is shown as {shown}");
            }
        }
    }
}
