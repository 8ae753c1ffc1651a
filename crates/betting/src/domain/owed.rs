//! What betting owes the ledger: one closing per bet, and at most one correction.

use loljoa_service_kit::{AccountId, BetId, MarketId, Points, TransferId};

use super::bet::Fingerprint;

/// Why something is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum OwedKind {
    /// The bet won.
    Payout,
    /// The bet lost: no points move, the result is recorded.
    Lost,
    /// The bettor cancelled.
    Cancel,
    /// The market was voided.
    Void,
    /// The stake came too late, or never became a bet.
    Tombstone,
    /// The house pays what a corrected result would have paid.
    Correction,
}

impl OwedKind {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Payout => "payout",
            Self::Lost => "lost",
            Self::Cancel => "cancel",
            Self::Void => "void",
            Self::Tombstone => "tombstone",
            Self::Correction => "correction",
        }
    }

    const fn tag(self) -> &'static [u8; 1] {
        match self {
            Self::Payout => b"p",
            Self::Lost => b"l",
            Self::Cancel => b"c",
            Self::Void => b"v",
            Self::Tombstone => b"t",
            Self::Correction => b"h",
        }
    }
}

/// Something the ledger has yet to acknowledge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owed {
    /// The bet it closes or corrects.
    pub(crate) bet_id: BetId,
    /// Whom it is owed.
    pub(crate) account_id: AccountId,
    /// The bet's market.
    pub(crate) market_id: MarketId,
    /// Why.
    pub(crate) kind: OwedKind,
    /// How much; 0 for a lost bet.
    pub(crate) points: Points,
    /// The bet's stake.
    pub(crate) staked: Points,
}

impl Owed {
    /// The id of the transfer that pays it.
    #[must_use]
    pub(crate) fn transfer_id(&self) -> TransferId {
        if self.kind == OwedKind::Correction {
            self.bet_id.correction_transfer()
        } else {
            self.bet_id.closing_transfer()
        }
    }

    /// Tells this closing from another of the same bet.
    #[must_use]
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&[
            self.account_id.0.as_bytes(),
            self.market_id.0.as_bytes(),
            self.bet_id.0.as_bytes(),
            self.kind.tag(),
            &self.points.0.to_be_bytes(),
        ])
    }

    /// Whether it can be the refund of a bet that never stood. Then it may come before its stake, which is refused for good;
    /// any other closing has a bet that stood, and so a stake.
    #[must_use]
    pub(crate) const fn can_be_of_a_bet_that_never_stood(&self) -> bool {
        matches!(self.kind, OwedKind::Tombstone)
    }

    /// Whether it decides the bet, so that it counts for the account's profit.
    #[must_use]
    pub(crate) const fn is_result(&self) -> bool {
        matches!(self.kind, OwedKind::Payout | OwedKind::Lost)
    }
}
