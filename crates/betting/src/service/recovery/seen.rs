//! A transfer of the ledger's feed, and whether it follows from its bet.

use chrono::{DateTime, Utc};
use loljoa_proto::account::v1::{Transfer, TransferKind};
use loljoa_service_kit::{AccountId, BetId, Error, MarketId, Points};

use crate::{
    domain::{Bet, BetState, OwedKind, bet::Fingerprint, finding::Finding},
    store::bets::TakenStake,
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

    /// What was found unless the bet agrees with this transfer.
    #[must_use]
    pub(crate) fn difference(&self, bet: Option<&Bet>) -> Option<Finding> {
        let stake = &self.stake;
        let agrees = bet.is_some_and(|bet| {
            (bet.account_id, bet.market_id) == (stake.account_id, stake.market_id) && self.fits(bet)
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

    fn fits(&self, bet: &Bet) -> bool {
        let closes = |kind| bet.state.closing() == Some(kind) && bet.returned == self.stake.stake;
        match self.kind {
            TransferKind::Stake => bet.stake == self.stake.stake,
            TransferKind::Payout => closes(OwedKind::Payout),
            TransferKind::Cancel => closes(OwedKind::Cancel),
            TransferKind::Void => closes(OwedKind::Void),
            TransferKind::Tombstone => closes(OwedKind::Tombstone),
            TransferKind::Correction => matches!(bet.state, BetState::Lost | BetState::Void),
            TransferKind::Unspecified | TransferKind::SignupGrant | TransferKind::DailyGrant => false,
        }
    }
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
