//! The lab as it is used: real systems, real load, real audits. What it measures here means nothing.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod crowds;
mod differences;
mod large;
mod profiles;
mod replicas;
mod runs;
mod support;
mod target;
