//! What was measured, as it is written down.

mod details;
#[cfg(test)]
pub(crate) mod fixtures;
mod found;
mod join;
mod large;
mod overload;
mod part;
mod ratios;
mod replicas;
mod table;

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::Context;
use chrono::{DateTime, Utc};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::{
    baseline::Design,
    measure::{POSTGRES, of_system},
    scenario::Kind,
};

pub use details::of_details;
pub use found::{Endurance, Found, Leg, Listening, Upkeep};
pub use overload::Overload;
pub use part::{Answers, PARTS, Part};
pub use ratios::{PROCESSES, Row, Wanted};
pub use replicas::{Replicas, Service};
pub use table::{of_parts, of_ratios, of_runs};

/// All of one measurement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Results {
    /// Where.
    pub machine: Machine,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// Of what.
    pub revision: String,
    /// Whether the programs are built as for production.
    pub is_optimised: bool,
    /// Each run, in the order in which they were made.
    pub runs: Vec<Run>,
}

/// Where it was measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name.
    pub processor: String,
    /// How many cores there are.
    pub cores: usize,
    /// How much memory. Bytes.
    pub memory_bytes: u64,
    /// The kernel's release.
    pub kernel: String,
    /// PostgreSQL's version.
    pub postgres: String,
}

/// Which system was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Against {
    /// This one
    Ours,
    /// The transaction of 2022
    Pessimistic,
    /// One statement for each bet
    SingleStatement,
}

impl Against {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ours, Self::Pessimistic, Self::SingleStatement];

    /// Its name, such as `single-statement`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.design() {
            None => "ours",
            Some(design) => design.name(),
        }
    }

    /// Which old design it is, if it is one.
    #[must_use]
    pub const fn design(self) -> Option<Design> {
        match self {
            Self::Ours => None,
            Self::Pessimistic => Some(Design::Pessimistic),
            Self::SingleStatement => Some(Design::SingleStatement),
        }
    }
}

impl From<Design> for Against {
    fn from(design: Design) -> Self {
        match design {
            Design::Pessimistic => Self::Pessimistic,
            Design::SingleStatement => Self::SingleStatement,
        }
    }
}

/// One load on one system.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    /// What was asked.
    pub scenario: Kind,
    /// Of whom; none where it was a system that the lab did not start.
    pub against: Option<Against>,
    /// By how many connections; none where nobody asks request by request.
    pub connections: usize,
    /// With how many replicas of what.
    #[serde(flatten)]
    pub replicas: Replicas,
    /// Requests a second that were due; none where each waited for the answer before.
    pub rate: Option<f64>,
    /// How long it was measured. Seconds.
    pub seconds: f64,
    /// Requests that ended meanwhile.
    pub requests: u64,
    /// Bets that were accepted meanwhile; of `settle`, those that were settled and paid.
    pub accepted: u64,
    /// Bets that had been accepted before and were sent again.
    pub replayed: u64,
    /// Refusals by status and reason.
    pub refused: BTreeMap<String, u64>,
    /// What should not have happened.
    pub errors: BTreeMap<String, u64>,
    /// How long requests took.
    pub latency: Latency,
    /// The same over time.
    pub slices: Vec<Slice>,
    /// What the processes used meanwhile; none where the lab did not start them.
    pub cost: Option<Cost>,
    /// Whether every point was accounted for afterwards; none where the lab cannot look.
    pub audit: Option<Audit>,
    /// The parts that are told by themselves, if there are any.
    #[serde(default)]
    pub parts: Vec<Part>,
    /// What only this scenario tells.
    #[serde(default)]
    pub found: Option<Found>,
}

/// How long requests took. Milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Half of them.
    pub p50_ms: f64,
    /// Nine of ten.
    pub p90_ms: f64,
    /// 99 of a hundred.
    pub p99_ms: f64,
    /// 999 of a thousand.
    pub p999_ms: f64,
    /// All of them.
    pub max_ms: f64,
}

/// The requests that ended in one piece of the time.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Slice {
    /// Since the measurement began. Milliseconds.
    pub from_ms: u64,
    /// How many.
    pub requests: u64,
    /// How long they took.
    pub latency: Latency,
}

/// What the processes used.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Cost {
    /// Processor time by process. Seconds.
    pub cpu_seconds: BTreeMap<String, f64>,
    /// Memory by process at the end. Bytes.
    pub memory_bytes: BTreeMap<String, u64>,
    /// What PostgreSQL wrote to its log. Bytes.
    pub wal_bytes: u64,
}

/// Whether every point was accounted for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Audit {
    /// What was looked at.
    pub looked_at: String,
    /// What differs.
    pub differences: Vec<String>,
}

