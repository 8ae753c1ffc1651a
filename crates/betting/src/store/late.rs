//! Bets that have to go back because a market's lock moved to before them. Whoever moves the lock only notes it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use loljoa_service_kit::{BetId, MarketId, Points};
use sqlx::{PgConnection, PgExecutor};

/// Notes that a market's bets recorded at or after its new lock are to be refunded. The caller holds the market.
pub(crate) async fn note(
    db: &mut PgConnection,
    market: MarketId,
    lock_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO late_refunds (market_id, recorded_from) VALUES ($1, $2)
         ON CONFLICT (market_id, recorded_from) DO UPDATE SET recorded_to = NULL, cursor = 0",
        market as MarketId,
        lock_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A market opens again at `now`: what is bet from now on stands. The caller holds the market.
pub(crate) async fn spare_from(
    db: &mut PgConnection,
    market: MarketId,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE late_refunds SET recorded_to = $2 WHERE market_id = $1 AND recorded_to IS NULL",
        market as MarketId,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What stands in bets of each of these markets that were recorded at its instant or later; markets without any are left out.
pub(crate) async fn stakes_from(
    db: impl PgExecutor<'_>,
    markets: &[MarketId],
    from: &[DateTime<Utc>],
) -> Result<HashMap<MarketId, Points>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT b.market_id AS "market_id!: MarketId", sum(b.stake)::bigint AS "stake!: Points"
        FROM unnest($1::uuid[], $2::timestamptz[]) AS late (market_id, recorded_from)
        CROSS JOIN LATERAL (
            SELECT market_id, stake FROM bets
            WHERE market_id = late.market_id AND state = 'accepted' AND recorded_at >= late.recorded_from
        ) b
        GROUP BY b.market_id"#,
        markets as &[MarketId],
        from,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.market_id, row.stake)).collect())
}

/// A stretch of late bets that is being refunded.
#[derive(Clone, Debug)]
pub(crate) struct Stretch {
    /// Whose.
    pub(crate) market_id: MarketId,
    /// Bets recorded at or after this instant …
    pub(crate) recorded_from: DateTime<Utc>,
    /// … and at or before this one, where there is one.
    pub(crate) recorded_to: Option<DateTime<Utc>>,
    /// Bets up to this sequence have been looked at.
    pub(crate) cursor: i64,
}

/// The first stretch that a market has. The caller holds the market.
pub(crate) async fn first(db: &mut PgConnection, market: MarketId) -> Result<Option<Stretch>, sqlx::Error> {
    sqlx::query_as!(
        Stretch,
        r#"SELECT market_id AS "market_id: _", recorded_from, recorded_to, cursor
        FROM late_refunds WHERE market_id = $1 ORDER BY recorded_from LIMIT 1"#,
        market as MarketId,
    )
    .fetch_optional(db)
    .await
}

/// Late bets, and where to look on.
#[derive(Clone, Debug)]
pub(crate) struct LateBets {
    /// Those that stand.
    pub(crate) bets: Vec<BetId>,
    /// The last sequence that was looked at; absent at the end.
    pub(crate) last: Option<i64>,
}

/// The late ones among the next `look_at` bets, at most `limit`.
pub(crate) async fn next(
    db: &mut PgConnection,
    stretch: &Stretch,
    look_at: i64,
    limit: i64,
) -> Result<LateBets, sqlx::Error> {
    let row = sqlx::query!(
        r#"WITH page AS MATERIALIZED (
            SELECT bet_id, seq, state, recorded_at FROM bets WHERE market_id = $1 AND seq > $2 ORDER BY seq LIMIT $3
        ), late AS MATERIALIZED (
            SELECT bet_id, seq FROM page
            WHERE state = 'accepted' AND recorded_at >= $4 AND recorded_at <= coalesce($5, 'infinity'::timestamptz)
            ORDER BY seq LIMIT $6
        )
        SELECT ARRAY(SELECT bet_id FROM late) AS "bets!: Vec<BetId>",
            CASE WHEN (SELECT count(*) FROM late) = $6 THEN (SELECT max(seq) FROM late)
                ELSE (SELECT CASE WHEN count(*) = $3 THEN max(seq) END FROM page) END AS last"#,
        stretch.market_id as MarketId,
        stretch.cursor,
        look_at,
        stretch.recorded_from,
        stretch.recorded_to,
        limit,
    )
    .fetch_one(db)
    .await?;
    Ok(LateBets { bets: row.bets, last: row.last })
}

/// Refunds late bets and notes how far that is. The caller holds the market.
pub(crate) async fn refund(
    db: &mut PgConnection,
    stretch: &Stretch,
    late: &LateBets,
) -> Result<(), sqlx::Error> {
    if !late.bets.is_empty() {
        sqlx::query!(
            r#"SELECT withdraw_bets($1, 'refunded', 'tombstone', clock_timestamp()) AS "withdrawn!""#,
            &late.bets as &[BetId],
        )
        .fetch_one(&mut *db)
        .await?;
    }
    sqlx::query!(
        "WITH done AS (
            DELETE FROM late_refunds WHERE market_id = $1 AND recorded_from = $2 AND $3::bigint IS NULL
        )
        UPDATE late_refunds SET cursor = $3 WHERE market_id = $1 AND recorded_from = $2 AND $3 IS NOT NULL",
        stretch.market_id as MarketId,
        stretch.recorded_from,
        late.last,
    )
    .execute(db)
    .await?;
    Ok(())
}
