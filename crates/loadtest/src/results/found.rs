//! What only one scenario tells.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Latency, Overload, Traces};

/// What only this run's scenario tells.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Found {
    /// Of an overload.
    Overload(Overload),
    /// Of listeners.
    Stream(Listening),
    /// Of a long load.
    Long(Endurance),
    /// Of what telemetry costs.
    Traces(Traces),
}

/// Thousands listened.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Listening {
    /// How many.
    pub listeners: usize,
    /// The gateway's memory before they came. Bytes.
    pub before_bytes: u64,
    /// The same when all of them had come and were quiet. Bytes.
    pub quiet_bytes: u64,
    /// Updates that they read meanwhile.
    pub updates: u64,
    /// From when a bet was recorded, a moment before its commit, until a listener had read an update that includes it; over
    /// all bets and all listeners.
    pub lag: Latency,
}

impl Listening {
    /// What they take of the gateway's memory. Bytes.
    #[must_use]
    pub const fn memory(&self) -> u64 {
        self.quiet_bytes.saturating_sub(self.before_bytes)
    }
}

/// Many bets, one market after the other.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Endurance {
    /// As many bets as were wanted, at least.
    pub wanted: u64,
    /// All bets that were accepted, while something was measured or not.
    pub placed: u64,
    /// Market by market; at least one.
    pub legs: Vec<Leg>,
    /// What keeping it up took before the first bet.
    pub before: Upkeep,
    /// The same after the last, at once.
    pub after: Upkeep,
}

/// The bets on one market of many.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Leg {
    /// All bets that were there at its end.
    pub placed: u64,
    /// How long it was measured. Seconds.
    pub seconds: f64,
    /// Bets that were accepted meanwhile.
    pub accepted: u64,
    /// How long requests took.
    pub latency: Latency,
    /// Processor time of all processes but whoever asks, meanwhile. Seconds.
    pub cpu_seconds: f64,
    /// Memory by process at its end. Bytes.
    pub memory_bytes: BTreeMap<String, u64>,
}

impl Leg {
    /// Bets a second.
    #[must_use]
    pub fn accepted_per_second(&self) -> f64 {
        rate(self.accepted, self.seconds)
    }
}

/// What a system takes with the bets that are there, and none that come.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Upkeep {
    /// Processor time a second while nobody asks, of all processes but whoever would.
    pub quiet_cpu: f64,
    /// How long `loljoa audit` takes. Seconds.
    pub audit_seconds: f64,
    /// How long one more replica of betting takes until it is ready. Seconds.
    pub start_seconds: f64,
}

impl Endurance {
    /// Bets a second in the last tenth of all bets over those in the first, in whole legs; nothing where these would be the same.
    #[must_use]
    pub fn last_over_first(&self) -> Option<f64> {
        let first = self.tenth(self.legs.iter());
        let last = self.tenth(self.legs.iter().rev());
        (first.legs + last.legs <= self.legs.len()).then(|| last.rate() / first.rate())
    }

    /// What all processes do while nobody asks, of what they do under load.
    #[must_use]
    pub fn background(&self) -> f64 {
        let loaded: f64 = self.legs.iter().map(|leg| leg.cpu_seconds).sum();
        let seconds: f64 = self.legs.iter().map(|leg| leg.seconds).sum();
        self.after.quiet_cpu / (loaded / seconds)
    }

    /// As many legs as a tenth of all bets takes.
    fn tenth<'a>(&self, legs: impl Iterator<Item = &'a Leg>) -> Tenth {
        let all: u64 = self.legs.iter().map(|leg| leg.accepted).sum();
        let mut tenth = Tenth::default();
        for leg in legs {
            if tenth.accepted * 10 >= all && tenth.legs > 0 {
                break;
            }
            tenth.legs += 1;
            tenth.accepted += leg.accepted;
            tenth.seconds += leg.seconds;
        }
        tenth
    }
}

#[derive(Default)]
struct Tenth {
    legs: usize,
    accepted: u64,
    seconds: f64,
}

impl Tenth {
    fn rate(&self) -> f64 {
        rate(self.accepted, self.seconds)
    }
}

#[expect(clippy::cast_precision_loss, reason = "what is counted here a double counts exactly")]
fn rate(accepted: u64, seconds: f64) -> f64 {
    accepted as f64 / seconds
}

#[cfg(test)]
mod tests {
    use crate::results::fixtures::endurance;

    fn is(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 1e-9
    }

    #[test]
    fn the_last_tenth_is_compared_with_the_first_in_whole_legs() {
        let twenty: Vec<u64> = (0..20).map(|leg| if leg < 2 { 100 } else { 80 }).collect();
        assert!(is(endurance(&twenty).last_over_first().unwrap(), 0.8));
        assert!(is(endurance(&[100, 100, 50]).last_over_first().unwrap(), 0.5));
        assert_eq!(endurance(&[100]).last_over_first(), None, "it would be compared with itself");
    }

    #[test]
    fn what_goes_on_without_bets_is_a_share_of_what_goes_on_with_them() {
        assert!(is(endurance(&[100, 100]).background(), 0.05));
    }
}
