//! What became of the requests of one load.

use std::{collections::BTreeMap, time::Duration};

use super::{Answer, Meaning, Parts, Spread, Went};
use crate::results::{Latency, Part, Slice};

/// The time that is measured, since the load began.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// What is due before only warms up.
    pub from: Duration,
    /// Nothing is begun any more.
    pub until: Duration,
    /// How long a slice of the series is.
    pub slice: Duration,
}

impl Window {
    /// How long it is.
    #[must_use]
    pub fn length(&self) -> Duration {
        self.until.saturating_sub(self.from)
    }

    fn holds(&self, at: Duration) -> bool {
        (self.from..self.until).contains(&at)
    }
}

/// What became of the requests so far.
#[derive(Debug)]
pub struct Recorder {
    window: Window,
    latency: Spread,
    slices: Vec<Spread>,
    tally: Tally,
    /// Of the whole load, also before and after the window.
    accepted_in_all: u64,
    parts: Parts,
}

/// What ended within the window, counted.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// All of it.
    pub requests: u64,
    /// Bets that stand and did not before.
    pub accepted: u64,
    /// Bets that stood before.
    pub replayed: u64,
    /// What was refused, by status and reason.
    pub refused: BTreeMap<String, u64>,
    /// What should not have happened, wherever in the load.
    pub errors: BTreeMap<String, u64>,
}

/// How a request ended.
pub(super) struct Ended {
    pub(super) due: Duration,
    pub(super) sent: Duration,
    pub(super) at: Duration,
    pub(super) answer: Result<Answer, String>,
}

impl Recorder {
    /// Nothing yet.
    pub(super) fn new(window: Window, parts: Parts) -> Self {
        let (latency, tally) = (Spread::default(), Tally::default());
        Self { window, latency, slices: Vec::new(), tally, accepted_in_all: 0, parts }
    }

    pub(super) fn record(&mut self, ended: Ended) {
        let Ended { due, sent, at, answer } = ended;
        let within = self.window.holds(at);
        self.tally.requests += u64::from(within);
        match answer {
            Err(error) => *self.tally.errors.entry(error).or_default() += 1,
            Ok(answer) => {
                self.parts.record(Went { due, sent, at, meaning: answer.meaning });
                self.count(&answer, within);
            }
        }
        // What was still under way at the end counts as well: it is the slowest.
        if due < self.window.from {
            return;
        }
        let latency = at.saturating_sub(due);
        self.latency.note(latency);
        let slice = (at.saturating_sub(self.window.from)).div_duration_f64(self.window.slice);
        self.slice(slice).note(latency);
    }

    fn count(&mut self, answer: &Answer, within: bool) {
        self.accepted_in_all += u64::from(matches!(answer.meaning, Meaning::Accepted));
        match answer.meaning {
            Meaning::Failed => {
                let what = format!("{} {}", answer.status, answer.reason);
                *self.tally.errors.entry(what.trim_end().to_owned()).or_default() += 1;
            }
            _ if !within => {}
            Meaning::Accepted => self.tally.accepted += 1,
            Meaning::Replayed => self.tally.replayed += 1,
            Meaning::Fine => {}
            Meaning::Refused => {
                let what = format!("{} {}", answer.status, answer.reason);
                *self.tally.refused.entry(what.trim_end().to_owned()).or_default() += 1;
            }
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a slice's number is small and not negative"
    )]
    fn slice(&mut self, number: f64) -> &mut Spread {
        let number = number as usize;
        while self.slices.len() <= number {
            self.slices.push(Spread::default());
        }
        &mut self.slices[number]
    }

    /// Notes that a request was due and was not sent.
    pub(super) fn give_up(&mut self, due: Duration) {
        self.parts.give_up(due);
    }

    /// Notes that requests were still under way when patience ended.
    pub(super) fn note_hanging(&mut self) {
        *self.tally.errors.entry("not answered at all".to_owned()).or_default() += 1;
    }

    /// What was counted.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// How many bets were accepted, also before and after the window.
    #[must_use]
    pub const fn accepted_in_all(&self) -> u64 {
        self.accepted_in_all
    }

    /// The parts that its pace tells apart.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        self.parts.told()
    }

    /// How long requests took that were due in the window.
    #[must_use]
    pub fn latency(&self) -> Latency {
        self.latency.told()
    }

    pub(super) const fn spread(&self) -> &Spread {
        &self.latency
    }

    /// The same by the time when they ended.
    #[must_use]
    pub fn slices(&self) -> Vec<Slice> {
        let numbered = (0_u32..).zip(&self.slices);
        let slice = |(number, spread): (u32, &Spread)| Slice {
            from_ms: millis(self.window.slice * number),
            requests: spread.count(),
            latency: spread.told(),
        };
        numbered.map(slice).collect()
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Window =
        Window { from: Duration::from_secs(1), until: Duration::from_secs(3), slice: Duration::from_secs(1) };

    fn ended(due_ms: u64, took_ms: u64, meaning: Meaning) -> Ended {
        let due = Duration::from_millis(due_ms);
        let answer = Answer { status: 201, meaning, reason: String::new(), retry_after: None };
        Ended { due, sent: due, at: due + Duration::from_millis(took_ms), answer: Ok(answer) }
    }

    #[test]
    fn percentiles_are_those_of_the_series() {
        let mut recorder = Recorder::new(WINDOW, Parts::new(Vec::new()));
        for took in 1..=1_000 {
            recorder.record(ended(1_000, took, Meaning::Accepted));
        }
        let Latency { p50_ms, p90_ms, p99_ms, p999_ms, max_ms } = recorder.latency();
        for (measured, expected) in
            [(p50_ms, 500.0), (p90_ms, 900.0), (p99_ms, 990.0), (p999_ms, 999.0), (max_ms, 1_000.0)]
        {
            assert!((measured - expected).abs() <= expected / 1_000.0, "{measured} is not {expected}");
        }
    }

    #[test]
    fn what_warms_up_is_not_measured_and_what_ends_late_is() {
        let mut recorder = Recorder::new(WINDOW, Parts::new(Vec::new()));
        recorder.record(ended(0, 10, Meaning::Accepted));
        assert_eq!((recorder.tally().accepted, recorder.latency().max_ms), (0, 0.0));
        recorder.record(ended(1_500, 10, Meaning::Accepted));
        recorder.record(ended(2_900, 2_000, Meaning::Accepted));
        assert_eq!((recorder.tally().accepted, recorder.accepted_in_all()), (1, 3));
        assert!(recorder.latency().max_ms >= 2_000.0);
        let slices: Vec<_> = recorder.slices().iter().map(|slice| (slice.from_ms, slice.requests)).collect();
        assert_eq!(slices, [(0, 1), (1_000, 0), (2_000, 0), (3_000, 1)]);
    }

    #[test]
    fn an_error_counts_wherever_it_happens() {
        let mut recorder = Recorder::new(WINDOW, Parts::new(Vec::new()));
        let due = Duration::ZERO;
        recorder.record(Ended { due, sent: due, at: due, answer: Err("connection reset".into()) });
        recorder.record(ended(1_500, 1, Meaning::Failed));
        assert_eq!(recorder.tally().errors.values().sum::<u64>(), 2);
    }
}
