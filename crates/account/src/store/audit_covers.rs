//! Covers: what the house may still pay for each market. They follow from stakes and corrections alone, and are audited as
//! balances are, but for markets of which transfers are archived: what those made of their covers is not kept.

use loljoa_service_kit::Points;
use sqlx::PgConnection;
use uuid::Uuid;

use super::audit_step::{Findings, columns};
use crate::domain::{
    audit::{Check, Difference},
    feed::Position,
};

/// Up to where covers are folded.
pub(crate) async fn cursor(connection: &mut PgConnection) -> sqlx::Result<Position> {
    let row =
        sqlx::query!(r#"SELECT cover_xid::text::bigint AS "xid!", cover_seq AS "seq!" FROM audit_cursor"#);
    let row = row.fetch_one(connection).await?;
    Ok(Position { xid: row.xid, seq: row.seq })
}

/// Folds what at most `limit` transfers behind `from` and below the watermark do to covers, and tells how many there were.
pub(crate) async fn fold(connection: &mut PgConnection, from: Position, limit: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"WITH page AS (
            SELECT xid, seq, market_id, cover_change(kind, points) AS change FROM transfers
            WHERE (xid, seq) > ((SELECT $1::bigint::text::xid8), $2)
                AND xid < pg_snapshot_xmin(pg_current_snapshot())
            ORDER BY xid, seq
            LIMIT $3
        ), folded AS (
            INSERT INTO audit_covers (market_id, cover, dirty)
            SELECT market_id, sum(change), true FROM page WHERE change <> 0 GROUP BY market_id ORDER BY market_id
            ON CONFLICT (market_id) DO UPDATE SET cover = audit_covers.cover + EXCLUDED.cover, dirty = true
        ), moved AS (
            UPDATE audit_cursor c SET cover_xid = last.xid, cover_seq = last.seq
            FROM (SELECT xid, seq FROM page ORDER BY xid DESC, seq DESC LIMIT 1) last
        )
        SELECT count(*) AS "count!" FROM page"#,
        from.xid,
        from.seq,
        limit,
    )
    .fetch_one(connection)
    .await
}

/// At most `limit` markets that were folded into since they were compared, and as many that differed then.
pub(crate) async fn touched(connection: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        r#"(SELECT market_id AS "market!" FROM audit_covers WHERE dirty ORDER BY market_id LIMIT $1)
        UNION
        (SELECT market_id FROM audit_covers WHERE difference <> 0 ORDER BY market_id LIMIT $1)"#,
        limit,
    )
    .fetch_all(connection)
    .await
}

/// Compares what is stored with what should be, for `ids` and for all markets of transfers behind `from`.
pub(crate) async fn compare(
    connection: &mut PgConnection,
    from: Position,
    ids: &[Uuid],
) -> sqlx::Result<Vec<Difference>> {
    let rows = sqlx::query!(
        r#"WITH changes AS (
            SELECT market_id, cover_change(kind, points) AS change FROM transfers
            WHERE (xid, seq) > ($1::bigint::text::xid8, $2) AND market_id IS NOT NULL
            UNION ALL
            SELECT id, 0 FROM unnest($3::uuid[]) AS chosen (id)
        ), looked_at AS (
            SELECT market_id, sum(change)::bigint AS change FROM changes GROUP BY market_id
        ), compared AS (
            SELECT l.market_id, l.change + coalesce(a.cover, 0)
                    + coalesce((SELECT sum(c.cover) FROM cleared c WHERE c.ledger_id = l.market_id), 0)::bigint AS expected,
                coalesce((SELECT sum(s.cover) FROM system_balances s WHERE s.ledger_id = l.market_id), 0)::bigint AS found
            FROM looked_at l
            LEFT JOIN LATERAL (SELECT cover FROM audit_covers a WHERE a.market_id = l.market_id LIMIT 1) a ON true
        )
        SELECT market_id AS "id!", expected AS "expected!: Points", found AS "found!: Points"
        FROM compared c
        WHERE expected <> found AND NOT EXISTS (SELECT FROM archived_markets m WHERE m.market_id = c.market_id)
        ORDER BY market_id"#,
        from.xid,
        from.seq,
        ids,
    )
    .fetch_all(connection)
    .await?;
    let difference = |id, expected, found| Difference { id, check: Check::Cover, expected, found };
    Ok(rows.into_iter().map(|row| difference(row.id, row.expected, row.found)).collect())
}

