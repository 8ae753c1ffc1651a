//! How long things took that are no requests.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::recorder::{histogram, latency, micros, note};
use crate::results::Latency;

/// Durations, from a microsecond to as long as it takes.
#[derive(Debug)]
pub struct Spread(Histogram<u64>);

impl Default for Spread {
    fn default() -> Self {
        Self(histogram())
    }
}

impl Spread {
    /// Notes one.
    pub fn note(&mut self, duration: Duration) {
        note(&mut self.0, micros(duration).max(1));
    }

    /// All of them.
    #[must_use]
    pub fn latency(&self) -> Latency {
        latency(&self.0)
    }
}
