//! The edge over real sockets.
//!
//! Most tests speak to a small backend whose answers they hold in their hands, because what is tested is what the
//! gateway does when a service is slow, away, or says something odd.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod bets;
mod bodies;
mod connections;
mod contract;
mod harness;
mod heads;
mod limits;
mod looks;
mod metrics;
mod readers;
mod revocations;
mod sessions;
mod slow_bodies;
mod status;
mod story;
mod stream;
mod tokens;
mod web;
