//! What the ledger is told of bets.

use loljoa_proto::account::v1::{BetResult, Transfer, TransferKind};

use crate::domain::{NewBet, Owed, OwedKind, finding::AuditedBet};

/// The transfer that takes a bet's stake.
#[must_use]
pub(crate) fn stake(bet: &NewBet) -> Transfer {
    Transfer {
        transfer_id: bet.bet_id.stake_transfer().to_string(),
        kind: TransferKind::Stake.into(),
        account_id: bet.account_id.to_string(),
        market_id: bet.market_id.to_string(),
        bet_id: bet.bet_id.to_string(),
        points: bet.stake.0,
        fingerprint: bet.fingerprint.0.to_vec(),
        closes_transfer_id: String::new(),
    }
}

/// The transfer that the ledger must have for a bet: its closing, if that has been acknowledged, or else its stake.
#[must_use]
pub(crate) fn due(bet: &AuditedBet) -> Transfer {
    bet.closing().as_ref().and_then(payment).unwrap_or_else(|| Transfer {
        transfer_id: bet.bet_id.stake_transfer().to_string(),
        kind: TransferKind::Stake.into(),
        account_id: bet.account_id.to_string(),
        market_id: bet.market_id.to_string(),
        bet_id: bet.bet_id.to_string(),
        points: bet.stake.0,
        fingerprint: bet.fingerprint.0.to_vec(),
        closes_transfer_id: String::new(),
    })
}

/// The transfer that pays what is owed; none for a lost bet.
#[must_use]
pub(crate) fn payment(owed: &Owed) -> Option<Transfer> {
    Some(Transfer {
        transfer_id: owed.transfer_id().to_string(),
        kind: transfer_kind(owed.kind)?.into(),
        account_id: owed.account_id.to_string(),
        market_id: owed.market_id.to_string(),
        bet_id: owed.bet_id.to_string(),
        points: owed.points.0,
        fingerprint: owed.fingerprint().0.to_vec(),
        closes_transfer_id: owed.bet_id.stake_transfer().to_string(),
    })
}

const fn transfer_kind(kind: OwedKind) -> Option<TransferKind> {
    match kind {
        OwedKind::Payout => Some(TransferKind::Payout),
        OwedKind::Lost => None,
        OwedKind::Cancel => Some(TransferKind::Cancel),
        OwedKind::Void => Some(TransferKind::Void),
        OwedKind::Tombstone => Some(TransferKind::Tombstone),
        OwedKind::Correction => Some(TransferKind::Correction),
    }
}

/// How a bet ended; none for what does not count for profit.
#[must_use]
pub(crate) fn result(owed: &Owed) -> Option<BetResult> {
    owed.is_result().then(|| BetResult {
        bet_id: owed.bet_id.to_string(),
        account_id: owed.account_id.to_string(),
        market_id: owed.market_id.to_string(),
        staked: owed.staked.0,
        paid: owed.points.0,
    })
}
