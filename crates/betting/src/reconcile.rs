//! What a person corrects in betting after an audit has found a difference with the ledger.
//!
//! Each correction is one commit with the note of who made it and why. Made again, it changes nothing and notes nothing.

use std::collections::HashMap;

use loljoa_service_kit::{AccountId, BetId, Correction, Error, MarketId, Points, postgres};
use sqlx::PgPool;

use crate::{
    audit,
    domain::{BetState, MarketState, Owed, OwedKind, agreement::BookedBet, bet::Fingerprint},
    store::{self, bets::TakenStake, reconcile as rows},
};

/// Where a bet's market is, as far as it decides what can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The bet stands and can be taken off its market.
    Open,
    /// The market is being settled or voided, and the bet with it.
    Ending,
    /// The bet is over.
    Over,
}

/// A bet that differs, and all that is needed to correct it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What the ledger is to know of it.
    pub bet: BookedBet,
    /// What can be done about it.
    pub stage: Stage,
    /// The hash of its request, which its stake carries.
    pub fingerprint: Vec<u8>,
    /// Whether the ledger refused to close it.
    pub is_parked: bool,
    /// Whether the ledger refused what the house owes for a correction.
    pub is_correction_parked: bool,
}

impl Case {
    fn new(bet: BookedBet, row: &rows::Row) -> Self {
        let stage = match (row.state, row.market_state) {
            (BetState::Accepted, MarketState::Open | MarketState::Locked) if !row.is_decided => Stage::Open,
            (BetState::Accepted, _) => Stage::Ending,
            _ => Stage::Over,
        };
        Self {
            bet,
            stage,
            fingerprint: row.fingerprint.0.to_vec(),
            is_parked: row.is_parked,
            is_correction_parked: row.is_correction_parked,
        }
    }

    /// The fingerprint of the transfer that closes or corrects it.
    #[must_use]
    pub fn payment_fingerprint(&self, kind: OwedKind, points: Points) -> Vec<u8> {
        let owed = Owed {
            bet_id: self.bet.bet_id,
            account_id: self.bet.account_id,
            market_id: self.bet.market_id,
            kind,
            points,
            staked: self.bet.stake,
        };
        owed.fingerprint().0.to_vec()
    }
}

/// Those of these bets that exist.
///
/// # Errors
///
/// When the database does not answer.
pub async fn cases(pool: &PgPool, ids: &[BetId]) -> sqlx::Result<Vec<Case>> {
    let rows: HashMap<_, _> = rows::rows(pool, ids).await?.into_iter().map(|row| (row.bet_id, row)).collect();
    let bets = audit::bets(pool, ids).await?;
    let case = |bet: BookedBet| {
        let row = rows.get(&bet.bet_id)?;
        Some(Case::new(bet, row))
    };
    Ok(bets.into_iter().filter_map(case).collect())
}

/// Bets for which the ledger has refused what is owed, the oldest `limit` of them.
///
/// # Errors
///
/// When the database does not answer.
pub async fn parked(pool: &PgPool, limit: i64) -> sqlx::Result<Vec<BetId>> {
    rows::parked(pool, limit).await
}

/// Takes one bet off its market, as if its stake had come too late, and owes its stake back. Answers whether anything was
/// done.
///
/// # Errors
///
/// `market_closed` when the market is being decided, or is; the others' payouts depend on the bet then.
pub async fn void_bet(
    pool: &PgPool,
    bet: BetId,
    market: MarketId,
    correction: &Correction,
) -> Result<bool, Error> {
    let mut transaction = postgres::begin(pool).await?;
    let held = store::markets::hold(&mut transaction, &[market]).await?.pop();
    if held.is_none_or(|market| market.is_decided()) {
        return Err(Error::conflict("market_closed", "the bet's market is being decided, or is"));
    }
    if !rows::withdraw(&mut transaction, bet).await? {
        return Ok(false);
    }
    rows::record(&mut transaction, correction).await?;
    transaction.commit().await?;
    Ok(true)
}

/// A stake of the ledger that has no bet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orphan {
    /// The bet it was taken for.
    pub bet_id: BetId,
    /// From whom.
    pub account_id: AccountId,
    /// Into whose pool.
    pub market_id: MarketId,
    /// How much.
    pub stake: Points,
    /// What it carries.
    pub fingerprint: Vec<u8>,
}

/// Writes a tombstone for a stake that has no bet, and owes it back. Answers whether anything was done.
///
/// # Errors
///
/// `fingerprint_malformed` when it is not betting's stake.
pub async fn tombstone(pool: &PgPool, orphan: &Orphan, correction: &Correction) -> Result<bool, Error> {
    let fingerprint = orphan.fingerprint.as_slice().try_into();
    let fingerprint = fingerprint
        .map_err(|_| Error::conflict("fingerprint_malformed", "the stake does not come from betting"))?;
    let stake = TakenStake {
        bet_id: orphan.bet_id,
        account_id: orphan.account_id,
        market_id: orphan.market_id,
        stake: orphan.stake,
        fingerprint: Fingerprint(fingerprint),
    };
    let mut transaction = postgres::begin(pool).await?;
    if store::bets::tombstone(&mut transaction, &[stake]).await? == 0 {
        return Ok(false);
    }
    rows::record(&mut transaction, correction).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Forgets what is owed for a bet, once the ledger has it or nothing is due. Answers whether anything was owed.
///
/// # Errors
///
/// When the database does not answer.
pub async fn acknowledge(
    pool: &PgPool,
    bet: BetId,
    kind: OwedKind,
    correction: &Correction,
) -> sqlx::Result<bool> {
    let mut transaction = postgres::begin(pool).await?;
    let forgotten = rows::forget_owed(&mut transaction, bet, kind).await?;
    if forgotten {
        rows::record(&mut transaction, correction).await?;
        transaction.commit().await?;
    }
    Ok(forgotten)
}
