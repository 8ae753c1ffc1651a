//! What pods tell of the bets that they decided: counters and a histogram, read at their admin ports.

use std::{collections::BTreeMap, ops::Sub};

use serde::{Deserialize, Serialize};

/// Each bet that was decided, by `result`.
const BETS: &str = "loljoa_bets_total";
/// How long calls took, by `route`; the most of its buckets is `+Inf`.
const TOOK: &str = "loljoa_grpc_request_duration_seconds_bucket";
/// The call that brings bets, each one or many.
const ROUTE: &str = "PlaceBets";
/// Results of a bet that stands.
const STANDS: [&str; 2] = ["placed", "replayed"];
/// The result of a bet that may not be.
const REFUSED: &str = "refused";

/// What one or several pods tell, since they began or in some time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Bets that were decided.
    pub bets: u64,
    /// Those of them that were refused, as a rule for what their users asked.
    pub refused: u64,
    /// Those that came to nothing otherwise.
    pub failed: u64,
    /// Calls that took no longer than a bound: bounds in seconds, ascending, and how many. The last bound is infinite.
    pub within: Vec<(f64, u64)>,
}

/// What each pod tells, by its name.
pub(super) type ByPod = BTreeMap<String, Told>;

impl Told {
    /// What a pod's metrics say.
    #[must_use]
    pub fn read(metrics: &str) -> Self {
        let mut told = Self::default();
        for (name, labels, value) in metrics.lines().filter_map(series) {
            if name == BETS {
                told.bets += value;
                match label(labels, "result") {
                    Some(result) if STANDS.contains(&result) => {}
                    Some(REFUSED) => told.refused += value,
                    _ => told.failed += value,
                }
            } else if name == TOOK && label(labels, "route").is_some_and(|route| route.ends_with(ROUTE)) {
                let bound = label(labels, "le").and_then(|bound| bound.parse().ok());
                told.within.extend(bound.map(|bound: f64| (bound, value)));
            }
        }
        told
    }

    /// How many calls there were.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.within.last().map_or(0, |(_, count)| *count)
    }

    /// The bound below which 99 of a hundred calls were. A histogram knows no more than that: its bucket's upper bound. Seconds.
    #[must_use]
    pub fn p99(&self) -> f64 {
        let rank = (self.calls() * 99).div_ceil(100);
        self.within.iter().find(|(_, count)| *count >= rank).map_or(0.0, |(bound, _)| *bound)
    }

    /// How many calls took longer than a bound, or than the next that the histogram has.
    #[must_use]
    pub fn slower_than(&self, seconds: f64) -> u64 {
        let within = self.within.iter().find(|(bound, _)| *bound >= seconds);
        within.map_or(0, |(_, count)| self.calls().saturating_sub(*count))
    }

    fn and(mut self, other: &Self) -> Self {
        self.bets += other.bets;
        self.refused += other.refused;
        self.failed += other.failed;
        if self.within.is_empty() {
            self.within.clone_from(&other.within);
        } else {
            for ((_, count), (_, more)) in self.within.iter_mut().zip(&other.within) {
                *count += more;
            }
        }
        self
    }
}

impl Sub for &Told {
    type Output = Told;

    /// What was added to `before`. Of a process that began anew meanwhile, all.
    fn sub(self, before: Self) -> Told {
        if self.bets < before.bets || self.calls() < before.calls() {
            return self.clone();
        }
        let earlier = before.within.iter().map(|(_, count)| *count).chain(std::iter::repeat(0));
        let within = self.within.iter().zip(earlier);
        Told {
            bets: self.bets - before.bets,
            refused: self.refused.saturating_sub(before.refused),
            failed: self.failed.saturating_sub(before.failed),
            within: within.map(|((bound, count), less)| (*bound, count.saturating_sub(less))).collect(),
        }
    }
}

