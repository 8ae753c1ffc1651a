//! Transfers of points.

use loljoa_service_kit::{AccountId, BetId, Error, MarketId, Points, TransferId};

/// The most transfers of one request, and of one batch.
pub(crate) const MAX_BATCH: usize = 5_000;
/// The most points that the house gives at once. Points come from nowhere else, so it keeps every sum far from the end
/// of 64 bits. A payout has no limit of its own: a pool holds what was staked, and the database lets nobody have more.
pub(crate) const MAX_GIVEN: Points = Points(1_000_000_000_000);
const MAX_FINGERPRINT_BYTES: usize = 64;

/// Why points move. The kind decides the direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "transfer_kind", rename_all = "snake_case")]
pub(crate) enum Kind {
    /// House to account, at sign-up.
    SignupGrant,
    /// House to account, once a Korean day.
    DailyGrant,
    /// Account to pool.
    Stake,
    /// Pool to account: the bet won.
    Payout,
    /// Pool to account: the bettor cancelled.
    Cancel,
    /// Pool to account: the market was voided.
    Void,
    /// Pool to account: the stake never became a bet.
    Tombstone,
    /// House to account: a result was corrected after the payout.
    Correction,
}

impl Kind {
    /// The name on a statement.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::SignupGrant => "signup_grant",
            Self::DailyGrant => "daily_grant",
            Self::Stake => "stake",
            Self::Payout => "payout",
            Self::Cancel => "cancel",
            Self::Void => "void",
            Self::Tombstone => "tombstone",
            Self::Correction => "correction",
        }
    }

    /// Whether the ledger makes it by itself, and nobody else may ask for it.
    pub(crate) const fn is_grant(self) -> bool {
        matches!(self, Self::SignupGrant | Self::DailyGrant)
    }

    const fn names_another(self) -> bool {
        !self.is_grant() && !matches!(self, Self::Stake)
    }

    const fn comes_from_the_house(self) -> bool {
        self.is_grant() || matches!(self, Self::Correction)
    }

    /// Whether it takes points from its account.
    pub(crate) const fn takes(self) -> bool {
        matches!(self, Self::Stake)
    }

    /// What the transfer does to its account's points.
    pub(crate) const fn effect(self, points: Points) -> Points {
        if self.takes() { Points(-points.0) } else { points }
    }
}

/// Points that move between an account and a system account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Transfer {
    pub(crate) id: TransferId,
    pub(crate) kind: Kind,
    pub(crate) account: AccountId,
    pub(crate) market: Option<MarketId>,
    pub(crate) bet: Option<BetId>,
    pub(crate) points: Points,
    /// A hash of the whole request behind it.
    pub(crate) fingerprint: Vec<u8>,
    /// The transfer that this one closes or corrects.
    pub(crate) closes: Option<TransferId>,
}

impl Transfer {
    /// Checks that the parts fit the kind.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let invalid = |field, reason, allowed| Err(Error::invalid_field(field, reason, allowed));
        if self.points <= Points::ZERO {
            return invalid("points", "points_out_of_range", "must be 1 or more");
        }
        if self.kind.comes_from_the_house() && self.points > MAX_GIVEN {
            return invalid("points", "points_out_of_range", "must be 1000000000000 or less from the house");
        }
        if self.kind.is_grant() == self.market.is_some() {
            return invalid("marketId", "market_unfit", "must be there unless the transfer is a grant");
        }
        if self.kind.is_grant() == self.bet.is_some() {
            return invalid("betId", "bet_unfit", "must be there unless the transfer is a grant");
        }
        if self.kind.names_another() != self.closes.is_some() {
            let allowed = "must be there exactly if the transfer closes or corrects another";
            return invalid("closesTransferId", "closes_unfit", allowed);
        }
        if self.closes == Some(self.id) {
            return invalid("closesTransferId", "closes_unfit", "must be another transfer");
        }
        if self.kind == Kind::Correction && !self.is_the_correction_of_its_bet() {
            return invalid("transferId", "correction_unfit", "must be the id that is derived from the bet");
        }
        if !(1..=MAX_FINGERPRINT_BYTES).contains(&self.fingerprint.len()) {
            return invalid("fingerprint", "fingerprint_unfit", "must be 1 to 64 bytes");
        }
        Ok(())
    }
}

