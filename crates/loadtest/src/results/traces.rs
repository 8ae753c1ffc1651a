//! What traces cost.

use serde::{Deserialize, Serialize};

use super::{Against, Found, Latency, Results, Row, Run, Wanted, count};
use crate::scenario::Kind;

/// The same load with several shares of traces kept, in turn.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Traces {
    /// In the order in which they were measured.
    pub legs: Vec<TracesLeg>,
}

/// One load with one share of traces.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TracesLeg {
    /// Which share of all traces was kept; none where nobody was told of any.
    pub share: Option<f64>,
    /// How long it was measured. Seconds.
    pub seconds: f64,
    /// Bets that were accepted meanwhile.
    pub accepted: u64,
    /// Bets that were accepted in all, while it was measured or not.
    pub placed: u64,
    /// Spans of gateway and betting that the collector was sent for these, and for what was asked beside.
    pub spans: u64,
    /// Processor time of all processes but whoever asks, who is the collector, too. Seconds.
    pub cpu_seconds: f64,
    /// How long requests took.
    pub latency: Latency,
}

impl TracesLeg {
    /// Bets a second.
    #[must_use]
    pub fn accepted_per_second(&self) -> f64 {
        count(self.accepted) / self.seconds
    }

    /// Spans that arrived for each bet. What waits in a full queue is dropped, so these are fewer than were made.
    #[must_use]
    pub fn spans_per_bet(&self) -> f64 {
        count(self.spans) / count(self.placed.max(1))
    }

    /// Processor time for each bet. Microseconds.
    #[must_use]
    pub fn cpu_per_bet(&self) -> f64 {
        self.cpu_seconds * 1e6 / count(self.accepted.max(1))
    }

    /// Such as `1 % of traces`.
    #[must_use]
    pub fn told(&self) -> String {
        self.share.map_or_else(|| "no traces".to_owned(), |share| format!("{:.0} % of traces", share * 100.0))
    }
}

impl Traces {
    /// The median of the rates with this share over that of the rates without traces.
    fn cost(&self, share: f64) -> Option<f64> {
        Some(self.rate(Some(share))? / self.rate(None)?)
    }

    fn rate(&self, share: Option<f64>) -> Option<f64> {
        let legs = self.legs.iter().filter(|leg| leg.share == share);
        let mut rates: Vec<_> = legs.map(TracesLeg::accepted_per_second).collect();
        rates.sort_by(f64::total_cmp);
        rates.get(rates.len() / 2).copied()
    }
}

/// What they cost in throughput.
pub(super) fn rows(results: &Results) -> Vec<Row> {
    let traces = results.find(Kind::Traces, Against::Ours, None, 1).and_then(told);
    let row = |what, least, stretch, share| Row {
        what,
        unit: "×",
        wanted: Wanted::AtLeast(least),
        stretch: Wanted::AtLeast(stretch),
        measured: traces.and_then(|traces| traces.cost(share)),
    };
    vec![
        row("bets/s with 1 % of traces kept, of those with none", 0.95, 0.99, 0.01),
        row("the same with all of them", 0.85, 0.95, 1.0),
    ]
}

const fn told(run: &Run) -> Option<&Traces> {
    match &run.found {
        Some(Found::Traces(traces)) => Some(traces),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::fixtures, *};

    #[test]
    fn the_median_of_each_share_is_compared_with_that_of_none() {
        let mut results = fixtures::results();
        assert!(rows(&results).iter().all(|row| row.measured.is_none()));
        let legs =
            [(None, 100), (Some(0.01), 98), (Some(1.0), 80), (None, 50), (Some(0.01), 97), (Some(1.0), 90)];
        let last = [(None, 110), (Some(0.01), 40), (Some(1.0), 10)];
        let found = Some(Found::Traces(fixtures::traces(&[&legs[..], &last].concat())));
        results.runs.push(Run { against: Some(Against::Ours), found, ..Run::of(Kind::Traces) });
        let measured: Vec<_> = rows(&results).iter().map(|row| row.measured.unwrap()).collect();
        assert!((measured[0] - 0.97).abs() < 1e-9 && (measured[1] - 0.8).abs() < 1e-9, "{measured:?}");
    }
}
