//! The rules of betting: no IO, and time and ids are passed in.

pub(crate) mod acts;
pub(crate) mod agreement;
pub(crate) mod audit;
pub(crate) mod bet;
pub(crate) mod change;
pub(crate) mod contest;
pub(crate) mod count;
pub(crate) mod finding;
pub(crate) mod life;
pub(crate) mod market;
pub(crate) mod matches;
pub(crate) mod odds;
pub(crate) mod owed;
pub(crate) mod payout;
pub(crate) mod preview;
#[cfg(test)]
pub(crate) mod samples;
pub(crate) mod template;

pub(crate) use bet::{Bet, BetState, NewBet, Tombstone};
pub(crate) use market::{Market, MarketState, Outcome, Template, VoidReason};
pub(crate) use matches::{MatchNews, MatchState, Team};
pub(crate) use odds::Odds;
pub(crate) use owed::Owed;
pub use owed::OwedKind;
