//! Who holds what, seen without waiting for anybody.

use std::collections::HashMap;

use loljoa_service_kit::MarketId;
use sqlx::PgExecutor;

/// A market's row at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sight {
    /// Nobody held it, or one of its outcomes, at that moment.
    pub(crate) free: bool,
    /// Counts the market's changes: while it grows, whoever holds the row gets on.
    pub(crate) revision: i64,
}

/// Looks at markets. Those that do not exist are left out.
pub(crate) async fn look(
    db: impl PgExecutor<'_>,
    ids: &[MarketId],
) -> Result<HashMap<MarketId, Sight>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"WITH free AS (
            SELECT market_id FROM markets WHERE market_id = ANY ($1)
            ORDER BY market_id FOR NO KEY UPDATE SKIP LOCKED
        ), outcome AS (
            SELECT market_id FROM outcomes WHERE market_id IN (SELECT market_id FROM free)
            ORDER BY outcome_id FOR NO KEY UPDATE SKIP LOCKED
        )
        SELECT m.market_id AS "market_id!: MarketId", m.revision AS "revision!",
            m.market_id IN (SELECT market_id FROM free)
                AND (SELECT count(*) FROM outcome o WHERE o.market_id = m.market_id)
                  = (SELECT count(*) FROM outcomes o WHERE o.market_id = m.market_id) AS "free!"
        FROM markets m WHERE m.market_id = ANY ($1)"#,
        ids as &[MarketId],
    )
    .fetch_all(db)
    .await?;
    let sight = |free, revision| Sight { free, revision };
    Ok(rows.into_iter().map(|row| (row.market_id, sight(row.free, row.revision))).collect())
}

/// Waits until whoever holds this market now has ended, at most `patience_ms`. Answers whether that was enough.
pub(crate) async fn await_holder(
    db: impl PgExecutor<'_>,
    market: MarketId,
    patience_ms: i32,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT await_recorders($1, $2) AS "ended!""#, market as MarketId, patience_ms,)
        .fetch_one(db)
        .await
}

/// Whether a statement gave up waiting for a row.
pub(crate) fn gave_up_waiting(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.as_deref() == Some("55P03")
}
