//! Results for tests.

use std::collections::BTreeMap;

use chrono::DateTime;

use super::{Against, Audit, Cost, Latency, Machine, Results, Run, Slice};
use crate::scenario::Kind;

/// Ours and pessimistic with one replica, ours with four.
pub(crate) fn results() -> Results {
    let machine = Machine {
        processor: "Fast One".into(),
        cores: 2,
        memory_bytes: 1 << 34,
        kernel: "6.1".into(),
        postgres: "15.1".into(),
    };
    let runs = vec![
        run(Against::Ours, 1, 100_000, 50.0),
        run(Against::Pessimistic, 1, 5_000, 1_000.0),
        run(Against::Ours, 4, 90_000, 60.0),
    ];
    let started_at = DateTime::from_timestamp(1_669_495_980, 0).unwrap();
    Results { machine, started_at, revision: "abc".into(), is_optimised: true, runs }
}

fn run(against: Against, replicas: usize, accepted: u64, p99_ms: f64) -> Run {
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
        }),
        audit: Some(Audit { looked_at: "all".into(), differences: Vec::new() }),
        found: None,
    }
}
