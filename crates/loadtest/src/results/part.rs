//! A part of a run, where its figures as a whole do not tell enough.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Latency, count};
use crate::measure::{CLIENT, of_system};

/// What a table of parts does not say by itself.
pub const PARTS: &str = "Latency of bets, and of what else succeeded, counts from when it was due; that of refusals from when they \
    were sent. A request that was due and found no free connection in time was given up.";

/// A part of the time of a run, its answers told apart.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Part {
    /// Which, such as `overload`.
    pub name: String,
    /// How long it was. Seconds.
    pub seconds: f64,
    /// Requests a second that were due; none where each waited for the answer before.
    pub rate: Option<f64>,
    /// Requests that were sent.
    pub sent: u64,
    /// Requests that were due and found no free connection in time.
    pub given_up: u64,
    /// Bets that were accepted. Latency is from when they were due.
    pub accepted: Answers,
    /// What else succeeded. Latency is from when it was due.
    pub fine: Answers,
    /// What was refused. Latency is from when it was sent.
    pub refused: Answers,
    /// Processor time by process, where it was looked at. Seconds.
    #[serde(default)]
    pub cpu_seconds: BTreeMap<String, f64>,
    /// Memory by process at the end, where it was looked at. Bytes.
    #[serde(default)]
    pub memory_bytes: BTreeMap<String, u64>,
}

/// Answers of one kind.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Answers {
    /// How many came meanwhile.
    pub count: u64,
    /// How long those took that were due meanwhile.
    pub latency: Latency,
}

impl Part {
    /// Requests that arrived, a second.
    #[must_use]
    pub fn sent_per_second(&self) -> f64 {
        count(self.sent) / self.seconds
    }

    /// How many cores the system had, and whoever asks; nothing where that was not looked at.
    #[must_use]
    pub fn cores(&self) -> Option<(f64, f64)> {
        let client = self.cpu_seconds.get(CLIENT)?;
        Some((of_system(&self.cpu_seconds) / self.seconds, client / self.seconds))
    }

    /// So many of these answers a second.
    #[must_use]
    pub fn per_second(&self, answers: &Answers) -> f64 {
        count(answers.count) / self.seconds
    }
}