impl Transfer {
    /// A bet has one id for its correction, so the house corrects it once.
    fn is_the_correction_of_its_bet(&self) -> bool {
        self.bet.is_some_and(|bet| {
            self.id == bet.correction_transfer() && self.closes == Some(bet.stake_transfer())
        })
    }
}

/// What became of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "transfer_outcome", rename_all = "snake_case")]
pub(crate) enum Outcome {
    Applied,
    /// The same transfer was applied before; nothing changed.
    AlreadyApplied,
    /// The id is taken by another transfer, or the stake was closed in another way.
    Conflict,
    /// The account, or for what leaves a market's pool the pool, holds less.
    InsufficientPoints,
    UnknownAccount,
    /// The stake was refunded before it came.
    StakeRevoked,
    /// The closing transfer found no stake; its marker now refuses the stake for good.
    StakeMissing,
    /// The account would hold more points than can be counted, or the house would pay more for a market than was staked on it.
    LimitExceeded,
}

impl Outcome {
    /// The name in metrics.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::AlreadyApplied => "already_applied",
            Self::Conflict => "conflict",
            Self::InsufficientPoints => "insufficient_points",
            Self::UnknownAccount => "unknown_account",
            Self::StakeRevoked => "stake_revoked",
            Self::StakeMissing => "stake_missing",
            Self::LimitExceeded => "limit_exceeded",
        }
    }
}

#[cfg(test)]
mod tests {
    use loljoa_service_kit::ids;

    use super::*;
    use crate::domain::grant;

    fn stake() -> Transfer {
        let bet = BetId(ids::fresh());
        Transfer {
            id: bet.stake_transfer(),
            kind: Kind::Stake,
            account: AccountId::fresh(),
            market: Some(MarketId::fresh()),
            bet: Some(bet),
            points: Points(100),
            fingerprint: vec![1],
            closes: None,
        }
    }

    #[test]
    fn a_stake_a_payout_and_a_grant_are_whole() {
        assert_eq!(stake().check(), Ok(()));
        let payout = Transfer { kind: Kind::Payout, closes: Some(TransferId::fresh()), ..stake() };
        assert_eq!(payout.check(), Ok(()));
        assert_eq!(grant::signup(AccountId::fresh()).check(), Ok(()));
        let (stake, kind) = (stake(), Kind::Correction);
        let (id, closes) = (stake.bet.unwrap().correction_transfer(), Some(stake.id));
        assert_eq!(Transfer { id, kind, closes, ..stake }.check(), Ok(()));
    }

    #[test]
    fn parts_that_do_not_fit_are_named() {
        let cases = [
            (Transfer { points: Points(0), ..stake() }, "points"),
            (Transfer { points: Points(-1), ..stake() }, "points"),
            (Transfer { market: None, ..stake() }, "marketId"),
            (Transfer { bet: None, ..stake() }, "betId"),
            (Transfer { closes: Some(TransferId::fresh()), ..stake() }, "closesTransferId"),
            (Transfer { kind: Kind::Payout, ..stake() }, "closesTransferId"),
            (Transfer { kind: Kind::DailyGrant, ..stake() }, "marketId"),
            (Transfer { kind: Kind::Correction, closes: Some(TransferId::fresh()), ..stake() }, "transferId"),
            (Transfer { fingerprint: Vec::new(), ..stake() }, "fingerprint"),
            (Transfer { fingerprint: vec![0; 65], ..stake() }, "fingerprint"),
            (Transfer { points: Points(i64::MAX), ..grant::signup(AccountId::fresh()) }, "points"),
        ];
        for (transfer, field) in cases {
            assert_eq!(transfer.check().unwrap_err().violations[0].field, field, "{transfer:?}");
        }
    }
}
