//! Configuration from a TOML file and the environment, checked whole before anything starts.
//!
//! A key `database.url` of the file is `LOLJOA__DATABASE__URL` in the environment, which wins. (Two underscores after
//! the prefix, because Kubernetes makes variables such as `LOLJOA_ACCOUNT_PORT` of its own.)

use std::{fmt, net::SocketAddr, path::Path, time::Duration};

use figment::{
    Figment,
    providers::{Env, Format, Toml},
};
use serde::{Deserialize, de::DeserializeOwned};
use url::Url;

mod database;
mod tokens;

pub use database::Database;
pub use tokens::Tokens;

/// What is wrong with the configuration: each line names the key, the value and what is allowed.
#[derive(Debug, thiserror::Error)]
#[error("the configuration is not valid:\n  {}", .0.join("\n  "))]
pub struct Error(pub Vec<String>);

/// Collects what is wrong, so that a person fixes all of it at once.
#[derive(Debug, Default)]
pub struct Problems(Vec<String>);

impl Problems {
    /// Reports `key` unless `ok`; `value` is what stands there and `allowed` what may.
    pub fn require(&mut self, ok: bool, key: &str, value: impl fmt::Display, allowed: &str) {
        if !ok {
            self.0.push(format!("{key} = {value}: {allowed}"));
        }
    }
}

/// A configuration that can tell what is wrong with it.
pub trait Check {
    /// Reports every value that cannot be worked with.
    fn check(&self, problems: &mut Problems);
}

/// Reads the configuration from `file`, when there is one, and the environment, and checks it.
///
/// # Errors
///
/// [`Error`] with every problem found.
pub fn load<C: DeserializeOwned + Check>(file: Option<&Path>) -> Result<C, Error> {
    let mut figment = Figment::new();
    if let Some(file) = file {
        figment = figment.merge(Toml::file_exact(file));
    }
    let config: C = figment
        .merge(Env::prefixed("LOLJOA__").split("__"))
        .extract()
        .map_err(|errors| Error(errors.into_iter().map(|error| error.to_string()).collect()))?;
    checked(config)
}

/// Checks a configuration that was made in code.
///
/// # Errors
///
/// [`Error`] with every problem found.
pub fn checked<C: Check>(config: C) -> Result<C, Error> {
    let mut problems = Problems::default();
    config.check(&mut problems);
    if problems.0.is_empty() { Ok(config) } else { Err(Error(problems.0)) }
}

/// The parts that every service has.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Runtime {
    /// Where `/livez`, `/readyz` and `/metrics` are served.
    pub admin_listen: SocketAddr,
    /// Traces and logs.
    pub telemetry: Telemetry,
    /// How the service stops.
    pub drain: Drain,
    /// Whether the experiments (block, turn off) may be run.
    pub experiments: bool,
}

impl Default for Runtime {
    fn default() -> Self {
        Self {
            admin_listen: SocketAddr::from(([0, 0, 0, 0], 9090)),
            telemetry: Telemetry::default(),
            drain: Drain::default(),
            experiments: false,
        }
    }
}

impl Check for Runtime {
    fn check(&self, problems: &mut Problems) {
        let ratio = self.telemetry.sample_ratio;
        let allowed = "must be from 0.0 to 1.0";
        problems.require((0.0..=1.0).contains(&ratio), "runtime.telemetry.sample_ratio", ratio, allowed);
        let grace = self.drain.grace_ms;
        problems.require(grace > 0, "runtime.drain.grace_ms", grace, "must be 1 or more");
    }
}

/// How logs are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    #[default]
    Json,
    /// For people.
    Text,
}

/// Traces and logs.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Telemetry {
    /// What is logged, in the syntax of `RUST_LOG`.
    pub log: String,
    /// How logs are written.
    pub log_format: LogFormat,
    /// An OTLP collector (gRPC); without one, trace context is passed on but no span is exported.
    pub otlp_endpoint: Option<Url>,
    /// The share of traces that are kept where the caller has not decided, 0.0 to 1.0.
    pub sample_ratio: f64,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { log: "info".into(), log_format: LogFormat::Json, otlp_endpoint: None, sample_ratio: 0.1 }
    }
}

/// How a service stops.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Drain {
    /// Time between "not ready" and closing the port, so that load balancers look elsewhere first. Milliseconds.
    pub delay_ms: u64,
    /// Time that requests under way get to finish. Milliseconds.
    pub grace_ms: u64,
}

impl Default for Drain {
    fn default() -> Self {
        Self { delay_ms: 0, grace_ms: 10_000 }
    }
}

/// The service's gRPC port.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GrpcServer {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Calls under way at once, over all connections; the next one is told to come again.
    pub max_in_flight: usize,
    /// The longest that one call may take, unless its caller asks for less. Milliseconds.
    pub timeout_ms: u64,
}

impl Default for GrpcServer {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([0, 0, 0, 0], 50051)), max_in_flight: 4_096, timeout_ms: 10_000 }
    }
}

impl Check for GrpcServer {
    fn check(&self, problems: &mut Problems) {
        problems.require(
            self.max_in_flight > 0,
            "grpc.max_in_flight",
            self.max_in_flight,
            "must be 1 or more",
        );
        problems.require(self.timeout_ms > 0, "grpc.timeout_ms", self.timeout_ms, "must be 1 or more");
    }
}

/// Another service that is called.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// Such as `http://account:50051`.
    pub url: Url,
    /// Spreads calls over all addresses of the name. Off under Envoy, which does so itself.
    #[serde(default = "Upstream::default_balance")]
    pub balance: bool,
    /// The deadline of one call. Milliseconds.
    #[serde(default = "Upstream::default_timeout_ms")]
    pub timeout_ms: u64,
}

impl Upstream {
    /// The defaults for a service at `url`.
    #[must_use]
    pub const fn at(url: Url) -> Self {
        Self { url, balance: Self::default_balance(), timeout_ms: Self::default_timeout_ms() }
    }

    /// The deadline of one call.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    /// Reports what cannot be worked with, under `key`, where this upstream stands in its configuration.
    pub fn check(&self, key: &str, problems: &mut Problems) {
        let plain = self.url.scheme() == "http" && self.url.host().is_some();
        let allowed = "must be http://host:port (the mesh encrypts)";
        problems.require(plain, &format!("{key}.url"), &self.url, allowed);
        let timeout = self.timeout_ms;
        problems.require(timeout > 0, &format!("{key}.timeout_ms"), timeout, "must be 1 or more");
    }

    const fn default_balance() -> bool {
        true
    }

    const fn default_timeout_ms() -> u64 {
        5_000
    }
}
