//! Whether what is stored follows from transfers and results.

use chrono::{DateTime, Utc};
use loljoa_service_kit::{AccountId, BetId, MarketId, Points, TransferId};
use uuid::Uuid;

use super::transfer::Kind;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// The balance of an account, or of a system account (the house, a market's pool).
    Balance,
    /// What the house may still pay for a market by corrections.
    Cover,
    /// The points that an account holds in undecided bets.
    Staked,
    /// An account's profit over settled markets.
    Profit,
    /// A stake that was applied although its refund came first; its points should be nothing.
    RefusedStake,
}

/// Something that is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The account, the system account, or the transfer.
    pub id: Uuid,
    /// What was compared.
    pub check: Check,
    /// What transfers and results make it.
    pub expected: Points,
    /// What is stored.
    pub found: Points,
}

/// What an account holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Holding {
    pub(crate) balance: Points,
    pub(crate) staked: Points,
    pub(crate) profit: Points,
}

/// An account as transfers and results make it, and as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rebuilt {
    pub(crate) account: AccountId,
    pub(crate) expected: Holding,
    pub(crate) found: Holding,
    /// Whether the account is stored at all.
    pub(crate) is_stored: bool,
    /// How many results it was rebuilt from.
    pub(crate) results: i64,
}

impl Rebuilt {
    /// What is stored otherwise than it should be.
    pub(crate) fn differences(&self) -> impl Iterator<Item = Difference> {
        let (id, expected, found) = (self.account.0, self.expected, self.found);
        let compared = [
            (Check::Balance, expected.balance, found.balance),
            (Check::Staked, expected.staked, found.staked),
            (Check::Profit, expected.profit, found.profit),
        ];
        let differing = compared.into_iter().filter(|(_, expected, found)| expected != found);
        differing.map(move |(check, expected, found)| Difference { id, check, expected, found })
    }
}

/// Why points moved for a bet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BetTransferKind {
    /// The bet was placed.
    Stake,
    /// The bet won.
    Payout,
    /// The bettor cancelled.
    Cancel,
    /// The market was voided.
    Void,
    /// The stake never became a bet.
    Tombstone,
    /// A result was corrected after the payout.
    Correction,
}

impl BetTransferKind {
    /// The kind as a bet sees it; none for a grant.
    pub(crate) const fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::SignupGrant | Kind::DailyGrant => None,
            Kind::Stake => Some(Self::Stake),
            Kind::Payout => Some(Self::Payout),
            Kind::Cancel => Some(Self::Cancel),
            Kind::Void => Some(Self::Void),
            Kind::Tombstone => Some(Self::Tombstone),
            Kind::Correction => Some(Self::Correction),
        }
    }

    pub(crate) const fn kind(self) -> Kind {
        match self {
            Self::Stake => Kind::Stake,
            Self::Payout => Kind::Payout,
            Self::Cancel => Kind::Cancel,
            Self::Void => Kind::Void,
            Self::Tombstone => Kind::Tombstone,
            Self::Correction => Kind::Correction,
        }
    }
}

/// Points that moved for a bet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BetTransfer {
    /// By which transfer.
    pub transfer_id: TransferId,
    /// Why.
    pub kind: BetTransferKind,
    /// For which bet.
    pub bet_id: BetId,
    /// Whose bet.
    pub account_id: AccountId,
    /// Of which market's pool.
    pub market_id: MarketId,
    /// How many.
    pub points: Points,
    /// The hash of the request behind it.
    pub fingerprint: Vec<u8>,
    /// When they moved.
    pub created_at: DateTime<Utc>,
}

/// How the ledger has it that a bet ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BetResult {
    /// Which bet.
    pub bet_id: BetId,
    /// Whose.
    pub account_id: AccountId,
    /// On which market.
    pub market_id: MarketId,
    /// What was bet.
    pub staked: Points,
    /// What was paid; zero for a lost bet.
    pub paid: Points,
}
