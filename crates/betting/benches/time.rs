//! How long the hot path's own work takes.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use loljoa_betting::micro::{Batch, Winners, odds};

fn all(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("betting");
    let winners = Winners::new(10_000);
    group.bench_function("payout_of_10_000", |bencher| bencher.iter(|| black_box(&winners).pay()));
    group.bench_function("odds_of_2", |bencher| bencher.iter(|| odds(black_box(&[123_456, 654_321]))));
    let batch = Batch::new(256);
    group.bench_function("batch_of_256", |bencher| bencher.iter(|| black_box(&batch).gather()));
    group.finish();
}

criterion_group!(benches, all);
criterion_main!(benches);
