//! Betting over real sockets and real databases.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod audit;
mod concurrency;
mod feeds;
mod harness;
mod late;
mod life;
mod model;
mod parked;
mod placement;
mod races;
mod recovery;
mod refusals;
mod settlement;
mod steps;
mod story;
mod tombstones;
mod trace;
mod watch;
