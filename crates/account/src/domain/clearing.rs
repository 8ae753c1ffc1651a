//! What evens a market's pools out between the cells of the ledger.

use loljoa_service_kit::{MarketId, Points};

/// What a market is cleared for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Winners are paid out of its pool.
    Settlement,
    /// The house pays for it.
    Correction,
}

impl Purpose {
    /// The name in the database.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Settlement => "settlement",
            Self::Correction => "correction",
        }
    }
}

/// What one cell clears of a market. Over all cells it sums to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clearing {
    pub(crate) market: MarketId,
    pub(crate) purpose: Purpose,
    /// What the pool gets; below zero, what it gives.
    pub(crate) points: Points,
    /// By how much more the house may pay; below zero, by how much less.
    pub(crate) cover: Points,
}
