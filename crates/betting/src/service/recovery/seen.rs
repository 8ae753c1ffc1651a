//! A transfer of the ledger's feed, and whether it follows from its bet.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use loljoa_proto::account::v1::{Transfer, TransferKind};
use loljoa_service_kit::{AccountId, BetId, Error, MarketId, Points};
use sqlx::PgPool;

use crate::{
    domain::{Bet, BetState, OwedKind, bet::Fingerprint, finding::Finding, payout::Winner},
    store::{self, bets::TakenStake, corrections::Correction},
};

/// A transfer of the feed that concerns a bet.
pub(crate) struct Seen {
    pub(super) kind: TransferKind,
    pub(super) stake: TakenStake,
    /// When the ledger moved the points, by its own clock; absent where that is not known.
    pub(super) moved_at: Option<DateTime<Utc>>,
}

impl Seen {
    /// Reads a transfer.
    ///
    /// # Errors
    ///
    /// `invalid` when it can not have been made by betting.
    pub(super) fn read(transfer: &Transfer, moved_at: Option<DateTime<Utc>>) -> Result<Self, Error> {
        let fingerprint = transfer.fingerprint.as_slice().try_into();
        let fingerprint = fingerprint.map_err(|_| {
            Error::invalid_field("fingerprint", "fingerprint_malformed", "must be a fingerprint of betting")
        })?;
        let stake = TakenStake {
            bet_id: BetId::parse(&transfer.bet_id)?,
            account_id: AccountId::parse(&transfer.account_id)?,
            market_id: MarketId::parse(&transfer.market_id)?,
            stake: Points(transfer.points),
            fingerprint: Fingerprint(fingerprint),
        };
        Ok(Self { kind: transfer.kind(), stake, moved_at })
    }

    /// Reads a transfer that was found not to follow from its bet.
    #[must_use]
    pub(crate) fn of(finding: &Finding) -> Option<Self> {
        let stake = TakenStake {
            bet_id: finding.bet_id?,
            account_id: finding.account_id?,
            market_id: finding.market_id?,
            stake: finding.points?,
            fingerprint: Fingerprint([0; 32]),
        };
        Some(Self { kind: TransferKind::from_str_name(finding.kind.as_deref()?)?, stake, moved_at: None })
    }

    /// The market whose correction it is of, if it is of any.
    #[must_use]
    pub(crate) fn corrected_market(&self) -> Option<MarketId> {
        (self.kind == TransferKind::Correction).then_some(self.stake.market_id)
    }

    /// What was found unless the bet, and the correction of its market if this is of one, agree with this transfer.
    #[must_use]
    pub(crate) fn difference(&self, bet: Option<&Bet>, correction: Option<&Correction>) -> Option<Finding> {
        let stake = &self.stake;
        let agrees = bet.is_some_and(|bet| {
            (bet.account_id, bet.market_id) == (stake.account_id, stake.market_id)
                && self.fits(bet, correction)
        });
        let kind = self.kind.as_str_name();
        (!agrees).then(|| Finding {
            bet_id: Some(stake.bet_id),
            account_id: Some(stake.account_id),
            kind: Some(kind.to_owned()),
            points: Some(stake.stake),
            expected: bet
                .map_or_else(|| "no bet".to_owned(), |bet| format!("{:?} {}", bet.state, bet.returned)),
            found: format!("the ledger moved {} points for bet {} ({kind})", stake.stake, stake.bet_id),
            ..Finding::of_market(stake.market_id, "transfer", format!("{}/{kind}", stake.bet_id))
        })
    }

    fn fits(&self, bet: &Bet, correction: Option<&Correction>) -> bool {
        let closes = |kind| bet.state.closing() == Some(kind) && bet.returned == self.stake.stake;
        match self.kind {
            TransferKind::Stake => bet.stake == self.stake.stake,
            TransferKind::Payout => closes(OwedKind::Payout),
            TransferKind::Cancel => closes(OwedKind::Cancel),
            TransferKind::Void => closes(OwedKind::Void),
            TransferKind::Tombstone => closes(OwedKind::Tombstone),
            TransferKind::Correction => correction.is_some_and(|correction| self.corrects(bet, correction)),
            TransferKind::Unspecified | TransferKind::SignupGrant | TransferKind::DailyGrant => false,
        }
    }
}

impl Seen {
    /// Whether the points are those that the correction gives the bet, as far as anybody can tell.
    fn corrects(&self, bet: &Bet, correction: &Correction) -> bool {
        if correction.is_without_division() {
            return matches!(bet.state, BetState::Lost | BetState::Void);
        }
        let winner = Winner { seq: bet.seq, stake: bet.stake };
        correction.owed(bet.outcome_id, bet.state, winner) == Some(self.stake.stake)
    }
}

/// The corrections of which these transfers are. What they give is fixed before any is paid.
///
/// # Errors
///
/// When the database does not answer.
pub(crate) async fn corrections(
    pool: &PgPool,
    transfers: impl Iterator<Item = &Seen>,
) -> sqlx::Result<HashMap<MarketId, Correction>> {
    let mut corrections = HashMap::new();
    for market in transfers.filter_map(Seen::corrected_market).collect::<HashSet<_>>() {
        let correction = store::corrections::of(pool, market).await?;
        corrections.extend(correction.map(|correction| (market, correction)));
    }
    Ok(corrections)
}

/// A transfer that no bet can have caused. It must not hold up those behind it.
#[must_use]
pub(super) fn unreadable(transfer: &Transfer, error: &Error) -> Finding {
    let market = MarketId::parse(&transfer.market_id).ok();
    Finding {
        market_id: market,
        expected: "a transfer of betting".into(),
        found: format!("the ledger moved {} points, and not for a bet: {error}", transfer.points),
        ..Finding::of_market(MarketId(uuid::Uuid::nil()), "transfer", transfer.transfer_id.clone())
    }
}
