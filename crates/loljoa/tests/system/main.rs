//! All four services together: real sockets, real PostgreSQL, whole stories.
//!
//! Each test has three databases of its own on the server of `DATABASE_URL`; `loljoa postgres run` provides one.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod access;
// Linux has all of 127.0.0.0/8, and shows what a process holds.
#[cfg(target_os = "linux")]
mod attack;
mod audit;
mod bad_input;
mod cells;
mod contests;
mod contract;
mod crash;
mod credentials;
mod crowd;
mod defects;
mod full_disk;
mod fuzz;
mod hangs;
mod hangups;
mod kills;
mod logs;
mod markets;
mod metrics;
mod migrations;
mod names;
mod periods;
mod pod;
mod pooler;
mod promises;
mod reconcile;
mod removal;
mod replicas;
mod restore;
mod schedule;
mod season;
mod settings;
mod storm;
mod stream;
mod support;
mod trace;
mod two_systems;
