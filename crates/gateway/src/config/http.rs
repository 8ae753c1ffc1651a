//! The public port.

use std::{net::SocketAddr, time::Duration};

use loljoa_service_kit::{
    config::{Check, Problems},
    edge::{self, check_time},
};
use loljoa_web::headers::Hsts;
use serde::{Deserialize, Serialize};

/// The public port.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// Where it listens.
    pub listen: SocketAddr,
    /// How long a request whose body is whole may take until its answer begins. Milliseconds.
    pub timeout_ms: u64,
    /// How long a new connection may take until the head of its first request is whole. Milliseconds.
    pub header_timeout_ms: u64,
    /// How long a connection may take from its last answer to the next whole head. Milliseconds.
    ///
    /// A proxy in front keeps connections, too, and must be the first to let one go: what it sends on one that is being closed
    /// here gets no answer, and is a 502 to its client. The default is above the 60 s of AWS's load balancers and of nginx's
    /// `keepalive` upstreams and the 75 s of nginx towards its clients, with time for a head on its way. A proxy that keeps
    /// connections longer (Google's for 600 s, Envoy for an hour) wants a longer time here, or a shorter one there.
    pub idle_timeout_ms: u64,
    /// How long a request's body may take in all. Milliseconds.
    pub body_timeout_ms: u64,
    /// The bytes a second at which a body has to come, once two seconds have passed. 0 leaves it to `body_timeout_ms`.
    pub min_body_rate: u32,
    /// How long a client may leave an answer unread before its connection is dropped. Milliseconds.
    pub write_timeout_ms: u64,
    /// Connections at once; more wait in the kernel's queue.
    pub max_connections: usize,
    /// Connections of one address (IPv6: per /64) at once; the next is closed. 0 is no limit. Behind trusted proxies
    /// addresses of connections are the proxies' own, and this limit does not apply.
    pub max_connections_per_address: usize,
    /// As above, of one /48 of IPv6.
    pub max_connections_per_network: usize,
    /// Proxies in front that each append to `X-Forwarded-For`. 0 believes nothing but the connection.
    pub trusted_proxies: u8,
    /// Whether the trace of a request, and whether it is sampled, is for whoever sends it to decide. Only behind a mesh that
    /// decides itself.
    pub trust_traceparent: bool,
    /// Whether anybody may ask which replica answers (`hello`); otherwise admins only.
    pub public_hello: bool,
    /// Seconds of `Strict-Transport-Security`; 0, the default, sends none. Only for sites served over TLS alone.
    pub hsts_seconds: u32,
    /// Whether that holds for every subdomain as well, those of others included.
    pub hsts_include_subdomains: bool,
}

impl Http {
    /// What the edge does with connections.
    #[must_use]
    pub const fn edge(&self) -> edge::Settings {
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

    /// How long browsers come by TLS alone.
    pub(crate) const fn hsts(&self) -> Hsts {
        Hsts { seconds: self.hsts_seconds, include_subdomains: self.hsts_include_subdomains }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([0, 0, 0, 0], 8080)),
            timeout_ms: 10_000,
            header_timeout_ms: 10_000,
            idle_timeout_ms: 90_000,
            body_timeout_ms: 30_000,
            min_body_rate: 1_024,
            write_timeout_ms: 20_000,
            max_connections: 10_000,
            max_connections_per_address: 1_024,
            max_connections_per_network: 4_096,
            trusted_proxies: 0,
            trust_traceparent: false,
            public_hello: false,
            hsts_seconds: 0,
            hsts_include_subdomains: false,
        }
    }
}

impl Check for Http {
    fn check(&self, problems: &mut Problems) {
        self.edge().check(problems);
        for (key, time) in
            [("http.timeout_ms", self.timeout_ms), ("http.body_timeout_ms", self.body_timeout_ms)]
        {
            check_time(key, Duration::from_millis(time), problems);
        }
    }
}
