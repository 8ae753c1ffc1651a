//! The service against real PostgreSQL, over real gRPC.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod admins;
mod decide;
mod esports;
mod feed;
mod feed_tls;
mod harness;
mod history;
mod import;
mod lists;
mod live;
mod live_pages;
mod replay;
mod sources;
