//! What a person corrects in the ledger after an audit has found a difference.
//!
//! Transfers are the truth, and are only ever added; stored balances are derived and may be put right. Each correction is
//! one commit with the note of who made it and why. Made again, it changes nothing and notes nothing.

use loljoa_service_kit::{
    AccountId, BetId, Correction, Error, ErrorCode, MarketId, Points, TransferId, ids, postgres,
};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::{
    audit::{BetResult, BetTransferKind},
    domain::{
        audit::{Holding, Rebuilt},
        grant, results,
        transfer::{Kind, Outcome, Transfer},
    },
    store::{self, audit_full, reconcile as rows},
};

/// System accounts are corrected on their first stripe.
const STRIPE: i16 = 0;

/// A transfer that a bet calls for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Why points move.
    pub kind: BetTransferKind,
    /// For which bet.
    pub bet_id: BetId,
    /// Whose.
    pub account_id: AccountId,
    /// Of which market's pool.
    pub market_id: MarketId,
    /// How many.
    pub points: Points,
    /// The hash of the whole request, as betting makes it.
    pub fingerprint: Vec<u8>,
}

impl Due {
    fn transfer(&self) -> Transfer {
        let stake = self.bet_id.stake_transfer();
        let (id, closes) = match self.kind {
            BetTransferKind::Stake => (stake, None),
            BetTransferKind::Correction => (self.bet_id.correction_transfer(), Some(stake)),
            _ => (self.bet_id.closing_transfer(), Some(stake)),
        };
        Transfer {
            id,
            kind: self.kind.kind(),
            account: self.account_id,
            market: Some(self.market_id),
            bet: Some(self.bet_id),
            points: self.points,
            fingerprint: self.fingerprint.clone(),
            closes,
        }
    }
}

/// The balances of those of these accounts that exist.
///
/// # Errors
///
/// When the database does not answer.
pub async fn balances(pool: &PgPool, accounts: &[AccountId]) -> sqlx::Result<Vec<(AccountId, Points)>> {
    rows::balances(pool, accounts).await
}

/// Takes the stake of a bet that was recorded without one, even where a payment that came before it has had it refused.
/// With `cover` the house first gives what the account lacks. Answers whether anything was done.
///
/// # Errors
///
/// `insufficient_points` when the account lacks points and the house does not cover; `conflict` when another transfer has
/// the id.
pub async fn take_stake(
    pool: &PgPool,
    stake: &Due,
    cover: bool,
    correction: &Correction,
) -> Result<bool, Error> {
    let mut transaction = postgres::begin(pool).await?;
    let balance = rows::hold(&mut transaction, stake.account_id).await?.ok_or_else(unknown_account)?;
    rows::admit(&mut transaction, stake.bet_id.stake_transfer()).await?;
    let lacking = stake.points.0 - balance.0;
    let covering = (cover && lacking > 0).then(|| covering(stake, Points(lacking)));
    let batch: Vec<_> = covering.into_iter().chain([stake.transfer()]).collect();
    let outcomes = store::transfers::apply(&mut *transaction, &batch, STRIPE).await?;
    match outcomes.last() {
        Some(Outcome::AlreadyApplied) => return Ok(false),
        Some(Outcome::Applied) => {}
        other => return Err(refused(other.copied())),
    }
    rows::record(&mut transaction, correction).await?;
    transaction.commit().await?;
    Ok(true)
}

/// What the house gives so that a stake can be taken. It is given once for a stake.
fn covering(stake: &Due, points: Points) -> Transfer {
    let id = ids::derived(&[b"cover", stake.bet_id.stake_transfer().0.as_bytes()]);
    Transfer {
        id: TransferId(id),
        kind: Kind::DailyGrant,
        points,
        fingerprint: id.as_bytes().to_vec(),
        ..grant::signup(stake.account_id)
    }
}

/// Makes a payment, and notes the result of its bet, where the ledger has not got them. Answers whether anything was done.
///
/// # Errors
///
/// `stake_missing`, `conflict` or `limit_exceeded`, as the ledger refuses it; nothing is changed then.
pub async fn pay(
    pool: &PgPool,
    payment: Option<&Due>,
    result: Option<&BetResult>,
    correction: &Correction,
) -> Result<bool, Error> {
    let mut transaction = postgres::begin(pool).await?;
    let mut changed = false;
    if let Some(payment) = payment {
        match apply_one(&mut transaction, payment).await? {
            Outcome::Applied => changed = true,
            Outcome::AlreadyApplied => {}
            other => return Err(refused(Some(other))),
        }
    }
    if let Some(result) = result {
        let recorded = store::results::record(&mut *transaction, &[domain_result(result)]).await?;
        if recorded.unknown > 0 {
            return Err(refused(Some(Outcome::StakeMissing)));
        }
        changed |= recorded.new > 0;
    }
    if changed {
        rows::record(&mut transaction, correction).await?;
        transaction.commit().await?;
    }
    Ok(changed)
}

