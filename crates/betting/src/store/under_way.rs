//! Which markets need a worker, and how far each has come.

use chrono::{DateTime, Utc};
use loljoa_service_kit::{MarketId, OutcomeId, Points};
use sqlx::{PgConnection, PgExecutor, postgres::types::PgInterval};
use uuid::Uuid;

use crate::domain::{
    MarketState,
    payout::{Cutoff, Division},
};

/// A market that a worker has to bring on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnderWay {
    /// Which.
    pub(crate) market_id: MarketId,
    /// When it came to need a worker.
    pub(crate) since: DateTime<Utc>,
    /// How many milliseconds ago that was.
    pub(crate) age_ms: i64,
}

/// Markets that a worker has to bring on: decided, being settled or voided, with late bets, or with corrections to be owed.
pub(crate) async fn list(db: impl PgExecutor<'_>) -> Result<Vec<UnderWay>, sqlx::Error> {
    sqlx::query_as!(
        UnderWay,
        r#"SELECT market_id AS "market_id!: MarketId", coalesce(min(since), clock_timestamp()) AS "since!",
            coalesce(greatest(extract(epoch FROM clock_timestamp() - min(since)) * 1000, 0), 0)::bigint AS "age_ms!"
        FROM (
            SELECT market_id, ending_since AS since FROM markets
            WHERE state NOT IN ('settled', 'void')
                AND (state IN ('settling', 'voiding') OR (state = 'locked' AND decided_outcome_id IS NOT NULL))
            UNION ALL SELECT market_id, since FROM late_refunds
            UNION ALL SELECT market_id, created_at FROM corrections WHERE done_at IS NULL
        ) AS under_way
        GROUP BY market_id ORDER BY market_id"#,
    )
    .fetch_all(db)
    .await
}

/// How many markets a worker has to bring on, and how many milliseconds ago the first of them came to need one; 0 without any.
pub(crate) async fn lag(db: impl PgExecutor<'_>) -> Result<(i64, i64), sqlx::Error> {
    let row = sqlx::query!(
        r#"WITH under_way AS (
            SELECT market_id, ending_since AS since FROM markets
            WHERE state NOT IN ('settled', 'void')
                AND (state IN ('settling', 'voiding') OR (state = 'locked' AND decided_outcome_id IS NOT NULL))
            UNION ALL SELECT market_id, since FROM late_refunds
            UNION ALL SELECT market_id, created_at FROM corrections WHERE done_at IS NULL
        )
        SELECT count(DISTINCT market_id) AS "markets!",
            coalesce(greatest(extract(epoch FROM clock_timestamp() - min(since)) * 1000, 0), 0)::bigint AS "oldest_ms!"
        FROM under_way"#,
    )
    .fetch_one(db)
    .await?;
    Ok((row.markets, row.oldest_ms))
}

/// Where a market stands on its way to its end.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// Its state.
    pub(crate) state: MarketState,
    /// All stakes.
    pub(crate) pool: Points,
    /// The outcome that it is to settle on.
    pub(crate) decided: Option<OutcomeId>,
    /// How it ends, once that is fixed.
    pub(crate) end: Option<End>,
    /// Bets up to this sequence are closed.
    pub(crate) cursor: i64,
    /// Another replica counts its bets.
    pub(crate) is_claimed: bool,
    /// Every cell of the ledger has cleared it.
    pub(crate) is_cleared: bool,
}

/// How a market ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With this outcome, the pool divided so.
    Settled(OutcomeId, Division),
    /// With every stake given back.
    Void,
}

/// Takes hold of a market, unless another replica has it.
pub(crate) async fn hold(
    db: &mut PgConnection,
    market: MarketId,
    replica: Uuid,
) -> Result<Option<Held>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT state AS "state: MarketState", pool AS "pool: Points", decided_outcome_id AS "decided: OutcomeId",
            settled_outcome_id AS "outcome: OutcomeId", winning_total AS "winning_total: Points", cutoff_remainder,
            cutoff_seq, close_cursor,
            claimed_by IS DISTINCT FROM $2 AND claimed_until > clock_timestamp() AS "is_claimed!",
            cleared_at IS NOT NULL AS "is_cleared!"
        FROM markets WHERE market_id = $1 FOR NO KEY UPDATE SKIP LOCKED"#,
        market as MarketId,
        replica,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| {
        let cutoff = row.cutoff_remainder.zip(row.cutoff_seq);
        let cutoff = cutoff.map(|(remainder, seq)| Cutoff { remainder, seq });
        let settled = row.outcome.zip(row.winning_total).map(|(outcome, winning_total)| {
            End::Settled(outcome, Division { pool: row.pool, winning_total, cutoff })
        });
        let end = if row.state == MarketState::Voiding { Some(End::Void) } else { settled };
        Held {
            state: row.state,
            pool: row.pool,
            decided: row.decided,
            end,
            cursor: row.close_cursor,
            is_claimed: row.is_claimed,
            is_cleared: row.is_cleared,
        }
    }))
}

/// Has other replicas leave the counting of a market's bets to this one for `claim_ms`.
pub(crate) async fn claim(
    db: &mut PgConnection,
    market: MarketId,
    replica: Uuid,
    claim_ms: i64,
) -> Result<(), sqlx::Error> {
    let claim = PgInterval { months: 0, days: 0, microseconds: claim_ms * 1_000 };
    sqlx::query!(
        "UPDATE markets SET claimed_by = $2, claimed_until = clock_timestamp() + $3 WHERE market_id = $1",
        market as MarketId,
        replica,
        claim,
    )
    .execute(db)
    .await?;
    Ok(())
}
