//! Pools, bettors and positions, rebuilt from the bets, some markets at a time.

use loljoa_service_kit::{MarketId, postgres};
use sqlx::{PgExecutor, PgPool};

use crate::domain::audit::Difference;

/// The next markets behind one, in the order of their ids.
pub(crate) async fn markets_after(
    db: impl PgExecutor<'_>,
    after: MarketId,
    limit: i64,
) -> sqlx::Result<Vec<MarketId>> {
    sqlx::query_scalar!(
        r#"SELECT market_id AS "id: MarketId" FROM markets WHERE market_id > $1 ORDER BY market_id LIMIT $2"#,
        after as MarketId,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Compares these markets with their bets, in one state of the database and for as long as it takes.
///
/// Positions of a final market say nothing any more, and may be gone. Markets whose bets have been archived are compared with the
/// sums that were kept.
pub(crate) async fn differences(pool: &PgPool, markets: &[MarketId]) -> sqlx::Result<Vec<Difference>> {
    let mut snapshot = postgres::begin_with(pool, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    sqlx::query!("SET LOCAL statement_timeout = 0").execute(&mut *snapshot).await?;
    // Before the snapshot is taken: or else bets that are being archived would be gone, and nothing say so.
    sqlx::query!("LOCK TABLE bets IN ACCESS SHARE MODE").execute(&mut *snapshot).await?;
    let differences = sqlx::query_as!(
        Difference,
        r#"WITH market AS (
            SELECT *, state IN ('settled', 'void') AS is_final FROM markets
            WHERE market_id = ANY ($1) AND market_id NOT IN (SELECT market_id FROM archived($1))
        ), standing AS (
            SELECT b.*, is_final FROM bets b JOIN market USING (market_id)
            WHERE b.state NOT IN ('cancelled', 'refunded')
        ), held AS (
            SELECT outcome_id, account_id, sum(stake) AS stake, count(*) AS bets, min(seq) AS since_seq, is_final
            FROM standing GROUP BY outcome_id, account_id, is_final
        ), led AS (
            SELECT DISTINCT ON (outcome_id) outcome_id, account_id, stake,
                sum(stake) OVER whole AS pool, count(*) OVER whole AS bettors
            FROM held WINDOW whole AS (PARTITION BY outcome_id) ORDER BY outcome_id, stake DESC, since_seq
        ), paid AS (
            SELECT market_id, sum(stake) AS stake, sum(returned) AS points,
                count(*) FILTER (WHERE state = 'accepted') AS still_open
            FROM standing GROUP BY market_id
        ), compared (name, subject, expected, found) AS (
            SELECT 'market_pool', m.market_id, coalesce(p.stake, 0)::text, m.pool::text
            FROM market m LEFT JOIN paid p USING (market_id)
            UNION ALL
            SELECT 'outcome', o.outcome_id,
                ROW(coalesce(l.pool, 0), coalesce(l.bettors, 0), l.account_id, coalesce(l.stake, 0))::text,
                ROW(o.pool, o.bettors, o.top_account_id, o.top_stake)::text
            FROM outcomes o JOIN market USING (market_id) LEFT JOIN led l USING (outcome_id)
            UNION ALL
            SELECT 'position', coalesce(h.outcome_id, p.outcome_id),
                ROW(h.account_id, h.stake, h.bets, h.since_seq)::text,
                ROW(p.account_id, p.stake, p.bets, p.since_seq)::text
            FROM (SELECT * FROM held WHERE NOT is_final) h FULL JOIN (
                SELECT p.* FROM positions p JOIN outcomes o USING (outcome_id) JOIN market USING (market_id)
                WHERE p.bets > 0 AND NOT is_final
            ) p ON p.outcome_id = h.outcome_id AND p.account_id = h.account_id
            UNION ALL
            SELECT 'market_paid', m.market_id, ROW(m.pool, 0)::text,
                ROW(coalesce(p.points, 0), coalesce(p.still_open, 0))::text
            FROM market m LEFT JOIN paid p USING (market_id) WHERE m.is_final
            UNION ALL
            SELECT d.check_name, a.market_id, d.expected, d.found
            FROM archived($1) a CROSS JOIN LATERAL archived_differences(a.market_id) d
        )
        SELECT name AS "check!", subject::text AS "subject!", expected AS "expected!", found AS "found!"
        FROM compared WHERE expected <> found ORDER BY name, subject"#,
        markets as &[MarketId],
    )
    .fetch_all(&mut *snapshot)
    .await?;
    snapshot.commit().await?;
    Ok(differences)
}
