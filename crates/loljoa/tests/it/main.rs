//! The launcher as a person meets it: the real binary, a real cluster, real signals.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod audit;
mod configuration;
mod databases;
mod floor;
mod front;
mod help;
mod images;
mod import;
mod log_level;
mod observe;
mod processes;
mod refusals;
mod release;
mod repair;
mod reset;
mod restart;
mod secrets;
mod support;
mod up;
