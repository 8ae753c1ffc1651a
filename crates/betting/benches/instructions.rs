//! How many instructions the hot path's own work takes: a figure that no neighbour on the machine changes.

#![expect(missing_docs, reason = "gungraun's macros write what has none")]

use std::hint::black_box;

use gungraun::{library_benchmark, library_benchmark_group, main};
use loljoa_betting::micro::{Batch, Winners, odds};

#[library_benchmark(setup = Winners::new)]
#[bench::once(10_000)]
fn payout_of_10_000(winners: Winners) -> (i64, Winners) {
    (black_box(&winners).pay(), winners)
}

#[library_benchmark]
fn odds_of_2() -> i64 {
    odds(black_box(&[123_456, 654_321]))
}

#[library_benchmark(setup = Batch::new)]
#[bench::once(256)]
fn batch_of_256(batch: Batch) -> (usize, Batch) {
    (black_box(&batch).gather(), batch)
}

library_benchmark_group!(name = betting, benchmarks = [payout_of_10_000, odds_of_2, batch_of_256]);
main!(library_benchmark_groups = betting);
