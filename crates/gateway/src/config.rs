//! What the gateway is told from outside.

use std::{net::SocketAddr, path::PathBuf};

use loljoa_service_kit::{
    cli::ServiceConfig,
    config::{Check, Problems, Runtime, Tokens, Upstream},
};
use serde::Deserialize;

/// The gateway's configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Admin port, telemetry, draining, experiments.
    #[serde(default)]
    pub runtime: Runtime,
    /// The public port.
    #[serde(default)]
    pub http: Http,
    /// The services behind the gateway.
    pub upstreams: Upstreams,
    /// What one client, and all of them, may use.
    #[serde(default)]
    pub limits: Limits,
    /// Which access tokens are taken.
    #[serde(default)]
    pub tokens: Tokens,
    /// How the refresh cookie is set and protected.
    #[serde(default)]
    pub cookies: Cookies,
    /// How bets are gathered into calls.
    #[serde(default)]
    pub bets: Bets,
    /// The event stream.
    #[serde(default)]
    pub streams: Streams,
    /// The web app's built files, instead of those built into the binary.
    #[serde(default)]
    pub web_root: Option<PathBuf>,
}

impl Config {
    /// The defaults in front of `upstreams`.
    #[must_use]
    pub fn new(upstreams: Upstreams) -> Self {
        Self {
            runtime: Runtime::default(),
            http: Http::default(),
            upstreams,
            limits: Limits::default(),
            tokens: Tokens::default(),
            cookies: Cookies::default(),
            bets: Bets::default(),
            streams: Streams::default(),
            web_root: None,
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

/// The public port.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// Where it listens.
    pub listen: SocketAddr,
    /// How long a request may take until its answer begins. Milliseconds.
    pub timeout_ms: u64,
    /// How long a client may take to send a request's head, a pause before it counted in. Milliseconds.
    pub header_timeout_ms: u64,
    /// Connections at once; more wait in the kernel's queue.
    pub max_connections: usize,
    /// Proxies in front that each append to `X-Forwarded-For`. 0 believes nothing but the connection.
    pub trusted_proxies: u8,
    /// Seconds of `Strict-Transport-Security`; 0, the default, sends none. Only for sites served over TLS alone.
    pub hsts_seconds: u32,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([0, 0, 0, 0], 8080)),
            timeout_ms: 10_000,
            header_timeout_ms: 30_000,
            max_connections: 10_000,
            trusted_proxies: 0,
            hsts_seconds: 0,
        }
    }
}

/// The services behind the gateway.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upstreams {
    /// Accounts, sessions, points.
    pub account: Upstream,
    /// Tournaments, teams, matches.
    pub league_schedule: Upstream,
    /// Markets and bets.
    pub betting: Upstream,
}

/// A sustained rate and what may come on top at once. A rate of 0 is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Requests a second.
    pub per_second: u32,
    /// Requests that may come at once after a pause.
    pub burst: u32,
}

/// What one client, and all of them, may use.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Requests under way at once; the next is told to come again.
    pub max_in_flight: usize,
    /// Per client address (IPv6: per /64).
    pub per_address: Rate,
    /// Per account.
    pub per_account: Rate,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_in_flight: 4_096,
            per_address: Rate { per_second: 100, burst: 200 },
            per_account: Rate { per_second: 50, burst: 100 },
        }
    }
}

/// How the refresh cookie is set and protected.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cookies {
    /// Whether the cookie is kept off plain HTTP (browsers take localhost for safe).
    pub secure: bool,
    /// Origins besides our own that may use the cookie, such as `https://www.example.com`.
    pub trusted_origins: Vec<String>,
}

impl Default for Cookies {
    fn default() -> Self {
        Self { secure: true, trusted_origins: Vec::new() }
    }
}

/// How bets are gathered into calls.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bets {
    /// Bets that may wait; the next is told to come again.
    pub queue: usize,
    /// Calls under way at once. More make the batches smaller, not the bets faster.
    pub workers: usize,
}

impl Default for Bets {
    fn default() -> Self {
        Self { queue: 10_000, workers: 2 }
    }
}

/// The event stream.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Streams {
    /// Streams at once.
    pub max: usize,
    /// Streams of one address at once.
    pub max_per_address: usize,
    /// How often a quiet stream says that it is alive. Milliseconds.
    pub keep_alive_ms: u64,
}

impl Default for Streams {
    fn default() -> Self {
        Self { max: 5_000, max_per_address: 100, keep_alive_ms: 15_000 }
    }
}

impl Check for Config {
    fn check(&self, problems: &mut Problems) {
        self.runtime.check(problems);
        self.tokens.check(problems);
        self.upstreams.account.check("upstreams.account", problems);
        self.upstreams.league_schedule.check("upstreams.league_schedule", problems);
        self.upstreams.betting.check("upstreams.betting", problems);
        let positive = [
            ("http.max_connections", self.http.max_connections),
            ("limits.max_in_flight", self.limits.max_in_flight),
            ("streams.max", self.streams.max),
            ("streams.max_per_address", self.streams.max_per_address),
            ("bets.queue", self.bets.queue),
        ];
        for (key, value) in positive {
            problems.require(value > 0, key, value, "must be 1 or more");
        }
        let times = [
            ("http.timeout_ms", self.http.timeout_ms),
            ("http.header_timeout_ms", self.http.header_timeout_ms),
            ("streams.keep_alive_ms", self.streams.keep_alive_ms),
        ];
        for (key, value) in times {
            problems.require(value > 0, key, value, "must be 1 or more");
        }
        let workers = self.bets.workers;
        problems.require((1..=16).contains(&workers), "bets.workers", workers, "must be from 1 to 16");
        for (key, rate) in [
            ("limits.per_address.burst", self.limits.per_address),
            ("limits.per_account.burst", self.limits.per_account),
        ] {
            let fits = rate.per_second == 0 || rate.burst >= 1;
            problems.require(fits, key, rate.burst, "must be 1 or more unless per_second is 0");
        }
        for origin in &self.cookies.trusted_origins {
            let known = crate::http::csrf::is_origin(origin);
            problems.require(known, "cookies.trusted_origins", origin, "must be scheme://host[:port]");
        }
        if let Some(root) = &self.web_root {
            problems.require(root.is_dir(), "web_root", root.display(), "must be a directory");
        }
    }
}
