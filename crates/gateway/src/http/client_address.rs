//! Whose request it is, as far as a network can tell.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    sync::Once,
};

use axum::extract::FromRequestParts;
use http::{HeaderMap, request::Parts};
use loljoa_service_kit::Error;
pub(crate) use loljoa_service_kit::origin::limit_key;

use super::problem::Problem;
use crate::config::Http;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The client's address, left with every request by the outermost layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let address = parts.extensions.get().copied();
        address.ok_or_else(|| Error::internal("a request came without its address").into())
    }
}

/// The proxies in front, as far as they are known.
pub(crate) struct Proxies {
    trusted: u8,
    warned: Once,
}

impl Proxies {
    pub(crate) const fn new(config: &Http) -> Self {
        Self { trusted: config.trusted_proxies, warned: Once::new() }
    }

    /// The client's address.
    pub(crate) fn client(&self, headers: &HeaderMap, peer: SocketAddr) -> IpAddr {
        if self.trusted == 0 && headers.contains_key(FORWARDED_FOR) {
            self.warn_once();
        }
        of(headers, peer, self.trusted)
    }

    fn warn_once(&self) {
        self.warned.call_once(|| {
            tracing::warn!(
                event = "request.forwarded_unbelieved",
                "a request came with X-Forwarded-For, which is not believed: if it comes through a proxy, everybody behind \
                 that proxy shares its limits until http.trusted_proxies says how many there are (now 0)"
            );
        });
    }
}

/// The client's address: what the outermost of `trusted` proxies wrote down, or the connection's own.
///
/// Each proxy appends the address it was reached from, so only the last `trusted` entries are believed. A request that
/// came through fewer proxies counts from the leftmost entry; one that cannot be read, from the connection.
fn of(headers: &HeaderMap, peer: SocketAddr, trusted: u8) -> IpAddr {
    let peer = peer.ip().to_canonical();
    if trusted == 0 {
        return peer;
    }
    let lines = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    let entries: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    let index = entries.len().saturating_sub(usize::from(trusted));
    entries.get(index).and_then(|entry| parse(entry)).unwrap_or(peer)
}

fn parse(entry: &str) -> Option<IpAddr> {
    let address = entry.parse::<IpAddr>().ok();
    let address = address.or_else(|| entry.parse::<SocketAddr>().ok().map(|address| address.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(lines: &[&'static str], trusted: u8) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, http::HeaderValue::from_static(line));
        }
        of(&headers, "10.0.0.9:4711".parse().unwrap(), trusted).to_string()
    }

    #[test]
    fn without_trusted_proxies_the_connection_counts() {
        assert_eq!(seen(&["6.6.6.6"], 0), "10.0.0.9");
    }

    #[test]
    fn a_client_cannot_forge_what_trusted_proxies_append() {
        assert_eq!(seen(&["6.6.6.6, 1.2.3.4"], 1), "1.2.3.4");
        assert_eq!(seen(&["6.6.6.6, 1.2.3.4, 10.1.1.1"], 2), "1.2.3.4");
        assert_eq!(seen(&["6.6.6.6", "1.2.3.4:999"], 1), "1.2.3.4");
    }

    #[test]
    fn what_cannot_be_read_leaves_the_connection() {
        assert_eq!(seen(&["unknown"], 1), "10.0.0.9");
        assert_eq!(seen(&[], 1), "10.0.0.9");
        assert_eq!(seen(&["1.2.3.4"], 3), "1.2.3.4");
        assert_eq!(seen(&["::ffff:1.2.3.4"], 1), "1.2.3.4");
    }

    #[test]
    fn a_proxy_that_nobody_told_of_is_warned_about() {
        let mut headers = HeaderMap::new();
        let warns = |trusted_proxies, headers: &HeaderMap| {
            let proxies = Proxies::new(&Http { trusted_proxies, ..Http::default() });
            proxies.client(headers, "10.0.0.9:4711".parse().unwrap());
            proxies.warned.is_completed()
        };
        assert!(!warns(0, &headers));
        headers.insert(FORWARDED_FOR, http::HeaderValue::from_static("1.2.3.4"));
        assert!(warns(0, &headers));
        assert!(!warns(1, &headers));
    }
}
