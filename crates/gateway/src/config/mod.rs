//! What the gateway is told from outside.

use std::{net::SocketAddr, path::PathBuf};

use loljoa_service_kit::{
    cli::ServiceConfig,
    config::{Check, Problems, Runtime, Tokens, Upstream},
    gather::Gathering,
};
use serde::{Deserialize, Serialize};

mod http;
mod streams;

pub use http::Http;
pub use streams::Streams;

/// The gateway's configuration.
#[derive(Clone, Debug, Deserialize, Serialize)]
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
    /// Whether the web app is served beside the API. Not needed where a proxy in front sends pages to `loljoa-web`.
    #[serde(default = "Config::default_serve_web")]
    pub serve_web: bool,
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
            serve_web: Self::default_serve_web(),
            web_root: None,
        }
    }

    const fn default_serve_web() -> bool {
        true
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

/// The services behind the gateway.
#[derive(Clone, Debug, Deserialize, Serialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Requests a second.
    pub per_second: u32,
    /// Requests that may come at once after a pause.
    pub burst: u32,
}

/// As [`Rate`], for what nobody needs every second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SlowRate {
    /// Requests a minute.
    pub per_minute: u32,
    /// Requests that may come at once after a pause.
    pub burst: u32,
}

/// What one client, and all of them, may use.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Requests under way at once; the next is told to come again.
    pub max_in_flight: usize,
    /// Requests of one client address (IPv6: per /64) under way at once. 0 is no limit.
    pub max_in_flight_per_address: usize,
    /// Per client address (IPv6: per /64).
    pub per_address: Rate,
    /// Per account.
    pub per_account: Rate,
    /// New accounts per client address (IPv6: per /64). Each is worth its grants.
    pub sign_up: SlowRate,
    /// New accounts per /48 of IPv6: whoever has one has 65,536 times what a /64 may.
    pub sign_up_per_network: SlowRate,
    /// Passwords to be checked per client address (IPv6: per /64), whomever they are of: log-ins and changes of password.
    pub log_in: SlowRate,
    /// The same per /48 of IPv6.
    pub log_in_per_network: SlowRate,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_in_flight: 1_024,
            max_in_flight_per_address: 256,
            per_address: Rate { per_second: 100, burst: 200 },
            per_account: Rate { per_second: 50, burst: 100 },
            sign_up: SlowRate { per_minute: 5, burst: 10 },
            sign_up_per_network: SlowRate { per_minute: 50, burst: 100 },
            log_in: SlowRate { per_minute: 30, burst: 30 },
            log_in_per_network: SlowRate { per_minute: 300, burst: 300 },
        }
    }
}

/// How the refresh cookie is set and protected.
#[derive(Clone, Debug, Deserialize, Serialize)]
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
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bets {
    /// Bets that may wait; the next is told to come again.
    pub queue: usize,
    /// The most calls under way at once.
    pub workers: usize,
    /// When a call begins while another is under way.
    pub gather: Gathering,
}

impl Default for Bets {
    fn default() -> Self {
        Self { queue: 10_000, workers: 2, gather: Gathering::default() }
    }
}

impl Upstreams {
    /// What a request may wait for behind the gateway, in milliseconds.
    pub(crate) const fn waits(&self) -> [(&'static str, u64); 3] {
        [
            ("upstreams.account.timeout_ms", self.account.timeout_ms),
            ("upstreams.league_schedule.timeout_ms", self.league_schedule.timeout_ms),
            ("upstreams.betting.timeout_ms", self.betting.timeout_ms),
        ]
    }
}

impl Check for Config {
    fn check(&self, problems: &mut Problems) {
        self.runtime.check(problems);
        self.http.check(problems);
        self.streams.check(problems);
        self.tokens.check(problems);
        self.upstreams.account.check("upstreams.account", problems);
        self.upstreams.league_schedule.check("upstreams.league_schedule", problems);
        self.upstreams.betting.check("upstreams.betting", problems);
        let positive = [("limits.max_in_flight", self.limits.max_in_flight), ("bets.queue", self.bets.queue)];
        for (key, value) in positive {
            problems.require(value > 0, key, value, "must be 1 or more");
        }
        let workers = self.bets.workers;
        problems.require((1..=16).contains(&workers), "bets.workers", workers, "must be from 1 to 16");
        self.bets.gather.check("bets.gather", problems);
        for (key, rate) in [
            ("limits.per_address.burst", self.limits.per_address),
            ("limits.per_account.burst", self.limits.per_account),
        ] {
            let fits = rate.per_second == 0 || rate.burst >= 1;
            problems.require(fits, key, rate.burst, "must be 1 or more unless per_second is 0");
        }
        for (key, rate) in [
            ("limits.sign_up.burst", self.limits.sign_up),
            ("limits.sign_up_per_network.burst", self.limits.sign_up_per_network),
            ("limits.log_in.burst", self.limits.log_in),
            ("limits.log_in_per_network.burst", self.limits.log_in_per_network),
        ] {
            let fits = rate.per_minute == 0 || rate.burst >= 1;
            problems.require(fits, key, rate.burst, "must be 1 or more unless per_minute is 0");
        }
        for origin in &self.cookies.trusted_origins {
            let known = crate::http::csrf::is_origin(origin);
            problems.require(known, "cookies.trusted_origins", origin, "must be scheme://host[:port]");
        }
        if let Some(root) = &self.web_root {
            problems.require(root.is_dir(), "web_root", root.display(), "must be a directory");
            let allowed = "must be true where web_root is set: nothing would be served of it";
            problems.require(self.serve_web, "serve_web", self.serve_web, allowed);
        }
    }
}
