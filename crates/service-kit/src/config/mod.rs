//! Configuration from TOML files and the environment, checked whole before anything starts.
//!
//! A key `database.url` of a file is `LOLJOA__DATABASE__URL` in the environment, which wins, and
//! `LOLJOA__DATABASE__URL_FILE` names a file that holds the value. (Two underscores after the prefix, because Kubernetes
//! makes variables such as `LOLJOA_ACCOUNT_PORT` of its own.)

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use url::Url;

mod database;
mod environment;
mod migration;
mod secrets;
mod shown;
mod sources;
mod tokens;
mod told;
mod waits;

pub use database::Database;
pub use environment::environment;
pub use migration::Migration;
pub use shown::{RedactedUrl, redacted};
pub use tokens::Tokens;
pub use waits::warn_of_waits;

use crate::{
    cells,
    lifecycle::{CLOSE_TIMEOUT, LAST_TIMEOUT},
    telemetry::FLUSH_TIMEOUT,
};

/// What is wrong with the configuration: each line names the key, the value and what is allowed.
#[derive(Debug, thiserror::Error)]
#[error("the configuration is not valid:\n  {}", .0.join("\n  "))]
pub struct Error(pub Vec<String>);

/// Collects what is wrong, so that a person fixes all of it at once.
#[derive(Debug, Default)]
pub struct Problems(Vec<(String, String)>);

impl Problems {
    /// Reports `key` unless `ok`; `value` is what stands there, of which no secret of a URL is shown, and `allowed` what may.
    pub fn require(&mut self, ok: bool, key: &str, value: impl fmt::Display, allowed: &str) {
        if !ok {
            let value = redacted(&value.to_string());
            self.0.push((key.to_owned(), format!("{key} = {value}: {allowed}")));
        }
    }

    /// Nothing, or all that was reported, each with what `origin` says of its key.
    fn into_result(self, origin: impl Fn(&str) -> String) -> Result<(), Error> {
        let told: Vec<_> = self.0.into_iter().map(|(key, problem)| problem + &origin(&key)).collect();
        if told.is_empty() { Ok(()) } else { Err(Error(told)) }
    }
}

/// A configuration that can tell what is wrong with it.
pub trait Check {
    /// Reports every value that cannot be worked with.
    fn check(&self, problems: &mut Problems);
}

/// Reads the configuration from `paths`, which are files or folders of them, and the environment, and checks it. Whatever
/// comes later wins, and the environment over all files.
///
/// # Errors
///
/// [`Error`] with every problem found; each says where the value comes from, and none says what a secret is.
pub fn load<C: DeserializeOwned + Check>(paths: &[PathBuf]) -> Result<C, Error> {
    let sources = sources::read(paths).map_err(Error)?;
    let extracted = sources.extract::<C>();
    let config = extracted
        .map_err(|errors| Error(errors.into_iter().map(|error| told::problem(&sources, &error)).collect()))?;
    let mut problems = Problems::default();
    config.check(&mut problems);
    problems.into_result(|key| told::origin(sources.find_metadata(key), key))?;
    Ok(config)
}

/// Whether [`load`] may give something else later: some of the configuration stands in files.
pub(crate) fn can_change(paths: &[PathBuf]) -> bool {
    sources::can_change(paths)
}

/// Checks a configuration that was made in code.
///
/// # Errors
///
/// [`Error`] with every problem found.
pub fn checked<C: Check>(config: C) -> Result<C, Error> {
    let mut problems = Problems::default();
    config.check(&mut problems);
    problems.into_result(|_| String::new())?;
    Ok(config)
}

/// The parts that every service has.
#[derive(Clone, Debug, Deserialize, Serialize)]
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
        let name = self.telemetry.service_name.as_deref();
        let allowed = "must not be empty: leave it out for the service's own name";
        problems.require(
            name.is_none_or(|name| !name.trim().is_empty()),
            "runtime.telemetry.service_name",
            "",
            allowed,
        );
        let endpoint = self.telemetry.otlp_endpoint.as_ref();
        let plain = endpoint.is_none_or(is_plain);
        let shown = endpoint.map(ToString::to_string).unwrap_or_default();
        let allowed = "must be http://host:port (a collector beside; the mesh encrypts), without a user";
        problems.require(plain, "runtime.telemetry.otlp_endpoint", shown, allowed);
        self.drain.check(problems);
    }
}

