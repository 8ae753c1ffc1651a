//! Bets.

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use loljoa_service_kit::{AccountId, BetId, Error, IdempotencyKey, MarketId, OutcomeId, Points};

use super::{Odds, OwedKind};

/// The smallest stake.
pub(crate) const MIN_STAKE: Points = Points(100);

/// Where a bet stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum BetState {
    /// It stands; the market is not decided.
    Accepted,
    /// By its bettor.
    Cancelled,
    /// Given back: it came too late, or the start moved to before it.
    Refunded,
    /// It is paid.
    Won,
    /// Another outcome came.
    Lost,
    /// The market was voided.
    Void,
}

impl BetState {
    /// The transfer that closes a bet in this state; none while it is open, or lost.
    #[must_use]
    pub(crate) const fn closing(self) -> Option<OwedKind> {
        match self {
            Self::Accepted | Self::Lost => None,
            Self::Cancelled => Some(OwedKind::Cancel),
            Self::Refunded => Some(OwedKind::Tombstone),
            Self::Won => Some(OwedKind::Payout),
            Self::Void => Some(OwedKind::Void),
        }
    }
}

/// Why a stake that was taken never became a bet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum Tombstone {
    /// The market was closed when the stake arrived.
    MarketLocked,
    /// No bet followed the stake, and recovery gave it back.
    Abandoned,
}

/// A hash over everything a bet asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(transparent)]
pub(crate) struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// Hashes `parts`, each of a fixed length, so that no two lists of parts give the same bytes.
    #[must_use]
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, &parts.concat()).as_ref());
        Self(bytes)
    }
}

/// A bet as it is asked for, checked as far as that goes without knowing anything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewBet {
    /// Made from account and key.
    pub(crate) bet_id: BetId,
    /// Whose.
    pub(crate) account_id: AccountId,
    /// On which question.
    pub(crate) market_id: MarketId,
    /// On which answer.
    pub(crate) outcome_id: OutcomeId,
    /// How much.
    pub(crate) stake: Points,
    /// What tells this request from another under the same key.
    pub(crate) fingerprint: Fingerprint,
}

impl NewBet {
    /// Checks a request.
    ///
    /// # Errors
    ///
    /// `stake_too_small` below [`MIN_STAKE`].
    pub(crate) fn new(
        account_id: AccountId,
        key: IdempotencyKey,
        market_id: MarketId,
        outcome_id: OutcomeId,
        stake: Points,
    ) -> Result<Self, Error> {
        if stake < MIN_STAKE {
            return Err(Error::invalid_field(
                "stake",
                "stake_too_small",
                format!("must be {MIN_STAKE} or more"),
            ));
        }
        let fingerprint = Fingerprint::of(&[
            account_id.0.as_bytes(),
            market_id.0.as_bytes(),
            outcome_id.0.as_bytes(),
            &stake.0.to_be_bytes(),
        ]);
        Ok(Self { bet_id: BetId::of(account_id, key), account_id, market_id, outcome_id, stake, fingerprint })
    }
}

/// A bet as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bet {
    /// Its id.
    pub(crate) bet_id: BetId,
    /// The server's own sequence.
    pub(crate) seq: i64,
    /// Whose.
    pub(crate) account_id: AccountId,
    /// On which question.
    pub(crate) market_id: MarketId,
    /// On which answer; absent only where recovery knew no more than the stake.
    pub(crate) outcome_id: Option<OutcomeId>,
    /// How much.
    pub(crate) stake: Points,
    /// Where it stands.
    pub(crate) state: BetState,
    /// Set when it never stood.
    pub(crate) tombstone: Option<Tombstone>,
    /// The odds right after it was recorded; 0 for a tombstone.
    pub(crate) placed_odds: Odds,
    /// What the account got back; 0 while accepted or lost.
    pub(crate) returned: Points,
    /// What tells it from another request under the same key.
    pub(crate) fingerprint: Fingerprint,
    /// By the database's clock, under the market's lock.
    pub(crate) recorded_at: DateTime<Utc>,
    /// When it stopped being accepted.
    pub(crate) closed_at: Option<DateTime<Utc>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bet(outcome: u128, stake: i64) -> Result<NewBet, Error> {
        let (account, key) = (AccountId(uuid::Uuid::from_u128(1)), IdempotencyKey(uuid::Uuid::from_u128(2)));
        let (market, outcome) =
            (MarketId(uuid::Uuid::from_u128(3)), OutcomeId(uuid::Uuid::from_u128(outcome)));
        NewBet::new(account, key, market, outcome, Points(stake))
    }

    #[test]
    fn a_stake_has_a_hundred_points_or_more() {
        for stake in [i64::MIN, -100, 0, 99] {
            assert_eq!(bet(4, stake).unwrap_err().reason, "stake_too_small");
        }
        assert!(bet(4, 100).is_ok());
    }

    #[test]
    fn another_stake_or_outcome_has_another_fingerprint() {
        let (one, more, other) = (bet(4, 100).unwrap(), bet(4, 101).unwrap(), bet(5, 100).unwrap());
        assert!(one.bet_id == more.bet_id && one.bet_id == other.bet_id);
        assert_ne!(one.fingerprint, more.fingerprint);
        assert_ne!(one.fingerprint, other.fingerprint);
    }
}
