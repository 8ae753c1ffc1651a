//! How long things took that are no requests.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::recorder::{Recorder, histogram, latency, micros, note};
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

    /// Notes how long the requests of a whole load took. One that is as long as any recorded duration always fits.
    pub fn add(&mut self, load: &Recorder) {
        let all = self.0.add(load.histogram());
        all.expect("a histogram that grows takes another one");
    }

    /// All of them.
    #[must_use]
    pub fn latency(&self) -> Latency {
        latency(&self.0)
    }
}
