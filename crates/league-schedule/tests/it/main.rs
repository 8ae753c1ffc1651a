//! The service against real PostgreSQL, over real gRPC.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod admins;
mod callers;
mod decide;
mod esports;
mod experiments;
mod feed;
mod feed_tls;
mod harness;
mod history;
mod import;
mod lists;
mod live;
mod live_pages;
mod live_replicas;
mod names;
mod questions;
mod remove;
mod replay;
mod sources;
mod stages;
mod suspects;
