//! Clearing markets that are settled over several cells.

use loljoa_service_kit::{MarketId, Points};
use sqlx::PgExecutor;

use crate::domain::{clearing::Clearing, transfer::Outcome};

/// The system account that stands for the other cells.
const CLEARING: MarketId = MarketId(uuid::Uuid::from_u128(2));

/// Clears a market in one commit, once.
///
/// `stripe` (below [`super::transfers::STRIPES`]) is where it is written.
pub(crate) async fn clear(
    executor: impl PgExecutor<'_>,
    clearing: &Clearing,
    stripe: i16,
) -> sqlx::Result<Outcome> {
    sqlx::query_scalar!(
        r#"SELECT clear_market($1, $2, $3, $4, $5) AS "outcome!: Outcome""#,
        clearing.market as MarketId,
        clearing.purpose.name(),
        clearing.points as Points,
        clearing.cover as Points,
        stripe,
    )
    .fetch_one(executor)
    .await
}

/// What the clearing account holds: over all cells nothing, once every market is cleared.
pub(crate) async fn balance(executor: impl PgExecutor<'_>) -> sqlx::Result<Points> {
    let held = super::pools::balances(executor, &[CLEARING]).await?;
    Ok(held.first().map_or(Points::ZERO, |pool| pool.points))
}
