//! Results for tests.

use std::collections::BTreeMap;

use chrono::DateTime;

use super::{
    Against, Answers, Audit, Cost, Endurance, Latency, Leg, Listening, Machine, Part, Replicas, Results, Run,
    Service, Slice, Traces, TracesLeg, Upkeep,
};
use crate::scenario::Kind;

/// Ours and pessimistic with one replica, ours with four of betting, and of the gateway.
pub(crate) fn results() -> Results {
    let machine = Machine {
        processor: "Fast One".into(),
        cores: 2,
        memory_bytes: 1 << 34,
        kernel: "6.1".into(),
        postgres: "15.1".into(),
    };
    let runs = vec![
        run(Against::Ours, Replicas::ONE, 100_000, 50.0),
        run(Against::Pessimistic, Replicas::ONE, 5_000, 1_000.0),
        run(Against::Ours, Replicas::only(Service::Betting, 4), 90_000, 60.0),
        run(Against::Ours, Replicas::only(Service::Gateway, 4), 95_000, 60.0),
    ];
    let started_at = DateTime::from_timestamp(1_669_495_980, 0).unwrap();
    Results { machine, started_at, revision: "abc".into(), is_optimised: true, runs }
}

fn run(against: Against, replicas: Replicas, accepted: u64, p99_ms: f64) -> Run {
    let latency = Latency { p50_ms: 1.0, p90_ms: 2.0, p99_ms, p999_ms: 2_000.0, max_ms: 2_500.0 };
    let cpu = [("gateway", 2.0), ("betting", 0.7), ("account", 0.3), ("postgres", 5.0), ("client", 1.0)];
    Run {
        scenario: Kind::HotMarket,
        against: Some(against),
        connections: 256,
        replicas,
        rate: None,
        seconds: 10.0,
        requests: accepted,
        accepted,
        replayed: 0,
        refused: BTreeMap::new(),
        errors: BTreeMap::new(),
        latency,
        slices: (0..10).map(|n| Slice { from_ms: n * 1_000, requests: accepted / 10, latency }).collect(),
        cost: Some(Cost {
            cpu_seconds: cpu.map(|(name, seconds)| (name.to_owned(), seconds)).into(),
            memory_bytes: BTreeMap::from([("gateway".to_owned(), 1 << 26)]),
            wal_bytes: accepted * 1_000,
            ..Cost::default()
        }),
        audit: Some(Audit { looked_at: "all".into(), differences: Vec::new() }),
        parts: Vec::new(),
        found: None,
    }
}

/// A part of ten seconds.
pub(crate) fn part(name: &str, sent: u64, accepted: u64, p99_ms: f64, refused: u64) -> Part {
    let answers = |count, p99_ms| Answers { count, latency: Latency { p99_ms, ..Latency::default() } };
    Part {
        name: name.to_owned(),
        seconds: 10.0,
        rate: None,
        sent,
        given_up: 0,
        accepted: answers(accepted, p99_ms),
        fine: Answers::default(),
        refused: answers(refused, 80.0),
        cpu_seconds: BTreeMap::from([("gateway".to_owned(), 12.0), ("client".to_owned(), 5.0)]),
        memory_bytes: BTreeMap::new(),
    }
}

/// So many listened.
pub(crate) fn listening(listeners: usize) -> Listening {
    let lag = Latency { p99_ms: 400.0, ..Latency::default() };
    Listening { listeners, before_bytes: 40 << 20, quiet_bytes: 140 << 20, updates: 7, lag }
}

/// Legs of ten seconds, with two cores under load and a tenth of one afterwards.
pub(crate) fn endurance(accepted: &[u64]) -> Endurance {
    let mut placed = 0;
    let legs = accepted.iter().map(|accepted| {
        placed += accepted;
        let memory_bytes = BTreeMap::from([("betting".to_owned(), 32 << 20)]);
        let latency = Latency::default();
        Leg { placed, seconds: 10.0, accepted: *accepted, latency, cpu_seconds: 20.0, memory_bytes }
    });
    let legs = legs.collect();
    let upkeep = |quiet_cpu| Upkeep { quiet_cpu, audit_seconds: 1.0, start_seconds: 1.0 };
    Endurance { wanted: 1_000, placed, legs, before: upkeep(0.0), after: upkeep(0.1) }
}

/// So many bets were accepted in ten seconds with each share.
pub(crate) fn traces(legs: &[(Option<f64>, u64)]) -> Traces {
    let leg = |(share, accepted): &(Option<f64>, u64)| TracesLeg {
        share: *share,
        seconds: 10.0,
        accepted: *accepted,
        placed: *accepted,
        spans: if share.is_some() { 8 * accepted } else { 0 },
        cpu_seconds: 15.0,
        latency: Latency::default(),
    };
    Traces { legs: legs.iter().map(leg).collect() }
}
