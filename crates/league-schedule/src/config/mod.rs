//! What the service is told.

use std::{net::SocketAddr, path::PathBuf};

use chrono::NaiveDate;
use loljoa_service_kit::{
    cli::ServiceConfig,
    config::{Check, Database, GrpcServer, Problems, RedactedUrl, Runtime, Tokens, Upstream},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// The whole configuration.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The parts that every service has.
    #[serde(default)]
    pub runtime: Runtime,
    /// The gRPC port.
    #[serde(default)]
    pub grpc: GrpcServer,
    /// The service's own database.
    pub database: Database,
    /// The account service, for the keys of its tokens.
    pub account: Upstream,
    /// Which access tokens of admins are taken.
    #[serde(default)]
    pub tokens: Tokens,
    /// Where matches come from.
    #[serde(default)]
    pub source: Source,
}

impl Config {
    /// The defaults, on a database, beside an account service, with a source.
    #[must_use]
    pub fn new(database: Database, account: Upstream, source: Source) -> Self {
        Self {
            runtime: Runtime::default(),
            grpc: GrpcServer::default(),
            database,
            account,
            tokens: Tokens::default(),
            source,
        }
    }
}

impl Check for Config {
    fn check(&self, problems: &mut Problems) {
        self.runtime.check(problems);
        self.grpc.check(problems);
        self.database.check(problems);
        self.account.check("account", problems);
        self.tokens.check(problems);
        match &self.source {
            Source::Import | Source::File(_) => {}
            Source::Live(live) => live.check(problems),
            Source::Replay(replay) => replay.check(problems),
        }
    }
}

impl ServiceConfig for Config {
    fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    fn listen(&self) -> SocketAddr {
        self.grpc.listen
    }
}

/// Where matches come from.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Source {
    /// Only from what administrators bring in.
    #[default]
    Import,
    /// From a season file, brought in at every start.
    File(File),
    /// From the LoL Esports feed.
    Live(Live),
    /// From a bundled season that runs now.
    Replay(Replay),
}

/// A season file.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct File {
    /// JSON, or CSV when the name ends so; without a path, the bundled LCK 2022 Spring.
    pub path: Option<PathBuf>,
}

/// The LoL Esports feed.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    /// What stands before `/persisted/gw/…`.
    pub base_url: RedactedUrl,
    /// Whether the key may go over plain HTTP to another machine.
    #[serde(default)]
    pub plain_http: bool,
    /// Sent as `x-api-key`.
    #[serde(skip_serializing)]
    pub api_key: SecretString,
    /// The league to follow.
    #[serde(default = "Live::default_league_id")]
    pub league_id: String,
    /// Pause between two polls, give or take a tenth. Milliseconds.
    #[serde(default = "Live::default_interval_ms")]
    pub interval_ms: u64,
    /// Pause between two pages of one poll. Milliseconds.
    #[serde(default = "Live::default_page_pause_ms")]
    pub page_pause_ms: u64,
    /// The longest that one request may take. Milliseconds.
    #[serde(default = "Live::default_timeout_ms")]
    pub timeout_ms: u64,
    /// The longest answer that is read. Bytes.
    #[serde(default = "Live::default_max_bytes")]
    pub max_bytes: usize,
    /// The most pages before today's that a new install reads; 0 for none.
    #[serde(default = "Live::default_older_pages")]
    pub older_pages: u32,
    /// The most pages that one poll reads; the next poll goes on from there.
    #[serde(default = "Live::default_max_pages")]
    pub max_pages: u32,
    /// Names for parts of the calendar; a match outside of all belongs to its league's year, such as `LCK 2026`.
    #[serde(default)]
    pub tournaments: Vec<Window>,
}

/// The days of a tournament in the live feed, which does not name any.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The tournament's name.
    pub name: String,
    /// Its first Korean day.
    pub from: NaiveDate,
    /// Its last Korean day.
    pub to: NaiveDate,
}

impl Live {
    /// The defaults for the feed at `base_url`.
    #[must_use]
    pub fn at(base_url: Url, api_key: impl Into<String>) -> Self {
        Self {
            base_url: RedactedUrl::new(base_url),
            plain_http: false,
            api_key: SecretString::from(api_key.into()),
            league_id: Self::default_league_id(),
            interval_ms: Self::default_interval_ms(),
            page_pause_ms: Self::default_page_pause_ms(),
            timeout_ms: Self::default_timeout_ms(),
            max_bytes: Self::default_max_bytes(),
            older_pages: Self::default_older_pages(),
            max_pages: Self::default_max_pages(),
            tournaments: Vec::new(),
        }
    }

    /// Whether nobody on the way can read the key.
    fn keeps_its_key(&self) -> bool {
        let is_loopback = match self.base_url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        match self.base_url.scheme() {
            "https" => true,
            "http" => is_loopback || self.plain_http,
            _ => false,
        }
    }

    /// LCK.
    fn default_league_id() -> String {
        "98767991310872058".into()
    }

    const fn default_interval_ms() -> u64 {
        60_000
    }

    const fn default_page_pause_ms() -> u64 {
        1_000
    }

    const fn default_timeout_ms() -> u64 {
        10_000
    }

    const fn default_max_bytes() -> usize {
        16 * 1024 * 1024
    }

    /// Some hundreds of matches: more than a year of LCK.
    const fn default_older_pages() -> u32 {
        10
    }

    const fn default_max_pages() -> u32 {
        20
    }
}

impl Check for Live {
    fn check(&self, problems: &mut Problems) {
        let allowed = "must be https; http only on this machine, or with source.plain_http = true";
        problems.require(self.keeps_its_key(), "source.base_url", &self.base_url, allowed);
        let key = self.api_key.expose_secret();
        let printable = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
        problems.require(printable, "source.api_key", "(not shown)", "must be printable ASCII");
        problems.require(self.interval_ms > 0, "source.interval_ms", self.interval_ms, "must be 1 or more");
        problems.require(self.timeout_ms > 0, "source.timeout_ms", self.timeout_ms, "must be 1 or more");
        problems.require(self.max_bytes > 0, "source.max_bytes", self.max_bytes, "must be 1 or more");
        problems.require(self.max_pages > 0, "source.max_pages", self.max_pages, "must be 1 or more");
        for window in &self.tournaments {
            let allowed = "must not end before it begins";
            problems.require(window.from <= window.to, "source.tournaments", &window.name, allowed);
        }
    }
}

/// A season that runs now.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Replay {
    /// From one start to the next. Milliseconds.
    pub interval_ms: u64,
    /// From a match's start to its end. Milliseconds.
    pub duration_ms: u64,
    /// How many matches are over from the beginning; without it, half of the season.
    pub first: Option<usize>,
    /// Begins with this week instead.
    pub start_week: Option<u8>,
}

impl Default for Replay {
    fn default() -> Self {
        Self { interval_ms: 60_000, duration_ms: 60_000, first: None, start_week: None }
    }
}

impl Check for Replay {
    fn check(&self, problems: &mut Problems) {
        let times = 1..=7 * 24 * 3_600_000;
        let allowed = "must be from 1 to 604800000 (a week)";
        for (key, value) in
            [("source.interval_ms", self.interval_ms), ("source.duration_ms", self.duration_ms)]
        {
            problems.require(times.contains(&value), key, value, allowed);
        }
        let week = self.start_week.unwrap_or(1);
        problems.require((1..=9).contains(&week), "source.start_week", week, "must be from 1 to 9");
        let both = self.start_week.is_some() && self.first.is_some();
        problems.require(!both, "source.start_week", week, "must be left out when source.first is given");
    }
}

#[cfg(test)]
mod tests;