/// Refuses for good the stake of a bet that gives back what was never taken. Answers whether anything was done.
///
/// # Errors
///
/// `conflict` when the stake is there after all, and so has to be given back.
pub async fn refuse_stake(pool: &PgPool, refund: &Due, correction: &Correction) -> Result<bool, Error> {
    let stake = refund.bet_id.stake_transfer();
    if !store::audit_bets::refused(pool, &[stake]).await?.is_empty() {
        return Ok(false);
    }
    let mut transaction = postgres::begin(pool).await?;
    match apply_one(&mut transaction, refund).await? {
        Outcome::StakeMissing => {}
        other => return Err(refused(Some(other))),
    }
    rows::record(&mut transaction, correction).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Puts right what is stored of an account, or of a system account and its cover, by its transfers and results. Answers whether
/// anything was done.
///
/// # Errors
///
/// `balance_negative` when the transfers themselves leave less than nothing; `unknown_account`.
pub async fn rebuild(pool: &PgPool, id: Uuid, correction: &Correction) -> Result<bool, Error> {
    let mut transaction = postgres::begin(pool).await?;
    audit_full::lift_timeout(&mut transaction).await?;
    let account = AccountId(id);
    let changed = if rows::hold(&mut transaction, account).await?.is_some() {
        rebuild_account(&mut transaction, account).await?
    } else if rows::has_transfers(&mut transaction, account).await? {
        return Err(unknown_account());
    } else {
        rebuild_system(&mut transaction, id).await?
    };
    if changed {
        rows::record(&mut transaction, correction).await?;
        transaction.commit().await?;
    }
    Ok(changed)
}

async fn rebuild_account(connection: &mut PgConnection, account: AccountId) -> Result<bool, Error> {
    let before = Uuid::from_u128(account.0.as_u128() - 1);
    let rebuilt =
        audit_full::rebuilt(connection, before, account.0).await?.pop().ok_or_else(unknown_account)?;
    if rebuilt.differences().next().is_none() {
        return Ok(false);
    }
    if rebuilt.expected.balance < Points::ZERO {
        let message = format!("the transfers leave the account {} points", rebuilt.expected.balance);
        return Err(Error::conflict("balance_negative", message));
    }
    rows::adjust_account(connection, account, change(&rebuilt)).await?;
    Ok(true)
}

fn change(rebuilt: &Rebuilt) -> Holding {
    let (expected, found) = (rebuilt.expected, rebuilt.found);
    Holding {
        balance: Points(expected.balance.0 - found.balance.0),
        staked: Points(expected.staked.0 - found.staked.0),
        profit: Points(expected.profit.0 - found.profit.0),
    }
}

async fn rebuild_system(connection: &mut PgConnection, ledger: Uuid) -> Result<bool, Error> {
    rows::hold_system(connection).await?;
    let difference = rows::system_difference(connection, ledger).await?;
    let cover = store::audit_covers::difference(connection, ledger).await?;
    let differs = (difference, cover) != (Points::ZERO, Points::ZERO);
    if differs {
        rows::hold_pool(connection, ledger).await?;
        rows::adjust_system(connection, ledger, difference, cover).await.map_err(below_zero)?;
    }
    Ok(differs)
}

/// A pool, or a cover, that its transfers leave below zero cannot be made so: points have to come back to it first.
fn below_zero(error: sqlx::Error) -> Error {
    let is_check = error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_check_violation);
    if is_check {
        return Error::conflict(
            "balance_negative",
            "the transfers leave the pool, or its cover, with less than nothing",
        );
    }
    error.into()
}

async fn apply_one(connection: &mut PgConnection, due: &Due) -> sqlx::Result<Outcome> {
    let outcomes = store::transfers::apply(connection, &[due.transfer()], STRIPE).await?;
    outcomes.first().copied().ok_or(sqlx::Error::RowNotFound)
}

fn domain_result(result: &BetResult) -> results::BetResult {
    results::BetResult {
        bet: result.bet_id,
        account: result.account_id,
        market: result.market_id,
        staked: result.staked,
        paid: result.paid,
    }
}

fn unknown_account() -> Error {
    Error::new(ErrorCode::NotFound, "unknown_account", "the ledger does not know the account")
}

fn refused(outcome: Option<Outcome>) -> Error {
    let outcome = outcome.map_or("nothing", Outcome::name);
    Error::conflict(outcome, format!("the ledger answers {outcome}"))
}
