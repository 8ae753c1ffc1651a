//! What our system has to reach, and whether it does.

use std::time::Duration;

use super::{Against, Replicas, Results, Run, Service};
use crate::{measure, scenario::Kind};

/// What is wanted of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wanted {
    /// So much or more.
    AtLeast(f64),
    /// So much or less.
    AtMost(f64),
}

impl Wanted {
    fn is_met_by(self, measured: f64) -> bool {
        match self {
            Self::AtLeast(least) => measured >= least,
            Self::AtMost(most) => measured <= most,
        }
    }
}

/// One figure.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it is.
    pub what: &'static str,
    /// Of what: nothing for a ratio.
    pub unit: &'static str,
    /// What has to be reached.
    pub wanted: Wanted,
    /// What would be better still.
    pub stretch: Wanted,
    /// What was measured; nothing where the runs do not tell.
    pub measured: Option<f64>,
}

impl Row {
    /// Whether it is met, where it was measured.
    #[must_use]
    pub fn is_met(&self) -> Option<bool> {
        self.measured.map(|measured| self.wanted.is_met_by(measured))
    }

    /// Whether it is better still.
    #[must_use]
    pub fn is_stretched(&self) -> bool {
        self.measured.is_some_and(|measured| self.stretch.is_met_by(measured))
    }
}

/// p99 of the burst is calm below it. Milliseconds.
const CALM: f64 = 100.0;
const OLD: Against = Against::Pessimistic;

/// What requests alone tell.
#[must_use]
pub(super) fn rows(results: &Results) -> Vec<Row> {
    let least = |what, least, stretch, measured| Row {
        what,
        unit: "×",
        wanted: Wanted::AtLeast(least),
        stretch: Wanted::AtLeast(stretch),
        measured,
    };
    let most = |what, unit, most, stretch, measured| Row {
        what,
        unit,
        wanted: Wanted::AtMost(most),
        stretch: Wanted::AtMost(stretch),
        measured,
    };
    let hot = results.find(Kind::HotMarket, Against::Ours, Some(256), 1);
    let over_old = |scenario, connections| results.over(OLD, scenario, connections);
    let burst = results.find(Kind::Burst, Against::Ours, None, 1);
    vec![
        least(
            "accepted bets/s, hot market, 1,000 connections, of pessimistic's",
            18.0,
            25.0,
            over_old(Kind::HotMarket, 1_000),
        ),
        least("the same, 256", 14.0, 20.0, over_old(Kind::HotMarket, 256)),
        least("the same, 64", 8.0, 12.0, over_old(Kind::HotMarket, 64)),
        least(
            "accepted bets/s, hot account, 256, of pessimistic's",
            18.0,
            30.0,
            over_old(Kind::HotAccount, 256),
        ),
        most("p99, hot market, 256, of pessimistic's", "×", 1.0 / 9.0, 1.0 / 14.0, results.p99_of_old()),
        least("4 betting replicas ÷ 1", 0.97, 1.05, results.replicas(Service::Betting, 4)),
        least("8 betting replicas ÷ 1", 0.92, 1.0, results.replicas(Service::Betting, 8)),
        least("4 account replicas ÷ 1", 0.92, 1.0, results.replicas(Service::Account, 4)),
        least("4 gateway replicas ÷ 1", 0.92, 1.0, results.replicas(Service::Gateway, 4)),
        least("refusals ÷ hot market, requests/s, 256", 0.85, 0.95, results.refusals()),
        most(
            "CPU per bet at 256, all processes and PostgreSQL",
            "µs",
            95.0,
            70.0,
            hot.and_then(Run::cpu_per_bet_in_all),
        ),
        most("PostgreSQL's part of it", "µs", 45.0, 30.0, hot.and_then(Run::postgres_per_bet)),
        most("the gateway's part of it", "µs", 30.0, 22.0, hot.and_then(|run| run.cpu_per_bet("gateway"))),
        most("WAL per bet at 256", "B", 900.0, 600.0, hot.and_then(Run::wal_per_bet)),
        most("burst: from the first user to p99 below 100 ms for good", "s", 2.0, 1.0, burst.map(until_calm)),
    ]
}

impl Results {
    /// The run of this kind that is not by an open loop.
    pub(super) fn find(
        &self,
        scenario: Kind,
        against: Against,
        connections: Option<usize>,
        replicas: impl Into<Replicas>,
    ) -> Option<&Run> {
        self.all(scenario, against, connections, replicas.into()).next()
    }

