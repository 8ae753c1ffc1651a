//! What system accounts hold.

use loljoa_service_kit::{MarketId, Points};
use sqlx::PgExecutor;

/// What the ledger holds for one market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pool {
    pub(crate) market: MarketId,
    pub(crate) points: Points,
}

/// The pools of those markets that any transfer touched.
pub(crate) async fn balances(executor: impl PgExecutor<'_>, markets: &[MarketId]) -> sqlx::Result<Vec<Pool>> {
    sqlx::query_as!(
        Pool,
        r#"SELECT ledger_id AS "market: MarketId", sum(balance)::bigint AS "points!: Points"
        FROM system_balances WHERE ledger_id = ANY ($1) GROUP BY ledger_id ORDER BY ledger_id"#,
        markets as &[MarketId],
    )
    .fetch_all(executor)
    .await
}
