//! The service over real sockets.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod connections;
mod files;
mod harness;
mod service;
