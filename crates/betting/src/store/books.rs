//! Rebuilds pools, bettors and positions from the bets alone.

use loljoa_service_kit::MarketId;
use sqlx::PgExecutor;

use crate::domain::audit::Difference;

/// Compares every market, or only those that are not final, with its bets, in one snapshot.
pub(crate) async fn differences(
    db: impl PgExecutor<'_>,
    live_only: bool,
) -> Result<Vec<Difference>, sqlx::Error> {
    sqlx::query_as!(
        Difference,
        r#"WITH market AS (
            SELECT * FROM markets WHERE NOT $1 OR state NOT IN ('settled', 'void')
        ), sought AS (
            -- Positions of final markets are swept some day.
            SELECT outcome_id FROM outcomes JOIN market USING (market_id) WHERE state NOT IN ('settled', 'void')
        ), standing AS (
            SELECT b.* FROM bets b JOIN market USING (market_id) WHERE b.state NOT IN ('cancelled', 'refunded')
        ), held AS (
            SELECT outcome_id, account_id, sum(stake) AS stake, count(*) AS bets, min(seq) AS since_seq
            FROM standing GROUP BY outcome_id, account_id
        ), led AS (
            SELECT DISTINCT ON (outcome_id) outcome_id, account_id, stake,
                sum(stake) OVER whole AS pool, count(*) OVER whole AS bettors
            FROM held WINDOW whole AS (PARTITION BY outcome_id) ORDER BY outcome_id, stake DESC, since_seq
        ), paid AS (
            SELECT market_id, sum(returned) AS points, count(*) FILTER (WHERE state = 'accepted') AS still_open
            FROM standing GROUP BY market_id
        ), compared (name, subject, expected, found) AS (
            SELECT 'market_pool', m.market_id, coalesce(s.stake, 0)::text, m.pool::text
            FROM market m LEFT JOIN (
                SELECT market_id, sum(stake) AS stake FROM standing GROUP BY market_id
            ) s USING (market_id)
            UNION ALL
            SELECT 'outcome', o.outcome_id,
                ROW(coalesce(l.pool, 0), coalesce(l.bettors, 0), l.account_id, coalesce(l.stake, 0))::text,
                ROW(o.pool, o.bettors, o.top_account_id, o.top_stake)::text
            FROM outcomes o JOIN market USING (market_id) LEFT JOIN led l USING (outcome_id)
            UNION ALL
            SELECT 'position', coalesce(h.outcome_id, p.outcome_id),
                ROW(h.account_id, h.stake, h.bets, h.since_seq)::text,
                ROW(p.account_id, p.stake, p.bets, p.since_seq)::text
            FROM (SELECT h.* FROM held h JOIN sought USING (outcome_id)) h FULL JOIN (
                SELECT p.* FROM positions p JOIN sought USING (outcome_id) WHERE p.bets > 0
            ) p ON p.outcome_id = h.outcome_id AND p.account_id = h.account_id
            UNION ALL
            SELECT 'market_paid', m.market_id, ROW(m.pool, 0)::text, ROW(coalesce(p.points, 0), coalesce(p.still_open, 0))::text
            FROM market m LEFT JOIN paid p USING (market_id) WHERE m.state IN ('settled', 'void')
        )
        SELECT name AS "check!", subject::text AS "subject!", expected AS "expected!", found AS "found!"
        FROM compared WHERE expected <> found ORDER BY name, subject"#,
        live_only,
    )
    .fetch_all(db)
    .await
}

/// Markets that have become final within the last hour.
pub(crate) async fn lately_final(db: impl PgExecutor<'_>, limit: i64) -> Result<Vec<MarketId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT market_id AS "id: MarketId" FROM markets
        WHERE closed_at > clock_timestamp() - interval '1 hour' ORDER BY closed_at DESC LIMIT $1"#,
        limit,
    )
    .fetch_all(db)
    .await
}
