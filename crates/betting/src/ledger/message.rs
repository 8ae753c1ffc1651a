//! What the ledger is told of bets.

use loljoa_proto::account::v1::{BetResult, Transfer, TransferKind};
use loljoa_service_kit::{AccountId, BetId, MarketId, Points};

use crate::domain::{NewBet, Owed, OwedKind, bet::Fingerprint, finding::AuditedBet};

/// The transfer that takes a bet's stake.
#[must_use]
pub(crate) fn stake(bet: &NewBet) -> Transfer {
    let of = (bet.bet_id, bet.account_id, bet.market_id);
    stake_of(of, bet.stake, bet.fingerprint)
}

/// The transfer that the ledger must have for a bet: its closing, if that has been acknowledged, or else its stake.
#[must_use]
pub(crate) fn due(bet: &AuditedBet) -> Transfer {
    let of = (bet.bet_id, bet.account_id, bet.market_id);
    let closing = bet.closing().as_ref().and_then(payment);
    closing.unwrap_or_else(|| stake_of(of, bet.stake, bet.fingerprint))
}

fn stake_of(
    (bet_id, account_id, market_id): (BetId, AccountId, MarketId),
    stake: Points,
    fingerprint: Fingerprint,
) -> Transfer {
    Transfer {
        transfer_id: bet_id.stake_transfer().to_string(),
        kind: TransferKind::Stake.into(),
        account_id: account_id.to_string(),
        market_id: market_id.to_string(),
        bet_id: bet_id.to_string(),
        points: stake.0,
        fingerprint: fingerprint.0.to_vec(),
        closes_transfer_id: String::new(),
    }
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
