//! The other half of an audit of bets: what the ledger knows of each of them.

use loljoa_service_kit::{BetId, TransferId};
use sqlx::PgPool;

use crate::{
    domain::audit::{BetResult, BetTransfer},
    store::audit_bets,
};

/// Those of these transfers that were made for bets.
///
/// # Errors
///
/// When the database does not answer.
pub async fn bet_transfers(pool: &PgPool, ids: &[TransferId]) -> sqlx::Result<Vec<BetTransfer>> {
    audit_bets::transfers(pool, ids).await
}

/// How those of these bets ended that have a result.
///
/// # Errors
///
/// When the database does not answer.
pub async fn bet_results(pool: &PgPool, bets: &[BetId]) -> sqlx::Result<Vec<BetResult>> {
    audit_bets::results(pool, bets).await
}

/// The next `limit` results behind a bet.
///
/// # Errors
///
/// When the database does not answer.
pub async fn bet_results_after(
    pool: &PgPool,
    after: Option<BetId>,
    limit: i64,
) -> sqlx::Result<Vec<BetResult>> {
    audit_bets::results_after(pool, after.unwrap_or(BetId(uuid::Uuid::nil())), limit).await
}

/// Those of these stakes that are refused for good.
///
/// # Errors
///
/// When the database does not answer.
pub async fn refused_stakes(pool: &PgPool, stakes: &[TransferId]) -> sqlx::Result<Vec<TransferId>> {
    audit_bets::refused(pool, stakes).await
}
