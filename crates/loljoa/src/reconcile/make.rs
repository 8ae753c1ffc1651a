use loljoa_account::{
    audit::{BetResult, BetTransferKind},
    reconcile::{self as ledger, Due},
};
use loljoa_betting::{
    audit::OwedKind,
    reconcile::{self as betting, Case},
};
use loljoa_service_kit::{Correction, Error, Points};

use super::{Action, Evidence};
use crate::audit::Books;

/// Makes one correction. Answers whether anything changed.
pub(super) async fn correct(
    books: &Books,
    evidence: &Evidence,
    action: Action,
    correction: &Correction,
) -> Result<bool, Error> {
    let gone = || Error::conflict("gone", "it is not there any more");
    if action == Action::Tombstone {
        let orphan = evidence.orphan.as_ref().ok_or_else(gone)?;
        return betting::tombstone(&books.betting, orphan, correction).await;
    }
    let case = evidence.case.as_ref().ok_or_else(gone)?;
    match action {
        Action::TakeStake => ledger::take_stake(&books.account, &stake(case), false, correction).await,
        Action::CoverStake => ledger::take_stake(&books.account, &stake(case), true, correction).await,
        Action::VoidBet => {
            betting::void_bet(&books.betting, case.bet.bet_id, case.bet.market_id, correction).await
        }
        Action::RefuseStake => refuse(books, case, correction).await,
        Action::Pay => pay(books, case, correction).await,
        Action::PayCorrection => pay_correction(books, case, correction).await,
        Action::Tombstone | Action::Rebuild | Action::AskAPerson => Err(gone()),
    }
}

async fn refuse(books: &Books, case: &Case, correction: &Correction) -> Result<bool, Error> {
    let Some((kind, points)) = case.bet.closing else { return Ok(false) };
    let refused = match payment(case, kind, points) {
        Some(refund) => ledger::refuse_stake(&books.account, &refund, correction).await?,
        None => false,
    };
    Ok(refused | betting::acknowledge(&books.betting, case.bet.bet_id, kind, correction).await?)
}

async fn pay(books: &Books, case: &Case, correction: &Correction) -> Result<bool, Error> {
    let closing = case.bet.closing.and_then(|(kind, points)| payment(case, kind, points));
    let result = case.bet.paid.map(|paid| BetResult {
        bet_id: case.bet.bet_id,
        account_id: case.bet.account_id,
        market_id: case.bet.market_id,
        staked: case.bet.stake,
        paid,
    });
    let paid = ledger::pay(&books.account, closing.as_ref(), result.as_ref(), correction).await?;
    let kind = case.bet.closing.map_or(OwedKind::Lost, |(kind, _)| kind);
    Ok(paid | betting::acknowledge(&books.betting, case.bet.bet_id, kind, correction).await?)
}

async fn pay_correction(books: &Books, case: &Case, correction: &Correction) -> Result<bool, Error> {
    let due = payment(case, OwedKind::Correction, case.bet.correction);
    let paid = ledger::pay(&books.account, due.as_ref(), None, correction).await?;
    let kind = OwedKind::Correction;
    Ok(paid | betting::acknowledge(&books.betting, case.bet.bet_id, kind, correction).await?)
}

fn stake(case: &Case) -> Due {
    due(case, BetTransferKind::Stake, case.bet.stake, case.fingerprint.clone())
}

/// What the ledger is sent for a closing, just as delivery sends it; nothing for a lost bet.
fn payment(case: &Case, kind: OwedKind, points: Points) -> Option<Due> {
    let transfer = match kind {
        OwedKind::Payout => BetTransferKind::Payout,
        OwedKind::Lost => return None,
        OwedKind::Cancel => BetTransferKind::Cancel,
        OwedKind::Void => BetTransferKind::Void,
        OwedKind::Tombstone => BetTransferKind::Tombstone,
        OwedKind::Correction => BetTransferKind::Correction,
    };
    Some(due(case, transfer, points, case.payment_fingerprint(kind, points)))
}

fn due(case: &Case, kind: BetTransferKind, points: Points, fingerprint: Vec<u8>) -> Due {
    let bet = &case.bet;
    let (bet_id, account_id, market_id) = (bet.bet_id, bet.account_id, bet.market_id);
    Due { kind, bet_id, account_id, market_id, points, fingerprint }
}
