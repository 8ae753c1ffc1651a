//! How settled bets ended.

use loljoa_service_kit::{AccountId, BetId, Error, MarketId, Points};

use super::transfer::MAX_GIVEN;

/// A settled bet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BetResult {
    pub(crate) bet: BetId,
    pub(crate) account: AccountId,
    pub(crate) market: MarketId,
    pub(crate) staked: Points,
    /// Zero for a lost bet.
    pub(crate) paid: Points,
}

impl BetResult {
    /// Checks that the amounts can be.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.staked <= Points::ZERO {
            return Err(Error::invalid_field("staked", "points_out_of_range", "must be 1 or more"));
        }
        if self.paid < Points::ZERO || self.paid > MAX_GIVEN {
            return Err(Error::invalid_field("paid", "points_out_of_range", "must be 0 to 1000000000000"));
        }
        Ok(())
    }
}

/// What recording did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// Results that were new.
    pub(crate) new: i64,
    /// Results that fit no standing stake; they were left out.
    pub(crate) unknown: i64,
}
