//! Rebuilds everything from the bets, for `loljoa audit`: page by page, each in a short snapshot of its own.
//!
//! [`pools`] looks at betting alone. For the other half read [`bets_after`] first, then what the ledger knows of these
//! bets, and [`compare`] them.

use loljoa_service_kit::{BetId, MarketId};
use sqlx::PgPool;
use uuid::Uuid;

pub use crate::domain::{
    OwedKind,
    agreement::{BookedBet, Known, Moved, compare, stray},
    audit::Difference,
};
use crate::store::{audit_bets, audit_pools};

/// How many markets [`full`] looks at in one snapshot.
const MARKETS: i64 = 100;

/// The next markets behind `after`, at most `limit`.
///
/// # Errors
///
/// When the database does not answer.
pub async fn markets_after(
    pool: &PgPool,
    after: Option<MarketId>,
    limit: i64,
) -> sqlx::Result<Vec<MarketId>> {
    audit_pools::markets_after(pool, after.unwrap_or(MarketId(Uuid::nil())), limit).await
}

/// Rebuilds pools, bettor counts, top bettors and positions of these markets, and lists what differs.
///
/// # Errors
///
/// When the database does not answer.
pub async fn pools(pool: &PgPool, markets: &[MarketId]) -> sqlx::Result<Vec<Difference>> {
    audit_pools::differences(pool, markets).await
}

/// Rebuilds every pool, bettor count, top bettor and position from the bets, and lists what differs. Empty is good.
///
/// # Errors
///
/// When the database does not answer.
pub async fn full(pool: &PgPool) -> sqlx::Result<Vec<Difference>> {
    let (mut differences, mut after) = (Vec::new(), None);
    loop {
        let markets = markets_after(pool, after, MARKETS).await?;
        let Some(last) = markets.last() else { return Ok(differences) };
        after = Some(*last);
        differences.extend(pools(pool, &markets).await?);
    }
}

/// The next bets behind `after`, at most `limit`, in the order of markets and sequences.
///
/// # Errors
///
/// When the database does not answer.
pub async fn bets_after(
    pool: &PgPool,
    after: Option<(MarketId, i64)>,
    limit: i64,
) -> sqlx::Result<Vec<BookedBet>> {
    let (market, seq) = after.unwrap_or((MarketId(Uuid::nil()), 0));
    audit_bets::after(pool, market, seq, limit).await
}

/// Those of these bets that exist.
///
/// # Errors
///
/// When the database does not answer.
pub async fn bets(pool: &PgPool, ids: &[BetId]) -> sqlx::Result<Vec<BookedBet>> {
    audit_bets::by_ids(pool, ids).await
}

/// Those of these ids that are bets.
///
/// # Errors
///
/// When the database does not answer.
pub async fn known_bets(pool: &PgPool, ids: &[BetId]) -> sqlx::Result<Vec<BetId>> {
    audit_bets::known(pool, ids).await
}