/// Notes what the comparison of `ids` has found: these differences, and that all others are equal.
pub(crate) async fn settle(
    connection: &mut PgConnection,
    ids: &[Uuid],
    found: &[Difference],
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE audit_covers SET dirty = false, difference = 0
        WHERE market_id = ANY ($1) AND (dirty OR difference <> 0)",
        ids,
    )
    .execute(&mut *connection)
    .await?;
    let (differing, apart) = columns(found);
    sqlx::query!(
        "INSERT INTO audit_covers (market_id, cover, dirty, difference)
        SELECT id, 0, false, apart FROM unnest($1::uuid[], $2::bigint[]) AS found (id, apart) ORDER BY id
        ON CONFLICT (market_id) DO UPDATE SET difference = EXCLUDED.difference",
        &differing,
        &apart,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// All covers that are known to differ.
pub(crate) async fn findings(connection: &mut PgConnection) -> sqlx::Result<Findings> {
    sqlx::query_as!(
        Findings,
        r#"SELECT count(*) AS "count!",
            least(coalesce(sum(abs(difference::numeric)), 0), 9223372036854775807)::bigint AS "apart!: Points",
            greatest(least(coalesce(sum(difference), 0), 9223372036854775807), -9223372036854775807)::bigint
                AS "sum!: Points"
        FROM audit_covers WHERE difference <> 0"#
    )
    .fetch_one(connection)
    .await
}

/// A market's cover as it is stored, and what moved behind a place of the feed.
pub(crate) struct Tail {
    pub(crate) market: Uuid,
    pub(crate) stored: Points,
    pub(crate) change: Points,
    pub(crate) is_archived: bool,
}

/// All covers, and what is behind `from`, whether it is below the watermark or not.
pub(crate) async fn tail(connection: &mut PgConnection, from: Position) -> sqlx::Result<Vec<Tail>> {
    sqlx::query_as!(
        Tail,
        r#"WITH changes AS (
            SELECT market_id, cover_change(kind, points) AS change FROM transfers
            WHERE (xid, seq) > ((SELECT $1::bigint::text::xid8), $2) AND market_id IS NOT NULL
            UNION ALL
            SELECT ledger_id, cover FROM cleared
        ), moved AS (
            SELECT market_id, sum(change)::bigint AS change FROM changes GROUP BY market_id
        ), stored AS (
            SELECT ledger_id AS market_id, sum(cover)::bigint AS cover FROM system_balances GROUP BY ledger_id
        )
        SELECT market_id AS "market!", coalesce(stored.cover, 0) AS "stored!: Points",
            coalesce(moved.change, 0) AS "change!: Points",
            EXISTS (SELECT FROM archived_markets a WHERE a.market_id = coalesce(stored.market_id, moved.market_id))
                AS "is_archived!"
        FROM stored FULL JOIN moved USING (market_id)"#,
        from.xid,
        from.seq,
    )
    .fetch_all(connection)
    .await
}

/// By how much a market's cover is stored wrong, by all of its transfers; nothing where some are archived. As for a balance,
/// transfers and covers move in one commit.
pub(crate) async fn difference(connection: &mut PgConnection, market: Uuid) -> sqlx::Result<Points> {
    sqlx::query_scalar!(
        r#"SELECT CASE WHEN EXISTS (SELECT FROM archived_markets WHERE market_id = $1) THEN 0 ELSE
            coalesce((SELECT sum(cover_change(kind, points)) FROM transfers WHERE market_id = $1), 0)
            + coalesce((SELECT sum(cover) FROM cleared WHERE ledger_id = $1), 0)
            - coalesce((SELECT sum(cover) FROM system_balances WHERE ledger_id = $1), 0)
        END::bigint AS "difference!: Points""#,
        market,
    )
    .fetch_one(connection)
    .await
}
