//! What was measured, as it is written down.

mod against;
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
mod run;
mod table;
mod traces;

use std::{fs, path::Path};

use anyhow::Context;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use against::Against;
pub use details::of_details;
pub use found::{Endurance, Found, Leg, Listening, Upkeep};
pub use overload::Overload;
pub use part::{Answers, PARTS, Part};
pub use ratios::{PROCESSES, Row, Wanted};
pub use replicas::{Replicas, Service};
pub use run::{Audit, Cost, Latency, Run, Slice, title};
pub use table::{of_parts, of_ratios, of_runs};
pub use traces::{Traces, TracesLeg};

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

/// A figure of memory, as people read it.
#[expect(clippy::cast_precision_loss, reason = "nobody asks for parts of a mebibyte")]
pub(crate) const fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / (1 << 20) as f64
}

#[expect(clippy::cast_precision_loss, reason = "what is counted here a double counts exactly")]
pub(crate) const fn count(number: u64) -> f64 {
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
    [ratios::rows(results), overload::rows(results), large::rows(results), traces::rows(results)].concat()
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
