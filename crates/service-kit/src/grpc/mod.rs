//! gRPC on both sides: serving, calling, and the experiments that every service takes part in.

pub mod client;
mod contracts;
mod deadline;
mod detached;
mod incoming;
mod ops;
mod outcome;
pub mod server;

pub use client::Channel;
pub use ops::Ops;
