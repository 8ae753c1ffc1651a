//! Bets on their way to the betting service, and markets on their way to whoever watches them.

pub(crate) mod coalescer;
pub(crate) mod events;
pub(crate) mod looks;
pub(crate) mod markets;
mod seen;
mod stake;

pub(crate) use stake::Stake;
