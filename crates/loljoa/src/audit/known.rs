use std::collections::HashMap;

use loljoa_account::audit::{self, BetResult, BetTransfer, BetTransferKind};
use loljoa_betting::audit::{Known, Moved, OwedKind};
use loljoa_service_kit::{BetId, TransferId};
use sqlx::PgPool;

use super::Books;

/// All that the ledger knows of these bets, in whichever cell the accounts are.
pub(crate) async fn known(books: &Books, bets: &[BetId]) -> sqlx::Result<HashMap<BetId, Known>> {
    let mut all = HashMap::new();
    for account in books.accounts() {
        all.extend(known_by(account, bets).await?);
    }
    Ok(all)
}

/// What a cell knows: each bet has three transfers at most, whose ids follow from its own.
async fn known_by(account: &PgPool, bets: &[BetId]) -> sqlx::Result<HashMap<BetId, Known>> {
    let ids: Vec<TransferId> = bets
        .iter()
        .flat_map(|bet| [bet.stake_transfer(), bet.closing_transfer(), bet.correction_transfer()])
        .collect();
    let mut all: HashMap<BetId, Known> = HashMap::new();
    for transfer in audit::bet_transfers(account, &ids).await? {
        note(all.entry(transfer.bet_id).or_default(), &transfer);
    }
    for BetResult { bet_id, account_id, market_id, staked, paid } in audit::bet_results(account, bets).await?
    {
        let staked = Moved { account_id, market_id, points: staked };
        all.entry(bet_id).or_default().result = Some((staked, paid));
    }
    let stakes: HashMap<_, _> = bets.iter().map(|bet| (bet.stake_transfer(), *bet)).collect();
    for refused in audit::refused_stakes(account, &stakes.keys().copied().collect::<Vec<_>>()).await? {
        if let Some(bet) = stakes.get(&refused) {
            all.entry(*bet).or_default().is_refused = true;
        }
    }
    Ok(all)
}

fn note(known: &mut Known, transfer: &BetTransfer) {
    let BetTransfer { account_id, market_id, points, .. } = *transfer;
    let moved = Moved { account_id, market_id, points };
    match closing_kind(transfer.kind) {
        Some(OwedKind::Correction) => known.correction = Some(moved),
        Some(kind) => known.closing = Some((kind, moved)),
        None => known.stake = Some(moved),
    }
}

const fn closing_kind(kind: BetTransferKind) -> Option<OwedKind> {
    match kind {
        BetTransferKind::Stake => None,
        BetTransferKind::Payout => Some(OwedKind::Payout),
        BetTransferKind::Cancel => Some(OwedKind::Cancel),
        BetTransferKind::Void => Some(OwedKind::Void),
        BetTransferKind::Tombstone => Some(OwedKind::Tombstone),
        BetTransferKind::Correction => Some(OwedKind::Correction),
    }
}

/// The id that a transfer for a bet has to have.
pub(super) fn own_id(transfer: &BetTransfer) -> TransferId {
    match transfer.kind {
        BetTransferKind::Stake => transfer.bet_id.stake_transfer(),
        BetTransferKind::Correction => transfer.bet_id.correction_transfer(),
        _ => transfer.bet_id.closing_transfer(),
    }
}
