//! Tells watchers what changes. The database is asked only while somebody watches.

mod bets;
mod markets;

pub(crate) use bets::BetWatch;
pub(crate) use markets::MarketWatch;