    /// All runs of this kind that are not by an open loop: several where they differ in their size.
    pub(super) fn all(
        &self,
        scenario: Kind,
        against: Against,
        connections: Option<usize>,
        replicas: Replicas,
    ) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(move |run| {
            run.scenario == scenario
                && run.against == Some(against)
                && connections.is_none_or(|connections| connections == run.connections)
                && run.replicas == replicas
                && run.rate.is_none()
        })
    }

    fn over(&self, other: Against, scenario: Kind, connections: usize) -> Option<f64> {
        let of = |against| self.find(scenario, against, Some(connections), 1).map(Run::accepted_per_second);
        ratio(of(Against::Ours)?, of(other)?)
    }

    fn p99_of_old(&self) -> Option<f64> {
        let of = |against| self.find(Kind::HotMarket, against, Some(256), 1).map(|run| run.latency.p99_ms);
        ratio(of(Against::Ours)?, of(OLD)?)
    }

    /// So many replicas of a service over one, at the connections at which both were measured.
    fn replicas(&self, service: Service, count: usize) -> Option<f64> {
        let many = self.find(Kind::HotMarket, Against::Ours, None, Replicas::only(service, count))?;
        let one = self.find(Kind::HotMarket, Against::Ours, Some(many.connections), 1)?;
        ratio(many.accepted_per_second(), one.accepted_per_second())
    }

    fn refusals(&self) -> Option<f64> {
        let refusals = self.find(Kind::Refusals, Against::Ours, None, 1)?;
        let hot = self.find(Kind::HotMarket, Against::Ours, Some(refusals.connections), 1)?;
        ratio(refusals.requests_per_second(), hot.requests_per_second())
    }
}

pub(super) fn ratio(one: f64, other: f64) -> Option<f64> {
    (other > 0.0).then(|| one / other)
}

/// When the last slice ended whose p99 was not calm; never, where that is the last of all. Seconds.
fn until_calm(run: &Run) -> f64 {
    let known: Vec<_> = run.slices.iter().filter(|slice| slice.requests > 0).collect();
    let Some(excited) = known.iter().rposition(|slice| slice.latency.p99_ms >= CALM) else { return 0.0 };
    known.get(excited + 1).map_or(f64::INFINITY, |calm| Duration::from_millis(calm.from_ms).as_secs_f64())
}

/// The processes of a bet, in the order of its way.
pub const PROCESSES: [&str; 4] = ["gateway", "betting", "account", measure::POSTGRES];

#[cfg(test)]
mod tests {
    use super::{super::fixtures, *};

    fn measured(what: &str) -> Option<f64> {
        let rows = rows(&fixtures::results());
        rows.into_iter().find(|row| row.what.starts_with(what)).unwrap().measured
    }

    fn is(found: Option<f64>, expected: f64) -> bool {
        found.is_some_and(|found| (found - expected).abs() < 1e-9)
    }

    #[test]
    fn ratios_are_those_of_the_same_connections() {
        assert!(is(measured("the same, 256"), 20.0));
        assert!(is(measured("p99, hot market"), 0.05));
        assert!(is(measured("4 betting replicas"), 0.9));
        assert!(is(measured("4 gateway replicas"), 0.95));
        assert_eq!(measured("4 account replicas"), None);
        assert_eq!(measured("the same, 64"), None);
    }

    #[test]
    fn costs_are_shared_among_the_accepted_bets_and_the_client_costs_nothing() {
        assert!(is(measured("CPU per bet"), 80.0));
        assert!(is(measured("PostgreSQL's part"), 50.0));
        assert!(is(measured("WAL per bet"), 1_000.0));
    }

    #[test]
    fn a_burst_is_calm_when_its_last_excited_slice_is_over() {
        let slice = |from_ms, p99_ms| super::super::Slice {
            from_ms,
            requests: 10,
            latency: super::super::Latency { p99_ms, ..Default::default() },
        };
        let mut run = fixtures::results().runs[0].clone();
        run.slices = vec![slice(0, 300.0), slice(100, 40.0), slice(200, 120.0), slice(300, 20.0)];
        assert!((until_calm(&run) - 0.3).abs() < 1e-9);
        run.slices = vec![slice(0, 30.0), slice(100, 140.0)];
        assert!(until_calm(&run).is_infinite(), "it never was");
        run.slices = vec![slice(0, 30.0), slice(100, 40.0)];
        assert!(until_calm(&run).abs() < 1e-9);
    }

    #[test]
    fn what_is_wanted_is_met_on_the_edge() {
        assert!(Wanted::AtLeast(18.0).is_met_by(18.0) && !Wanted::AtLeast(18.0).is_met_by(17.9));
        assert!(Wanted::AtMost(95.0).is_met_by(95.0) && !Wanted::AtMost(95.0).is_met_by(95.1));
    }
}