/// Whether a gRPC channel can be opened to it, and nothing stands in it that would not be sent.
fn is_plain(url: &RedactedUrl) -> bool {
    url.scheme() == "http" && url.host().is_some() && !url.has_user_info()
}

/// How logs are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    #[default]
    Json,
    /// For people.
    Text,
}

/// Traces and logs.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Telemetry {
    /// What the process is called in traces, where not by the service's name.
    pub service_name: Option<String>,
    /// What is logged, in the syntax of `RUST_LOG`.
    pub log: String,
    /// How logs are written.
    pub log_format: LogFormat,
    /// Which spans there are, in the syntax of `RUST_LOG`, whatever is logged.
    pub trace: String,
    /// An OTLP collector (gRPC, plain text); without one, trace context is passed on but no span is exported.
    pub otlp_endpoint: Option<RedactedUrl>,
    /// The share of traces that are kept where the caller has not decided, 0.0 to 1.0.
    pub sample_ratio: f64,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            service_name: None,
            log: "info".into(),
            log_format: LogFormat::Json,
            trace: "info".into(),
            otlp_endpoint: None,
            sample_ratio: 0.1,
        }
    }
}

/// How a service stops.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Drain {
    /// Time between "not ready" and closing the port, so that load balancers look elsewhere first. Milliseconds.
    pub delay_ms: u64,
    /// Time that requests under way get to finish. Milliseconds.
    pub grace_ms: u64,
    /// Time for all of it; a process that still runs then ends the hard way. Below what whoever stops it waits for, in
    /// Kubernetes `terminationGracePeriodSeconds`. Milliseconds.
    pub budget_ms: u64,
}

impl Drain {
    /// What has to happen beside the delay and the grace period: connections, the admin port, the last spans.
    const REST: Duration = CLOSE_TIMEOUT.saturating_add(LAST_TIMEOUT).saturating_add(FLUSH_TIMEOUT);

    /// Time for all of it.
    #[must_use]
    pub const fn budget(&self) -> Duration {
        Duration::from_millis(self.budget_ms)
    }
}

impl Check for Drain {
    fn check(&self, problems: &mut Problems) {
        let grace = self.grace_ms;
        problems.require(grace > 0, "runtime.drain.grace_ms", grace, "must be 1 or more");
        let parts = [self.delay_ms, grace].into_iter().map(Duration::from_millis);
        let least = parts.fold(Self::REST, Duration::saturating_add);
        let allowed = format!(
            "must be {} or more: the delay, the grace period, and {:?}",
            least.as_millis(),
            Self::REST
        );
        problems.require(self.budget() >= least, "runtime.drain.budget_ms", self.budget_ms, &allowed);
    }
}

impl Default for Drain {
    /// Fit for the 30 s that Kubernetes waits; endpoints follow within the delay.
    fn default() -> Self {
        Self { delay_ms: 5_000, grace_ms: 10_000, budget_ms: 25_000 }
    }
}

/// The service's gRPC port.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct GrpcServer {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Connections at once; more wait in the kernel's queue.
    pub max_connections: usize,
    /// How long a new connection may take until HTTP/2 is spoken. Milliseconds.
    pub opening_timeout_ms: u64,
    /// How long a peer may leave what was sent unread before its connection is dropped. Milliseconds.
    pub write_timeout_ms: u64,
    /// Whether the contracts are described to whoever asks (`grpc.reflection.v1`).
    pub reflection: bool,
    /// Calls under way at once, over all connections; the next one is told to come again.
    pub max_in_flight: usize,
    /// The longest that one call may take, unless its caller asks for less. Milliseconds.
    pub timeout_ms: u64,
}

impl Default for GrpcServer {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([0, 0, 0, 0], 50051)),
            max_connections: 4_096,
            opening_timeout_ms: 10_000,
            write_timeout_ms: 20_000,
            reflection: false,
            max_in_flight: 4_096,
            timeout_ms: 10_000,
        }
    }
}

