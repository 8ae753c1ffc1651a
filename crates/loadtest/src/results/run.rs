//! One load on one system, and what came of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Against, Found, Part, Replicas, count};
use crate::{
    measure::{POSTGRES, of_system},
    scenario::Kind,
};

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
    /// By how much the databases of each service grew. Bytes.
    #[serde(default)]
    pub stored_bytes: BTreeMap<String, u64>,
    /// Processor time of PostgreSQL's backends by the service whose database they work in. Seconds.
    #[serde(default)]
    pub backend_seconds: BTreeMap<String, f64>,
    /// Connections of the services to PostgreSQL at the end.
    #[serde(default)]
    pub connections: u64,
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
        let bets = match &self.found {
            Some(Found::Long(endurance)) => endurance.wanted,
            _ if self.connections == 0 => self.accepted,
            _ => return title,
        };
        format!("{title}, {bets} bets")
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
