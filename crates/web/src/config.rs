//! What the service is told.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use loljoa_service_kit::{
    cli::ServiceConfig,
    config::{Check, Problems, Runtime},
    edge,
};
use serde::{Deserialize, Serialize};

use crate::headers::Hsts;

/// The whole configuration. All of it has defaults.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The parts that every service has.
    pub runtime: Runtime,
    /// The public port.
    pub http: Http,
    /// The web app's built files, instead of those built into the program.
    pub web_root: Option<PathBuf>,
}

/// The public port. What it has in common with the gateway's is called as there.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// Where it listens.
    pub listen: SocketAddr,
    /// How long a new connection may take until the head of its first request is whole. Milliseconds.
    pub header_timeout_ms: u64,
    /// How long a connection may take from its last answer to the next whole head: longer than a proxy in front keeps it.
    /// Milliseconds.
    pub idle_timeout_ms: u64,
    /// How long a client may leave an answer unread before its connection is dropped. Milliseconds.
    pub write_timeout_ms: u64,
    /// Connections at once; more wait in the kernel's queue.
    pub max_connections: usize,
    /// Connections of one address (IPv6: per /64) at once; the next is closed. 0 is no limit. Behind trusted proxies it does
    /// not apply.
    pub max_connections_per_address: usize,
    /// As above, of one /48 of IPv6.
    pub max_connections_per_network: usize,
    /// Proxies in front.
    pub trusted_proxies: u8,
    /// Seconds of `Strict-Transport-Security`; 0 sends none. Only for sites served over TLS alone.
    pub hsts_seconds: u32,
    /// Whether that holds for every subdomain as well, those of others included.
    pub hsts_include_subdomains: bool,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([0, 0, 0, 0], 8080)),
            header_timeout_ms: 10_000,
            idle_timeout_ms: 90_000,
            write_timeout_ms: 20_000,
            max_connections: 10_000,
            max_connections_per_address: 1_024,
            max_connections_per_network: 4_096,
            trusted_proxies: 0,
            hsts_seconds: 0,
            hsts_include_subdomains: false,
        }
    }
}

impl Http {
    pub(crate) const fn hsts(&self) -> Hsts {
        Hsts { seconds: self.hsts_seconds, include_subdomains: self.hsts_include_subdomains }
    }

    /// What the edge does with connections.
    pub(crate) const fn edge(&self) -> edge::Settings {
        edge::Settings {
            header_timeout: Duration::from_millis(self.header_timeout_ms),
            idle_timeout: Duration::from_millis(self.idle_timeout_ms),
            write_timeout: Duration::from_millis(self.write_timeout_ms),
            max_connections: self.max_connections,
            max_connections_per_address: self.max_connections_per_address,
            max_connections_per_network: self.max_connections_per_network,
            trusted_proxies: self.trusted_proxies,
        }
    }
}

impl Check for Config {
    fn check(&self, problems: &mut Problems) {
        self.runtime.check(problems);
        self.http.edge().check(problems);
        if let Some(root) = &self.web_root {
            problems.require(root.is_dir(), "web_root", root.display(), "must be a directory");
        }
    }
}

impl ServiceConfig for Config {
    fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    fn listen(&self) -> SocketAddr {
        self.http.listen
    }
}
