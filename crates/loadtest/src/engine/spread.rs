//! How long things took.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::Recorder;
use crate::results::Latency;

/// Three digits, from a microsecond to as long as it takes.
const DIGITS: u8 = 3;

/// Durations, from a microsecond to as long as it takes.
#[derive(Debug)]
pub struct Spread(Histogram<u64>);

impl Default for Spread {
    fn default() -> Self {
        Self(Histogram::new(DIGITS).expect("a histogram that grows can have three digits"))
    }
}

impl Spread {
    /// Notes one.
    pub(crate) fn note(&mut self, duration: Duration) {
        self.0.record(micros(duration).max(1)).expect("a histogram that grows takes every value");
    }

    /// Notes how long the requests of a whole load took.
    pub(crate) fn add(&mut self, load: &Recorder) {
        self.0.add(&load.spread().0).expect("a histogram that grows takes every value");
    }

    /// How many were noted.
    pub(super) fn count(&self) -> u64 {
        self.0.len()
    }

    /// All of them.
    pub(crate) fn told(&self) -> Latency {
        let at = |quantile| in_ms(self.0.value_at_quantile(quantile));
        Latency {
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            max_ms: in_ms(self.0.max()),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "nothing takes as many microseconds")]
fn in_ms(micros: u64) -> f64 {
    micros as f64 / 1_000.0
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