impl Run {
    /// A run of which nothing is known yet.
    #[must_use]
    pub const fn of(scenario: Kind) -> Self {
        Self {
            scenario,
            against: None,
            connections: 0,
            replicas: Replicas::ONE,
            rate: None,
            seconds: 0.0,
            requests: 0,
            accepted: 0,
            replayed: 0,
            refused: BTreeMap::new(),
            errors: BTreeMap::new(),
            latency: Latency { p50_ms: 0.0, p90_ms: 0.0, p99_ms: 0.0, p999_ms: 0.0, max_ms: 0.0 },
            slices: Vec::new(),
            cost: None,
            audit: None,
            parts: Vec::new(),
            found: None,
        }
    }

    /// Requests a second.
    #[must_use]
    pub fn requests_per_second(&self) -> f64 {
        count(self.requests) / self.seconds
    }

    /// Accepted bets a second.
    #[must_use]
    pub fn accepted_per_second(&self) -> f64 {
        count(self.accepted) / self.seconds
    }

    /// Processor time that each accepted bet took of a process. Microseconds.
    #[must_use]
    pub fn cpu_per_bet(&self, process: &str) -> Option<f64> {
        let seconds = self.cost.as_ref()?.cpu_seconds.get(process)?;
        (self.accepted > 0).then(|| seconds * 1e6 / count(self.accepted))
    }

    /// The same of all processes of the system, without whoever asks.
    #[must_use]
    pub fn cpu_per_bet_in_all(&self) -> Option<f64> {
        let seconds = of_system(&self.cost.as_ref()?.cpu_seconds);
        (self.accepted > 0).then(|| seconds * 1e6 / count(self.accepted))
    }

    /// PostgreSQL's part of it.
    #[must_use]
    pub fn postgres_per_bet(&self) -> Option<f64> {
        self.cpu_per_bet(POSTGRES)
    }

    /// What each accepted bet wrote to PostgreSQL's log. Bytes.
    #[must_use]
    pub fn wal_per_bet(&self) -> Option<f64> {
        let wal = self.cost.as_ref()?.wal_bytes;
        (self.accepted > 0).then(|| count(wal) / count(self.accepted))
    }

    /// Why it does not count, if it does not.
    #[must_use]
    pub fn failures(&self) -> Vec<String> {
        let errors = self.errors.iter().map(|(error, times)| format!("{times} times: {error}"));
        let differences = self.audit.iter().flat_map(|audit| audit.differences.iter().cloned());
        differences.chain(errors).collect()
    }

    /// Such as `hot-market, ours, 256 connections, 4 replicas`.
    #[must_use]
    pub fn title(&self) -> String {
        let title = title(self.scenario, self.against, self.connections, self.replicas, self.rate);
        if self.connections == 0 { format!("{title}, {} bets", self.accepted) } else { title }
    }
}

/// What a run is called.
#[must_use]
pub fn title(
    scenario: Kind,
    against: Option<Against>,
    connections: usize,
    replicas: Replicas,
    rate: Option<f64>,
) -> String {
    let against = against.map_or("target", Against::name);
    let replicas = replicas.told();
    let rate = rate.map(|rate| format!(", {rate:.0}/s")).unwrap_or_default();
    let connections = if connections == 0 { String::new() } else { format!(", {connections} connections") };
    format!("{}, {against}{connections}{replicas}{rate}", scenario.name())
}

/// A figure of memory, as people read it.
#[expect(clippy::cast_precision_loss, reason = "nobody asks for parts of a mebibyte")]
pub(crate) const fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / (1 << 20) as f64
}

#[expect(clippy::cast_precision_loss, reason = "what is counted here a double counts exactly")]
const fn count(number: u64) -> f64 {
    number as f64
}

impl Results {
    /// Whether every run counts.
    #[must_use]
    pub fn are_sound(&self) -> bool {
        self.runs.iter().all(|run| run.failures().is_empty())
    }

    /// Reads what [`Self::write`] wrote.
    ///
    /// # Errors
    ///
    /// When the file is none of results.
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
        serde_json::from_str(&text).with_context(|| format!("{} has no results", file.display()))
    }

    /// Writes them as JSON.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn write(&self, file: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        write(file, &(text + "\n"))
    }
}

/// All figures that these results tell.
#[must_use]
pub fn rows(results: &Results) -> Vec<Row> {
    let (ratios, overload, large) = (ratios::rows(results), overload::rows(results), large::rows(results));
    [ratios, overload, large].concat()
}

/// Writes a file, and the folder that it is in.
///
/// # Errors
///
/// When it cannot be written.
pub fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    fs::write(file, text).with_context(|| file.display().to_string())
}
