//! How many instructions the hot path's own work takes: a figure that no neighbour on the machine changes. What is worked on is given
//! back, because to end it would be counted as well.

#![expect(missing_docs, reason = "gungraun's macros write what has none")]

mod subject;

use std::hint::black_box;

use gungraun::{library_benchmark, library_benchmark_group, main};
use loljoa_gateway::micro::{Batch, Bet, Shown};
use loljoa_service_kit::Error;

use subject::Door;

fn answered() -> (Bet, Shown) {
    let bet = Bet::default();
    let market = bet.render().expect("the market is whole");
    (bet, market)
}

#[library_benchmark(setup = Bet::default)]
#[bench::once()]
fn json_read(bet: Bet) -> (Result<i64, Error>, Bet) {
    (black_box(&bet).read(), bet)
}

#[library_benchmark(setup = Bet::default)]
#[bench::once()]
fn market_rendered(bet: Bet) -> (Result<Shown, Error>, Bet) {
    (black_box(&bet).render(), bet)
}

#[library_benchmark(setup = answered)]
#[bench::once()]
fn json_written((bet, market): (Bet, Shown)) -> (Result<u64, Error>, Bet, Shown) {
    (black_box(&bet).answer(black_box(&market)), bet, market)
}

#[library_benchmark(setup = Batch::new)]
#[bench::once(256)]
fn batch_of_256(batch: Batch) -> usize {
    black_box(batch).gather()
}

#[library_benchmark(setup = Door::new)]
#[bench::once()]
fn token_known(door: Door) -> (bool, Door) {
    (black_box(&door).check_again(), door)
}

#[library_benchmark(setup = Door::new)]
#[bench::once()]
fn token_signature(door: Door) -> (bool, Door) {
    (black_box(&door).check(), door)
}

library_benchmark_group!(
    name = gateway,
    benchmarks = [json_read, market_rendered, json_written, batch_of_256, token_known, token_signature]
);
main!(library_benchmark_groups = gateway);
