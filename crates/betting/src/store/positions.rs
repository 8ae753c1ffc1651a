//! What each account has on each outcome.

use std::{collections::HashMap, time::Duration};

use loljoa_service_kit::{AccountId, MarketId, Points};
use sqlx::{PgExecutor, postgres::types::PgInterval};

use crate::domain::market::{Bettors, TopBettor};

/// Who has staked on these markets, at most `most` of each by account; markets without stakes are left out.
///
/// However many there are, only the leaders of each outcome are read, and what these have on the market's other outcomes.
pub(crate) async fn bettors(
    db: impl PgExecutor<'_>,
    markets: &[MarketId],
    most: i64,
) -> Result<HashMap<MarketId, Bettors>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"WITH answer AS MATERIALIZED (
            SELECT o.market_id, o.outcome_id, o.bettors
            FROM (SELECT DISTINCT id FROM unnest((SELECT $1::uuid[])) AS i (id)) AS asked
            CROSS JOIN LATERAL (SELECT * FROM outcomes WHERE market_id = asked.id OFFSET 0) o
            WHERE o.bettors > 0
        ), leader AS (
            SELECT DISTINCT a.market_id, l.account_id FROM answer a
            CROSS JOIN LATERAL (SELECT account_id FROM leaders WHERE outcome_id = a.outcome_id OFFSET 0) l
        ), known AS (
            SELECT market_id, account_id, sum(p.stake)::bigint AS stake, count(*) AS positions,
                row_number() OVER (PARTITION BY market_id ORDER BY sum(p.stake) DESC, account_id) AS place
            FROM leader JOIN answer USING (market_id)
            CROSS JOIN LATERAL (
                SELECT p.stake FROM positions p
                WHERE p.outcome_id = answer.outcome_id AND p.account_id = leader.account_id AND p.stake > 0 LIMIT 1
            ) p
            GROUP BY market_id, account_id
        )
        SELECT a.market_id AS "market_id!: MarketId",
            (a.bettors - coalesce(k.positions, 0) + coalesce(k.accounts, 0))::bigint AS "count!",
            coalesce(k.account_ids, '{}') AS "account_ids!: Vec<AccountId>",
            coalesce(k.stakes, '{}') AS "stakes!: Vec<Points>"
        FROM (SELECT market_id, sum(bettors) AS bettors FROM answer GROUP BY market_id) a
        LEFT JOIN (
            SELECT market_id, sum(positions) AS positions, count(*) AS accounts,
                array_agg(account_id ORDER BY place) FILTER (WHERE place <= $2) AS account_ids,
                array_agg(stake ORDER BY place) FILTER (WHERE place <= $2) AS stakes
            FROM known GROUP BY market_id
        ) k USING (market_id)"#,
        markets as &[MarketId],
        most,
    )
    .fetch_all(db)
    .await?;
    let bettors = rows.into_iter().map(|row| {
        let largest = row.account_ids.into_iter().zip(row.stakes);
        let largest = largest.map(|(account_id, stake)| TopBettor { account_id, stake }).collect();
        (row.market_id, Bettors { count: row.count, largest })
    });
    Ok(bettors.collect())
}

/// Deletes up to `most` positions of one market that has been final for `kept`. Answers how many were there; none when no
/// market is left, or another replica is at it.
pub(crate) async fn sweep(
    db: impl PgExecutor<'_>,
    kept: Duration,
    most: i64,
) -> Result<Option<i64>, sqlx::Error> {
    let microseconds = i64::try_from(kept.as_micros()).unwrap_or(i64::MAX);
    let kept = PgInterval { months: 0, days: 0, microseconds };
    sqlx::query_scalar!("SELECT sweep_positions($1, $2)", kept, most).fetch_one(db).await
}
