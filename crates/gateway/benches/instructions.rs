//! How many instructions the hot path's own work takes: a figure that no neighbour on the machine changes.

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
fn json_read(bet: Bet) -> Result<i64, Error> {
    black_box(&bet).read()
}

#[library_benchmark(setup = Bet::default)]
#[bench::once()]
fn market_rendered(bet: Bet) -> Result<Shown, Error> {
    black_box(&bet).render()
}

#[library_benchmark(setup = answered)]
#[bench::once()]
fn json_written((bet, market): (Bet, Shown)) -> Result<u64, Error> {
    black_box(&bet).answer(black_box(&market))
}

#[library_benchmark(setup = Batch::new)]
#[bench::once(256)]
fn batch_of_256(batch: Batch) -> usize {
    black_box(batch).gather()
}

#[library_benchmark(setup = Door::new)]
#[bench::once()]
fn token_known(door: Door) -> bool {
    black_box(&door).check_again()
}

#[library_benchmark(setup = Door::new)]
#[bench::once()]
fn token_signature(door: Door) -> bool {
    black_box(&door).check()
}

library_benchmark_group!(
    name = gateway,
    benchmarks = [json_read, market_rendered, json_written, batch_of_256, token_known, token_signature]
);
main!(library_benchmark_groups = gateway);
