//! The load lab: puts load on LOL.JOA and on the designs that it replaced, side by side, and tells what came of it.
//!
//! `lab` starts the systems, `scenario` says what is asked, `engine` asks, `listeners` hear of it, `measure` looks at what it
//! costs, `audit` whether every point is accounted for, `results` and `report` tell it; `profile` looks more closely.
//!
//! # Why the engine is our own
//!
//! The live view on a terminal is that of the load library [`rlt`], and histograms are [`hdrhistogram`]'s. The loop around them is
//! not rlt's, because its runner is not public, and its one entry point (`rlt::cli::run`) drops what is under way when the time is
//! over. These are the slowest requests, and they would be missing from p99.9. It also gives its figures as text only, takes a
//! boxed future, a channel and a signal handler for each request on the two cores that it shares with what is measured, and has no
//! arrival rate that latency counts from.

pub mod audit;
pub mod baseline;
pub mod bench;
pub mod cli;
pub mod console;
pub mod engine;
pub mod lab;
pub mod listeners;
pub mod measure;
pub mod plan;
pub mod profile;
pub mod report;
pub mod results;
pub mod scenario;
