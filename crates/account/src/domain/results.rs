//! How settled bets ended.

use std::ops::Add;

use loljoa_service_kit::{AccountId, BetId, Error, MarketId, Points};

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
    /// Checks that the amounts can be. What may be paid has no other limit than a payout: all that a pool can hold. A
    /// result that is refused after its payment could never be recorded.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.staked <= Points::ZERO {
            return Err(Error::invalid_field("staked", "points_out_of_range", "must be 1 or more"));
        }
        if self.paid < Points::ZERO {
            return Err(Error::invalid_field("paid", "points_out_of_range", "must be 0 or more"));
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

impl Add for Recorded {
    type Output = Self;

    fn add(self, more: Self) -> Self {
        Self { new: self.new + more.new, unknown: self.unknown + more.unknown }
    }
}
