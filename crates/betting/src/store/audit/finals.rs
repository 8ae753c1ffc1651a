//! Final markets: the ledger holds nothing for them.

use chrono::{DateTime, Utc};
use loljoa_service_kit::MarketId;
use sqlx::{PgExecutor, PgPool};

use super::changes::select_audited;
use crate::domain::finding::AuditedBet;

/// Markets that were final before `horizon` and of which it is not known yet that the ledger holds nothing, after a market.
pub(crate) async fn open(
    db: impl PgExecutor<'_>,
    horizon: DateTime<Utc>,
    after: MarketId,
    limit: i64,
) -> Result<Vec<MarketId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT a.market_id AS "id: MarketId" FROM audit_markets a
        JOIN LATERAL (SELECT closed_at FROM markets WHERE market_id = a.market_id LIMIT 1) m ON true
        WHERE NOT a.emptied AND a.market_id > $1 AND m.closed_at < $3
        ORDER BY a.market_id LIMIT $2"#,
        after as MarketId,
        limit,
        horizon,
    )
    .fetch_all(db)
    .await
}

/// Forgets up to `limit` counted positions of a final market, and answers how many these were.
pub(crate) async fn forget_positions(
    db: impl PgExecutor<'_>,
    market: MarketId,
    limit: i64,
) -> Result<u64, sqlx::Error> {
    let forgotten = sqlx::query!(
        "DELETE FROM audit_positions p USING (
            SELECT p.outcome_id, p.account_id FROM audit_outcomes o JOIN audit_positions p USING (outcome_id)
            WHERE o.market_id = $1 ORDER BY p.outcome_id, p.account_id LIMIT $2 FOR UPDATE OF p
        ) gone WHERE p.outcome_id = gone.outcome_id AND p.account_id = gone.account_id",
        market as MarketId,
        limit,
    )
    .execute(db)
    .await?;
    Ok(forgotten.rows_affected())
}

/// Notes that the ledger holds nothing for a market, unless a bet of it has changed since it was last compared.
pub(crate) async fn mark_empty(db: impl PgExecutor<'_>, market: MarketId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE audit_markets SET emptied = true WHERE market_id = $1 AND NOT dirty",
        market as MarketId,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The next bets of a market that are to be compared with the ledger because it holds points for the market.
pub(crate) async fn next_bets(
    pool: &PgPool,
    market: MarketId,
    limit: i64,
) -> Result<Vec<AuditedBet>, sqlx::Error> {
    select_audited!(
        "WHERE market_id = $1 AND seq > (SELECT examined_seq FROM audit_markets WHERE market_id = $1)
         ORDER BY seq LIMIT $2",
        market as MarketId,
        limit,
    )
    .fetch_all(pool)
    .await
}

/// Notes up to where bets of a market have been compared for that.
pub(crate) async fn set_examined(
    db: impl PgExecutor<'_>,
    market: MarketId,
    seq: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE audit_markets SET examined_seq = $2 WHERE market_id = $1", market as MarketId, seq,)
        .execute(db)
        .await?;
    Ok(())
}
