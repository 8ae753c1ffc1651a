//! The event stream.

use std::time::Duration;

use loljoa_service_kit::config::{Check, Problems};
use serde::{Deserialize, Serialize};

/// The event stream.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Streams {
    /// Streams at once.
    pub max: usize,
    /// How many of these are kept for whoever is logged in.
    pub kept_for_users: usize,
    /// Streams of one address at once.
    pub max_per_address: usize,
    /// How often a quiet stream says that it is alive. Milliseconds.
    pub keep_alive_ms: u64,
    /// After how long, give or take a fifth, an anonymous stream ends, so that its client connects anew, perhaps to a newer
    /// replica. Others end with their token. Milliseconds.
    pub max_age_ms: u64,
    /// How long a reader may leave an event before its stream is given up. Milliseconds.
    pub slow_reader_ms: u64,
}

impl Streams {
    /// How long a reader may leave an event.
    #[must_use]
    pub const fn patience(&self) -> Duration {
        Duration::from_millis(self.slow_reader_ms)
    }
}

impl Default for Streams {
    fn default() -> Self {
        Self {
            max: 5_000,
            kept_for_users: 1_000,
            max_per_address: 100,
            keep_alive_ms: 15_000,
            max_age_ms: 600_000,
            slow_reader_ms: 10_000,
        }
    }
}

impl Check for Streams {
    fn check(&self, problems: &mut Problems) {
        for (key, number) in [("streams.max", self.max), ("streams.max_per_address", self.max_per_address)] {
            problems.require(number > 0, key, number, "must be 1 or more");
        }
        let kept = self.kept_for_users;
        problems.require(kept <= self.max, "streams.kept_for_users", kept, "must be at most streams.max");
        for (key, time) in [
            ("streams.keep_alive_ms", self.keep_alive_ms),
            ("streams.max_age_ms", self.max_age_ms),
            ("streams.slow_reader_ms", self.slow_reader_ms),
        ] {
            problems.require(time > 0, key, time, "must be 1 or more");
        }
    }
}
