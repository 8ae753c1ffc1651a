//! Counting what a period that has ended has done, before it is taken away. Such a period never changes, so that it is
//! counted in pages, each with where it ends in one commit.

use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::domain::feed::Position;

/// How far a period is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    /// Up to which transfer.
    pub(crate) transfers: Position,
    /// Up to the result of which bet.
    pub(crate) results: Uuid,
    pub(crate) is_done: bool,
}

/// Notes that a period is to be counted, if it has ended.
pub(crate) async fn begin(executor: impl PgExecutor<'_>, period: i32) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO period_counts (period) SELECT period FROM periods WHERE period = $1 AND ended_at IS NOT NULL
        ON CONFLICT DO NOTHING",
        period,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// How far a period is counted; whoever counts it too waits until the commit.
pub(crate) async fn hold(connection: &mut PgConnection, period: i32) -> sqlx::Result<Option<Counted>> {
    let row = sqlx::query!(
        r#"SELECT xid::text::bigint AS "xid!", seq, bet_id, done FROM period_counts WHERE period = $1 FOR UPDATE"#,
        period,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Counted {
        transfers: Position { xid: row.xid, seq: row.seq },
        results: row.bet_id,
        is_done: row.done,
    }))
}

/// Counts at most `limit` transfers behind `from`, and tells how many. Stakes that did not end in the period are kept one
/// by one.
pub(crate) async fn transfers(
    connection: &mut PgConnection,
    period: i32,
    from: Position,
    limit: i64,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"WITH page AS (
            SELECT * FROM transfers WHERE period = $1 AND (xid, seq) > ((SELECT $2::bigint::text::xid8), $3)
            ORDER BY xid, seq LIMIT $4
        ), sides AS (
            SELECT account_id AS id, false AS is_system, balance_change(kind, points) AS balance,
                staked_change(kind, points) AS staked, profit_change(kind, points) AS profit
            FROM page
            UNION ALL
            SELECT counterpart(kind, market_id), true, -balance_change(kind, points), 0, 0 FROM page
        ), summed AS (
            INSERT INTO period_sums (id, period, is_system, balance, staked, profit)
            SELECT id, $1, bool_or(is_system), sum(balance), sum(staked), sum(profit) FROM sides GROUP BY id ORDER BY id
            ON CONFLICT (id, period) DO UPDATE SET balance = period_sums.balance + EXCLUDED.balance,
                staked = period_sums.staked + EXCLUDED.staked, profit = period_sums.profit + EXCLUDED.profit
        ), markets AS (
            INSERT INTO period_markets (period, market_id)
            SELECT DISTINCT $1::int, market_id FROM page WHERE market_id IS NOT NULL
            ON CONFLICT DO NOTHING
        ), carried AS (
            INSERT INTO period_stakes (transfer_id, period, bet_id, account_id, market_id, points)
            SELECT transfer_id, period, bet_id, account_id, market_id, points FROM page
            WHERE kind = 'stake' AND NOT stake_has_ended(transfer_id, bet_id, $1)
        ), moved AS (
            UPDATE period_counts c SET xid = last.xid, seq = last.seq,
                transfers = c.transfers + (SELECT count(*) FROM page)
            FROM (SELECT xid, seq FROM page ORDER BY xid DESC, seq DESC LIMIT 1) last
            WHERE c.period = $1
        )
        SELECT count(*) AS "count!" FROM page"#,
        period,
        from.xid,
        from.seq,
        limit,
    )
    .fetch_one(connection)
    .await
}

/// Counts at most `limit` results behind a bet's, by the bets' ids, and tells how many.
pub(crate) async fn results(
    connection: &mut PgConnection,
    period: i32,
    after: Uuid,
    limit: i64,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"WITH page AS (
            SELECT * FROM bet_results WHERE period = $1 AND bet_id > $2 ORDER BY bet_id LIMIT $3
        ), summed AS (
            INSERT INTO period_sums (id, period, is_system, balance, staked, profit)
            SELECT account_id, $1, false, 0, -sum(staked), sum(paid - staked) FROM page
            GROUP BY account_id ORDER BY account_id
            ON CONFLICT (id, period) DO UPDATE
            SET staked = period_sums.staked + EXCLUDED.staked, profit = period_sums.profit + EXCLUDED.profit
        ), moved AS (
            UPDATE period_counts c SET bet_id = last.bet_id, results = c.results + (SELECT count(*) FROM page)
            FROM (SELECT bet_id FROM page ORDER BY bet_id DESC LIMIT 1) last
            WHERE c.period = $1
        )
        SELECT count(*) AS "count!" FROM page"#,
        period,
        after,
        limit,
    )
    .fetch_one(connection)
    .await
}

/// Notes that all of a period is counted.
pub(crate) async fn finish(connection: &mut PgConnection, period: i32) -> sqlx::Result<()> {
    sqlx::query!("UPDATE period_counts SET done = true WHERE period = $1", period)
        .execute(connection)
        .await?;
    Ok(())
}
