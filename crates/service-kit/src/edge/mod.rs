//! A public HTTP port, for clients of whom nothing is known: HTTP/1.1 and HTTP/2, with bounds on connections and on what each
//! may leave undone.

mod answered;
mod life;
mod places;
mod server;

use std::time::Duration;

pub use places::{Place, Places};
pub use server::{Gate, Served, serve};

use crate::config::{Check, Problems};

/// What the clients of a port may do. Each stands in the configuration under `http.`, times in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How long a new connection may take until the head of its first request is whole.
    pub header_timeout: Duration,
    /// How long a connection may take from its last answer to the next whole head.
    pub idle_timeout: Duration,
    /// How long a client may leave an answer unread before its connection is dropped.
    pub write_timeout: Duration,
    /// Connections at once; more wait in the kernel's queue.
    pub max_connections: usize,
    /// Connections of one address (IPv6: per /64) at once; the next is closed. 0 is no limit.
    pub max_connections_per_address: usize,
    /// As above, of one /48 of IPv6.
    pub max_connections_per_network: usize,
    /// Proxies in front. Behind any, addresses of connections are the proxies' own, and have no limit each.
    pub trusted_proxies: u8,
}

impl Settings {
    /// Connections that one address may hold; none when that is not limited.
    const fn connections_per_address(&self) -> Option<usize> {
        self.of_peers(self.max_connections_per_address)
    }

    /// Connections that one network may hold; none when that is not limited.
    const fn connections_per_network(&self) -> Option<usize> {
        self.of_peers(self.max_connections_per_network)
    }

    /// A limit of peers is one of clients only where no proxy stands between.
    const fn of_peers(&self, most: usize) -> Option<usize> {
        match (self.trusted_proxies, most) {
            (0, 1..) => Some(most),
            _ => None,
        }
    }
}

impl Check for Settings {
    fn check(&self, problems: &mut Problems) {
        let connections = self.max_connections;
        problems.require(connections > 0, "http.max_connections", connections, "must be 1 or more");
        check_time("http.header_timeout_ms", self.header_timeout, problems);
        check_time("http.write_timeout_ms", self.write_timeout, problems);
        let idle = self.idle_timeout.as_millis();
        let allowed = "must be from 1 to 7200000 (two hours)";
        problems.require((1..=7_200_000).contains(&idle), "http.idle_timeout_ms", idle, allowed);
    }
}

/// Reports a time that nobody waits for.
pub fn check_time(key: &str, time: Duration, problems: &mut Problems) {
    let time = time.as_millis();
    problems.require((1..=3_600_000).contains(&time), key, time, "must be from 1 to 3600000 (an hour)");
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const SETTINGS: Settings = Settings {
        header_timeout: Duration::from_secs(10),
        idle_timeout: Duration::from_secs(90),
        write_timeout: Duration::from_secs(20),
        max_connections: 10_000,
        max_connections_per_address: 7,
        max_connections_per_network: 4_096,
        trusted_proxies: 0,
    };

    #[test]
    fn a_proxy_is_not_limited_like_a_client() {
        assert_eq!(SETTINGS.connections_per_address(), Some(7));
        assert_eq!(SETTINGS.connections_per_network(), Some(4_096));
        let behind_proxies = Settings { trusted_proxies: 1, ..SETTINGS };
        assert_eq!(behind_proxies.connections_per_address(), None);
        assert_eq!(behind_proxies.connections_per_network(), None);
        let without_limit = Settings { max_connections_per_address: 0, ..SETTINGS };
        assert_eq!(without_limit.connections_per_address(), None);
    }
}
