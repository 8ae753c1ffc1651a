//! Betting over real sockets and real databases.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod admins;
mod audit;
mod bettors;
mod callers;
mod cancels;
mod changes;
mod chunks;
mod closing_model;
mod concurrency;
mod contests;
mod delivery;
mod feeds;
mod harness;
mod incidents;
mod lanes;
mod late;
mod life;
mod model;
mod parked;
mod periods;
mod placement;
mod races;
mod recovery;
mod refusals;
mod retention;
mod settlement;
mod status;
mod steps;
mod story;
mod tombstones;
mod trace;
mod watch;