/// What these pods told between two readings, all together. A pod that was not there at the first began meanwhile.
pub(super) fn between(first: &ByPod, second: &ByPod) -> Told {
    let none = Told::default();
    let added = second.iter().map(|(pod, told)| told - first.get(pod).unwrap_or(&none));
    added.fold(Told::default(), |sum, told| sum.and(&told))
}

/// A series of the text format: its name, its labels, its value.
fn series(line: &str) -> Option<(&str, &str, u64)> {
    let (name, rest) = line.split_once('{')?;
    let (labels, value) = rest.rsplit_once("} ")?;
    Some((name, labels, value.trim().parse().ok()?))
}

fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    let of = |label: &'a str| label.strip_prefix(name)?.strip_prefix("=\"")?.strip_suffix('"');
    labels.split(',').find_map(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    const METRICS: &str = "# TYPE loljoa_bets_total counter\n\
        loljoa_bets_total{loljoa_service=\"betting\",result=\"placed\"} 95\n\
        loljoa_bets_total{loljoa_service=\"betting\",result=\"replayed\"} 2\n\
        loljoa_bets_total{loljoa_service=\"betting\",result=\"unavailable\"} 2\n\
        loljoa_bets_total{loljoa_service=\"betting\",result=\"refused\"} 1\n\
        loljoa_bets_total_more{result=\"placed\"} 7\n\
        loljoa_grpc_request_duration_seconds_bucket{loljoa_service=\"betting\",route=\"BettingService/GetMarket\",le=\"+Inf\"} 900\n\
        loljoa_grpc_request_duration_seconds_bucket{loljoa_service=\"betting\",route=\"BettingService/PlaceBets\",le=\"0.1\"} 40\n\
        loljoa_grpc_request_duration_seconds_bucket{loljoa_service=\"betting\",route=\"BettingService/PlaceBets\",le=\"0.25\"} 49\n\
        loljoa_grpc_request_duration_seconds_bucket{loljoa_service=\"betting\",route=\"BettingService/PlaceBets\",le=\"+Inf\"} 50\n\
        loljoa_grpc_request_duration_seconds_sum{loljoa_service=\"betting\",route=\"BettingService/PlaceBets\"} 3.5\n";

    #[test]
    fn bets_and_calls_are_read_from_a_pods_metrics() {
        let told = Told::read(METRICS);
        assert_eq!((told.bets, told.refused, told.failed, told.calls()), (100, 1, 2, 50));
        assert_eq!(told.within, [(0.1, 40), (0.25, 49), (f64::INFINITY, 50)]);
        assert_eq!(Told::read("nothing"), Told::default());
    }

    #[test]
    fn a_histogram_tells_bounds() {
        let told = Told::read(METRICS);
        assert_eq!(vec![told.p99(), Told::default().p99()], [f64::INFINITY, 0.0]);
        assert_eq!([0.1, 0.2, 0.25, 9.0].map(|bound| told.slower_than(bound)), [10, 1, 1, 0]);
        let hundred = Told { within: vec![(0.1, 99), (0.25, 100), (f64::INFINITY, 100)], ..told };
        assert_eq!(vec![hundred.p99()], [0.1], "one of a hundred may be slower");
    }

    #[test]
    fn between_two_readings_counts_what_was_added_and_all_of_what_began() {
        let of = |bets, calls| Told {
            bets,
            refused: 0,
            failed: bets / 2,
            within: vec![(0.1, calls), (f64::INFINITY, calls)],
        };
        let pods = |told: &[(&str, Told)]| {
            told.iter().map(|(pod, told)| ((*pod).to_owned(), told.clone())).collect::<ByPod>()
        };
        let first = pods(&[("stays", of(100, 50)), ("restarted", of(80, 40)), ("gone", of(9, 9))]);
        let second = pods(&[("stays", of(130, 60)), ("restarted", of(5, 3)), ("new", of(2, 1))]);
        let told = between(&first, &second);
        assert_eq!((told.bets, told.failed, told.calls()), (30 + 5 + 2, 15 + 2 + 1, 10 + 3 + 1));
        assert_eq!(between(&first, &first).calls(), 0);
    }
}
