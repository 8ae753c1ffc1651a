//! Periods of bets, and the partitions that they are.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use loljoa_service_kit::{MarketId, Points};
use sqlx::{PgConnection, PgExecutor};

use crate::periods::{Period, Sums};

/// All periods, the oldest first.
pub(crate) async fn list(db: impl PgExecutor<'_>) -> Result<Vec<Period>, sqlx::Error> {
    sqlx::query_as!(
        Period,
        r#"SELECT p.period, p.began_at, p.ended_at, p.archived_at,
            coalesce(p.bets, CASE WHEN c.reltuples < 100000 THEN (SELECT count(*) FROM bets b WHERE b.period = p.period)
                ELSE c.reltuples::bigint END, 0) AS "rows!",
            coalesce(p.bytes, pg_total_relation_size(c.oid), 0) AS "bytes!"
        FROM periods p LEFT JOIN pg_class c ON p.archived_at IS NULL AND c.oid = to_regclass('bets_' || p.period)
        ORDER BY p.period"#,
    )
    .fetch_all(db)
    .await
}

/// The period that goes on, and the one that is due by the clock.
pub(crate) async fn now(db: impl PgExecutor<'_>) -> Result<(i32, i32), sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT period AS "current!", period_due() AS "due!" FROM periods WHERE ended_at IS NULL"#,
    )
    .fetch_one(db)
    .await?;
    Ok((row.current, row.due))
}

/// Makes the partition of a period to come, unless it is there or another replica is at it. Answers whether it was made.
pub(crate) async fn add_partition(db: impl PgExecutor<'_>, period: i32) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT add_bets_partition($1) AS "made!""#, period).fetch_one(db).await
}

/// Ends the period that goes on and begins a later one. Answers whether it did.
pub(crate) async fn begin(db: impl PgExecutor<'_>, period: i32) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT begin_period($1) AS "began!""#, period).fetch_one(db).await
}

/// Has statements of this transaction wait no longer than half a second for a lock: whoever bets waits behind it.
pub(crate) async fn be_brief(db: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("SET LOCAL lock_timeout = '500ms'").execute(db).await?;
    Ok(())
}

/// Has an autovacuum of the period's bets go away, which only a patient waiter does, and keeps nobody else from anything.
pub(crate) async fn displace_vacuum(db: &mut PgConnection, period: i32) -> Result<(), sqlx::Error> {
    sqlx::query!("SET LOCAL lock_timeout = '3s'").execute(&mut *db).await?;
    sqlx::query!("SELECT claim_bets_partition($1)", period).fetch_one(db).await?;
    Ok(())
}

/// Has statements of this transaction wait so short for a lock that bets, which wait behind it, do not give up themselves.
pub(crate) async fn be_instant(db: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("SET LOCAL lock_timeout = '80ms'").execute(db).await?;
    Ok(())
}

/// Those of these markets whose bets have been archived, and when.
pub(crate) async fn archived(
    db: impl PgExecutor<'_>,
    markets: &[MarketId],
) -> Result<HashMap<MarketId, DateTime<Utc>>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT market_id AS "market!: MarketId", archived_at AS "archived_at!" FROM archived($1)"#,
        markets as &[MarketId],
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.market, row.archived_at)).collect())
}

/// Whether a market's bets have been archived; if not, they will not be before this transaction ends.
pub(crate) async fn hold(db: &mut PgConnection, market: MarketId) -> Result<bool, sqlx::Error> {
    sqlx::query!("SELECT current_period()").fetch_one(&mut *db).await?;
    Ok(!archived(db, &[market]).await?.is_empty())
}

/// Why a period cannot be archived yet.
pub(crate) async fn obstacles(db: impl PgExecutor<'_>, period: i32) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT period_obstacles($1) AS "obstacle!""#, period).fetch_all(db).await
}

/// Begins to sum a period's bets, or goes on where it was left.
pub(crate) async fn begin_archiving(db: impl PgExecutor<'_>, period: i32) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT begin_archiving($1)", period).fetch_one(db).await?;
    Ok(())
}

/// The next market of which bets of this period have yet to be summed.
pub(crate) async fn next_market(
    db: impl PgExecutor<'_>,
    period: i32,
) -> Result<Option<MarketId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT next_market_of_period($1, coalesce(
            (SELECT market_id FROM archived_markets WHERE period = $1 ORDER BY market_id DESC LIMIT 1),
            '00000000-0000-0000-0000-000000000000')) AS "market: MarketId""#,
        period,
    )
    .fetch_one(db)
    .await
}

/// Sums a market's bets in a period, however long it takes.
pub(crate) async fn sum(db: &mut PgConnection, period: i32, market: MarketId) -> Result<(), sqlx::Error> {
    sqlx::query!("SET LOCAL statement_timeout = 0").execute(&mut *db).await?;
    sqlx::query!(
        "INSERT INTO archived_markets (market_id, period, bets, staked, returned)
         SELECT $2, $1, count(*), coalesce(sum(stake) FILTER (WHERE state NOT IN ('cancelled', 'refunded')), 0),
            coalesce(sum(returned) FILTER (WHERE state NOT IN ('cancelled', 'refunded')), 0)
         FROM bets WHERE period = $1 AND market_id = $2
         ON CONFLICT DO NOTHING",
        period,
        market as MarketId,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What has been summed of a period so far, and whether it has been archived.
pub(crate) async fn sums(db: impl PgExecutor<'_>, period: i32) -> Result<(Sums, bool), sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT count(*) AS "markets!", coalesce(sum(bets), 0)::bigint AS "bets!",
            coalesce(sum(staked), 0)::bigint AS "staked!: Points",
            coalesce(sum(returned), 0)::bigint AS "returned!: Points",
            EXISTS (SELECT FROM periods WHERE period = $1 AND archived_at IS NOT NULL) AS "archived!"
        FROM archived_markets WHERE period = $1"#,
        period,
    )
    .fetch_one(db)
    .await?;
    let sums = Sums { markets: row.markets, bets: row.bets, staked: row.staked, returned: row.returned };
    Ok((sums, row.archived))
}

/// Keeps periods from changing, and corrections from beginning, until the transaction ends.
pub(crate) async fn lock(db: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT pg_advisory_xact_lock(period_lock())").fetch_one(db).await?;
    Ok(())
}

/// Detaches a period whose bets have all been summed. Answers whether they have not changed since; if they have, the
/// transaction is to be rolled back. The caller has locked, and asked for obstacles since.
pub(crate) async fn detach(db: &mut PgConnection, period: i32) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT detach_period($1) AS "detached!""#, period).fetch_one(db).await
}

/// Those of these markets that were opened in a later period.
pub(crate) async fn markets_after(
    db: impl PgExecutor<'_>,
    period: i32,
    markets: &[MarketId],
) -> Result<Vec<MarketId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT market_id AS "market: MarketId" FROM markets WHERE market_id = ANY ($1) AND period > $2"#,
        markets as &[MarketId],
        period,
    )
    .fetch_all(db)
    .await
}
