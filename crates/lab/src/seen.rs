//! What clients saw, summed up.

use std::collections::BTreeMap;

use loljoa_loadtest::report::Line;
use serde::{Deserialize, Serialize};

use crate::clients::Asked;

/// All requests of an experiment, or of a part of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// How many there were.
    pub requests: usize,
    /// How many of them came to nothing in the end.
    pub lost: usize,
    /// How many needed more than one attempt.
    pub repeated: usize,
    /// The attempts that came to nothing, by what was answered.
    pub failures: BTreeMap<String, usize>,
    /// Half of them took no longer. Milliseconds.
    pub p50_ms: f64,
    /// 99 of a hundred took no longer. Milliseconds.
    pub p99_ms: f64,
    /// None took longer. Milliseconds.
    pub max_ms: f64,
}

impl Seen {
    /// What was seen of `asked`.
    #[must_use]
    pub fn of<'a>(asked: impl IntoIterator<Item = &'a Asked>) -> Self {
        let mut seen = Self::default();
        let mut took = Vec::new();
        for Asked { took: seconds, failures, is_good, .. } in asked {
            seen.requests += 1;
            seen.lost += usize::from(!is_good);
            seen.repeated += usize::from(*is_good && !failures.is_empty());
            for failure in failures {
                *seen.failures.entry(failure.clone()).or_default() += 1;
            }
            took.push(seconds * 1_000.0);
        }
        took.sort_by(f64::total_cmp);
        (seen.p50_ms, seen.p99_ms) = (quantile(&took, 50), quantile(&took, 99));
        seen.max_ms = took.last().copied().unwrap_or_default();
        seen
    }

    /// The failures in words.
    #[must_use]
    pub fn told(&self) -> String {
        if self.failures.is_empty() {
            return "none".to_owned();
        }
        let told = self.failures.iter().map(|(what, times)| format!("{times} × {what}"));
        told.collect::<Vec<_>>().join(", ")
    }

    /// A row of a table: its name, then its figures.
    #[must_use]
    pub fn row(&self, name: &str) -> Vec<String> {
        let Self { requests, lost, repeated, p50_ms, p99_ms, max_ms, .. } = self;
        let ms = |value: f64| format!("{value:.1}");
        vec![
            name.to_owned(),
            requests.to_string(),
            repeated.to_string(),
            lost.to_string(),
            ms(*p50_ms),
            ms(*p99_ms),
            ms(*max_ms),
            self.told(),
        ]
    }
}

/// What stands above such rows.
#[must_use]
pub fn header() -> Vec<String> {
    let header = ["", "requests", "sent again", "lost", "p50 ms", "p99 ms", "max ms", "failed attempts"];
    header.map(str::to_owned).to_vec()
}

/// The least that so many of a hundred do not exceed, of sorted values.
fn quantile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// The percentile of the requests that were due in each piece of the time. Seconds and milliseconds.
#[must_use]
pub fn over_time<'a>(
    name: &str,
    asked: impl IntoIterator<Item = &'a Asked>,
    piece: f64,
    percent: usize,
) -> Line {
    let mut pieces: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for Asked { due, took, .. } in asked {
        pieces.entry(piece_of(*due, piece)).or_default().push(took * 1_000.0);
    }
    let point = |(number, mut took): (u32, Vec<f64>)| {
        took.sort_by(f64::total_cmp);
        (f64::from(number) * piece, quantile(&took, percent))
    };
    Line { name: name.to_owned(), points: pieces.into_iter().map(point).collect() }
}

/// How many attempts came to nothing, of the requests that were due in each piece of the time, a second.
#[must_use]
pub fn failures_over_time(name: &str, asked: &[Asked], piece: f64) -> Line {
    let last = asked.last().map_or(0, |asked| piece_of(asked.due, piece));
    let mut pieces: BTreeMap<u32, u32> = (0..=last).map(|number| (number, 0)).collect();
    for asked in asked {
        let failed = u32::try_from(asked.failures.len()).unwrap_or(u32::MAX);
        *pieces.entry(piece_of(asked.due, piece)).or_default() += failed;
    }
    let point = |(number, failed): (u32, u32)| (f64::from(number) * piece, f64::from(failed) / piece);
    Line { name: name.to_owned(), points: pieces.into_iter().map(point).collect() }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an experiment is short")]
pub(crate) fn piece_of(due: f64, piece: f64) -> u32 {
    (due / piece) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::Ask;

    fn asked(due: f64, ms: f64, failures: &[&str], is_good: bool) -> Asked {
        let failures = failures.iter().map(|failure| (*failure).to_owned()).collect();
        Asked { ask: Ask::Bet, due, took: ms / 1_000.0, failures, is_good }
    }

    #[test]
    fn what_was_sent_again_is_told_from_what_was_lost() {
        let all = [
            asked(0.0, 10.0, &[], true),
            asked(0.2, 20.0, &["503 draining"], true),
            asked(1.1, 900.0, &["503 draining", "no connection"], false),
        ];
        let seen = Seen::of(&all);
        assert_eq!((seen.requests, seen.repeated, seen.lost), (3, 1, 1));
        assert_eq!(seen.told(), "2 × 503 draining, 1 × no connection");
        assert_eq!((seen.p50_ms.round(), seen.p99_ms.round()), (20.0, 900.0));
        assert_eq!(over_time("p99", &all, 1.0, 99).points, [(0.0, 20.0), (1.0, 900.0)]);
        assert_eq!(failures_over_time("failed", &all, 0.5).points, [(0.0, 2.0), (0.5, 0.0), (1.0, 4.0)]);
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        let of = |percent| quantile(&hundred, percent);
        assert_eq!((of(50), of(99), of(100), quantile(&[], 99)), (50.0, 99.0, 100.0, 0.0));
    }
}
