//! The parts of a load, each counted by itself.

use std::{collections::BTreeMap, time::Duration};

use super::{Meaning, Spread};
use crate::results::{self, Answers};

/// A part of the time of a load, since it began.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) name: &'static str,
    pub(super) from: Duration,
    pub(super) until: Duration,
    /// Requests a second that are due.
    pub(super) rate: Option<f64>,
}

impl Span {
    fn holds(&self, at: Duration) -> bool {
        (self.from..self.until).contains(&at)
    }
}

/// How a request went that was answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Went {
    pub(super) due: Duration,
    pub(super) sent: Duration,
    pub(super) at: Duration,
    pub(super) meaning: Meaning,
}

/// All parts of a load.
#[derive(Debug)]
pub(super) struct Parts(Vec<Part>);

#[derive(Debug)]
struct Part {
    span: Span,
    sent: u64,
    given_up: u64,
    accepted: Kind,
    fine: Kind,
    refused: Kind,
}

#[derive(Debug, Default)]
struct Kind {
    count: u64,
    latency: Spread,
}

impl Kind {
    fn told(&self) -> Answers {
        Answers { count: self.count, latency: self.latency.told() }
    }
}

impl Parts {
    pub(super) fn new(spans: Vec<Span>) -> Self {
        let part = |span| Part {
            span,
            sent: 0,
            given_up: 0,
            accepted: Kind::default(),
            fine: Kind::default(),
            refused: Kind::default(),
        };
        Self(spans.into_iter().map(part).collect())
    }

    pub(super) fn record(&mut self, went: Went) {
        for part in &mut self.0 {
            part.record(went);
        }
    }

    /// Counts a request that was due and was not sent.
    pub(super) fn give_up(&mut self, due: Duration) {
        for part in self.0.iter_mut().filter(|part| part.span.holds(due)) {
            part.given_up += 1;
        }
    }

    pub(super) fn told(&self) -> Vec<results::Part> {
        self.0.iter().map(Part::told).collect()
    }
}

impl Part {
    fn record(&mut self, went: Went) {
        let Went { due, sent, at, meaning } = went;
        self.sent += u64::from(self.span.holds(sent));
        let (kind, since) = match meaning {
            Meaning::Accepted => (&mut self.accepted, due),
            Meaning::Fine => (&mut self.fine, due),
            // What waits for a free connection waits for us.
            Meaning::Refused => (&mut self.refused, sent),
            Meaning::Replayed | Meaning::Failed => return,
        };
        kind.count += u64::from(self.span.holds(at));
        if self.span.holds(due) {
            kind.latency.note(at.saturating_sub(since));
        }
    }

    fn told(&self) -> results::Part {
        let Self { span, sent, given_up, accepted, fine, refused } = self;
        results::Part {
            name: span.name.to_owned(),
            seconds: span.until.saturating_sub(span.from).as_secs_f64(),
            rate: span.rate,
            sent: *sent,
            given_up: *given_up,
            accepted: accepted.told(),
            fine: fine.told(),
            refused: refused.told(),
            cpu_seconds: BTreeMap::new(),
            memory_bytes: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn parts() -> Parts {
        let span = |name, from, until| Span { name, from: ms(from), until: ms(until), rate: None };
        Parts::new(vec![span("calm", 0, 1_000), span("storm", 1_000, 2_000)])
    }

    #[test]
    fn what_is_accepted_counts_from_when_it_was_due_and_what_is_refused_from_when_it_was_sent() {
        let mut parts = parts();
        let went = |meaning| Went { due: ms(100), sent: ms(300), at: ms(310), meaning };
        for meaning in [Meaning::Accepted, Meaning::Refused, Meaning::Fine, Meaning::Failed] {
            parts.record(went(meaning));
        }
        let [calm, storm] = parts.told().try_into().unwrap();
        let is = |answers: Answers, ms: f64| answers.count == 1 && (answers.latency.p99_ms - ms).abs() < 1.0;
        assert!(is(calm.accepted, 210.0) && is(calm.fine, 210.0) && is(calm.refused, 10.0), "{calm:?}");
        assert_eq!((calm.sent, storm.sent, storm.accepted.count), (4, 0, 0));
    }

    #[test]
    fn an_answer_is_counted_where_it_came_and_its_latency_where_it_was_due() {
        let mut parts = parts();
        parts.record(Went { due: ms(900), sent: ms(950), at: ms(1_100), meaning: Meaning::Accepted });
        parts.give_up(ms(1_500));
        let [calm, storm] = parts.told().try_into().unwrap();
        assert_eq!((calm.sent, calm.accepted.count, storm.accepted.count), (1, 0, 1));
        assert!(calm.accepted.latency.max_ms >= 200.0 && storm.accepted.latency.max_ms < 1.0);
        assert_eq!((calm.given_up, storm.given_up), (0, 1));
    }
}