impl GrpcServer {
    /// How long a new connection may take until HTTP/2 is spoken.
    #[must_use]
    pub const fn opening_timeout(&self) -> Duration {
        Duration::from_millis(self.opening_timeout_ms)
    }

    /// How long a peer may leave what was sent unread.
    #[must_use]
    pub const fn write_timeout(&self) -> Duration {
        Duration::from_millis(self.write_timeout_ms)
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
        problems.require(
            self.max_connections > 0,
            "grpc.max_connections",
            self.max_connections,
            "must be 1 or more",
        );
        for (key, time) in [
            ("grpc.timeout_ms", self.timeout_ms),
            ("grpc.opening_timeout_ms", self.opening_timeout_ms),
            ("grpc.write_timeout_ms", self.write_timeout_ms),
        ] {
            problems.require(time > 0, key, time, "must be 1 or more");
        }
    }
}

/// Another service that is called.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// Such as `http://account:50051`.
    pub url: RedactedUrl,
    /// Spreads calls over all addresses of the name. Off under Envoy, which does so itself.
    #[serde(default = "Upstream::default_balance")]
    pub balance: bool,
    /// Sends batches to the first of these addresses that answers them in time, so that the batches of all callers meet and
    /// become larger there. Off, they are spread as all other calls are.
    #[serde(default = "Upstream::default_together")]
    pub together: bool,
    /// The deadline of one call. Milliseconds.
    #[serde(default = "Upstream::default_timeout_ms")]
    pub timeout_ms: u64,
    /// How long a replica that owes an answer may take to say that it lives, before it counts as hanging. It is asked after
    /// half that time. Milliseconds.
    #[serde(default = "Upstream::default_silence_ms")]
    pub silence_ms: u64,
    /// The service's other cells, in their order: what `url` is to the first (docs/scaling.md). Everybody who calls it has to have
    /// the same.
    #[serde(default)]
    pub further_cells: Vec<RedactedUrl>,
}

impl Upstream {
    /// The defaults for a service at `url`.
    #[must_use]
    pub const fn at(url: Url) -> Self {
        Self {
            url: RedactedUrl::new(url),
            balance: Self::default_balance(),
            together: Self::default_together(),
            timeout_ms: Self::default_timeout_ms(),
            silence_ms: Self::default_silence_ms(),
            further_cells: Vec::new(),
        }
    }

    /// How many cells the service has.
    #[must_use]
    pub fn cells(&self) -> u16 {
        u16::try_from(self.further_cells.len()).unwrap_or(u16::MAX).saturating_add(1)
    }

    /// The other cells, each for itself.
    pub(crate) fn others(&self) -> impl Iterator<Item = Self> {
        self.further_cells.iter().map(|url| Self {
            url: url.clone(),
            further_cells: Vec::new(),
            ..self.clone()
        })
    }

    /// The deadline of one call.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    /// How long a replica may take to say that it lives.
    #[must_use]
    pub const fn silence(&self) -> Duration {
        Duration::from_millis(self.silence_ms)
    }

    /// Reports what cannot be worked with, under `key`, where this upstream stands in its configuration.
    pub fn check(&self, key: &str, problems: &mut Problems) {
        let plain = is_plain(&self.url) && self.url.query().is_none();
        let allowed = "must be http://host:port (the mesh encrypts), without a user or a query";
        problems.require(plain, &format!("{key}.url"), &self.url, allowed);
        let most = usize::from(cells::MOST);
        for url in &self.further_cells {
            let plain = is_plain(url) && url.query().is_none();
            problems.require(plain, &format!("{key}.further_cells"), url, allowed);
        }
        let (count, allowed) = (self.further_cells.len(), format!("must be fewer than {most}"));
        problems.require(count < most, &format!("{key}.further_cells"), count, &allowed);
        let timeout = self.timeout_ms;
        problems.require(timeout > 0, &format!("{key}.timeout_ms"), timeout, "must be 1 or more");
        let silence = self.silence_ms;
        problems.require(silence >= 20, &format!("{key}.silence_ms"), silence, "must be 20 or more");
    }

    const fn default_balance() -> bool {
        true
    }

    const fn default_together() -> bool {
        true
    }

    const fn default_timeout_ms() -> u64 {
        5_000
    }

    const fn default_silence_ms() -> u64 {
        2_000
    }
}
