//! Rebuilds pools, bettors and positions from the bets alone, and reads the books for a comparison with the ledger.

use std::collections::{HashMap, HashSet};

use loljoa_service_kit::{BetId, MarketId, OutcomeId, Points, postgres};
use sqlx::{PgConnection, PgExecutor, PgPool, Postgres, Transaction};

use crate::domain::audit::{BookedBet, Books, Difference};

/// Compares every market with its bets, in one snapshot. Takes time in proportion to all bets.
pub(crate) async fn differences(db: impl PgExecutor<'_>) -> Result<Vec<Difference>, sqlx::Error> {
    sqlx::query_as!(
        Difference,
        r#"WITH sought AS (
            -- Positions of final markets are swept some day.
            SELECT outcome_id FROM outcomes JOIN markets USING (market_id) WHERE state NOT IN ('settled', 'void')
        ), standing AS (
            SELECT b.* FROM bets b JOIN markets USING (market_id) WHERE b.state NOT IN ('cancelled', 'refunded')
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
            FROM markets m LEFT JOIN (
                SELECT market_id, sum(stake) AS stake FROM standing GROUP BY market_id
            ) s USING (market_id)
            UNION ALL
            SELECT 'outcome', o.outcome_id,
                ROW(coalesce(l.pool, 0), coalesce(l.bettors, 0), l.account_id, coalesce(l.stake, 0))::text,
                ROW(o.pool, o.bettors, o.top_account_id, o.top_stake)::text
            FROM outcomes o JOIN markets USING (market_id) LEFT JOIN led l USING (outcome_id)
            UNION ALL
            SELECT 'position', coalesce(h.outcome_id, p.outcome_id),
                ROW(h.account_id, h.stake, h.bets, h.since_seq)::text,
                ROW(p.account_id, p.stake, p.bets, p.since_seq)::text
            FROM (SELECT h.* FROM held h JOIN sought USING (outcome_id)) h FULL JOIN (
                SELECT p.* FROM positions p JOIN sought USING (outcome_id) WHERE p.bets > 0
            ) p ON p.outcome_id = h.outcome_id AND p.account_id = h.account_id
            UNION ALL
            SELECT 'market_paid', m.market_id, ROW(m.pool, 0)::text, ROW(coalesce(p.points, 0), coalesce(p.still_open, 0))::text
            FROM markets m LEFT JOIN paid p USING (market_id) WHERE m.state IN ('settled', 'void')
        )
        SELECT name AS "check!", subject::text AS "subject!", expected AS "expected!", found AS "found!"
        FROM compared WHERE expected <> found ORDER BY name, subject"#,
    )
    .fetch_all(db)
    .await
}

/// A transaction that sees one state of the database for as long as it takes.
pub(crate) async fn snapshot(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let mut transaction =
        postgres::begin_with(pool, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    sqlx::query!("SET LOCAL statement_timeout = 0").execute(&mut *transaction).await?;
    Ok(transaction)
}

/// Reads all books.
pub(crate) async fn load(db: &mut PgConnection) -> Result<Books, sqlx::Error> {
    let read_at = super::now(&mut *db).await?;
    let bets = sqlx::query_as!(
        BookedBet,
        r#"SELECT bet_id AS "bet_id: _", seq, account_id AS "account_id: _", market_id AS "market_id: _",
            outcome_id AS "outcome_id: _", stake AS "stake: _", state AS "state: _", returned AS "returned: _"
        FROM bets"#,
    )
    .fetch_all(&mut *db)
    .await?;
    let owed = sqlx::query!(r#"SELECT bet_id AS "bet_id: BetId", correction AS "correction!" FROM owed"#)
        .fetch_all(&mut *db)
        .await?;
    let corrected = sqlx::query!(
        r#"SELECT m.market_id AS "market_id: MarketId", c.outcome_id AS "outcome_id: OutcomeId", m.pool AS "pool: Points",
            c.cursor
        FROM corrections c JOIN markets m USING (market_id)"#,
    )
    .fetch_all(&mut *db)
    .await?;
    Ok(Books {
        read_at,
        bets,
        owed: owed.into_iter().map(|row| (row.bet_id, row.correction)).collect::<HashSet<_>>(),
        corrected: corrected
            .into_iter()
            .map(|row| (row.market_id, (row.outcome_id, row.pool, row.cursor)))
            .collect::<HashMap<_, _>>(),
    })
}
