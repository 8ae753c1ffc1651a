//! How long the hot path's own work takes.

mod subject;

use std::{hint::black_box, time::Duration};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use loljoa_gateway::micro::{Batch, Bet};
use loljoa_service_kit::metrics;

use subject::Door;

fn all(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gateway");
    let bet = Bet::default();
    group.bench_function("json_read", |bencher| bencher.iter(|| black_box(&bet).read()));
    group.bench_function("market_rendered", |bencher| bencher.iter(|| black_box(&bet).render()));
    let market = bet.render().expect("the market is whole");
    group.bench_function("json_written", |bencher| {
        bencher.iter(|| black_box(&bet).answer(black_box(&market)));
    });
    let batch = Batch::new(256);
    group.bench_function("batch_of_256", |bencher| {
        bencher.iter_batched(|| batch.clone(), Batch::gather, BatchSize::SmallInput);
    });
    let door = Door::new();
    group.bench_function("token_known", |bencher| bencher.iter(|| door.check_again()));
    group.bench_function("token_signature", |bencher| bencher.iter(|| door.check()));
    metrics::install();
    group.bench_function("request_recorded", |bencher| {
        let route = "POST /api/betting/bets";
        bencher.iter(|| {
            metrics::record_request("gateway", "http", route, "201", black_box(Duration::from_millis(7)));
        });
    });
    group.finish();
}

criterion_group!(benches, all);
criterion_main!(benches);
