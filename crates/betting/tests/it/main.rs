//! Betting over real sockets and real databases.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod cancels;
mod chunks;
mod closing_model;
mod concurrency;
mod delivery;
mod harness;
mod incidents;
mod lanes;
mod life;
mod model;
mod parked;
mod placement;
mod races;
mod recovery;
mod refusals;
mod retention;
mod settlement;
mod steps;
mod story;
mod trace;
mod watch;
