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

    /// Notes how long the requests of a whole load took.
    pub fn add(&mut self, load: &Recorder) {
        add(&mut self.0, load.histogram());
    }

    /// All of them.
    #[must_use]
    pub fn latency(&self) -> Latency {
        latency(&self.0)
    }
}

fn add(histogram: &mut Histogram<u64>, another: &Histogram<u64>) {
    histogram.add(another).expect("a histogram that grows takes every value");
}
