//! All transfers in commit order.

use chrono::{DateTime, TimeDelta, Utc};
use loljoa_service_kit::{AccountId, BetId, MarketId, Points, TransferId};
use sqlx::{PgExecutor, postgres::types::PgInterval};

use crate::domain::{
    feed::{Entry, Position},
    transfer::{Kind, Transfer},
};

struct Row {
    xid: i64,
    seq: i64,
    id: TransferId,
    kind: Kind,
    account: AccountId,
    market: Option<MarketId>,
    bet: Option<BetId>,
    points: Points,
    fingerprint: Vec<u8>,
    closes: Option<TransferId>,
    created_at: DateTime<Utc>,
    ripe: bool,
}

/// Transfers behind `from`, below the oldest transaction that is still under way: whatever commits later comes later.
///
/// The place's transaction is a query of its own, here and wherever a feed is read by pages, so that the planner does not look at
/// its value: it would take it that a transaction had few rows, and sort all that are left of one that had many, for each page.
pub(crate) async fn page(
    executor: impl PgExecutor<'_>,
    from: Position,
    min_age: TimeDelta,
    limit: i64,
) -> sqlx::Result<Vec<Entry>> {
    let min_age =
        PgInterval { months: 0, days: 0, microseconds: min_age.num_microseconds().unwrap_or(i64::MAX) };
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT xid::text::bigint AS "xid!", seq, transfer_id AS "id: TransferId", kind AS "kind: Kind",
            account_id AS "account: AccountId", market_id AS "market: MarketId", bet_id AS "bet: BetId",
            points AS "points: Points", fingerprint, closes_transfer_id AS "closes: TransferId", created_at,
            created_at <= clock_timestamp() - $3::interval AS "ripe!"
        FROM transfers
        WHERE (xid, seq) > ((SELECT $1::bigint::text::xid8), $2)
            AND xid < pg_snapshot_xmin(pg_current_snapshot())
        ORDER BY xid, seq
        LIMIT $4"#,
        from.xid,
        from.seq,
        min_age,
        limit,
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(Entry::from).collect())
}

/// How a reader stands to the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Whether there is a transfer where it says it has read to, or was one that is archived.
    pub(crate) known: bool,
    /// The age of the oldest transfer that it will not have read; 0 when there is none. Milliseconds.
    pub(crate) lag_ms: i64,
}

/// How a reader that came from `from` and goes on at `next` stands. Looks at what is committed, also above the watermark.
pub(crate) async fn standing(
    executor: impl PgExecutor<'_>,
    from: Position,
    next: Position,
) -> sqlx::Result<Standing> {
    sqlx::query_as!(
        Standing,
        r#"SELECT EXISTS (SELECT FROM transfers WHERE (xid, seq) = ($1::bigint::text::xid8, $2)) OR EXISTS (
                SELECT FROM periods JOIN period_counts USING (period)
                WHERE archived_at IS NOT NULL AND (xid, seq) >= ($1::bigint::text::xid8, $2)
            ) AS "known!",
            coalesce((
                SELECT greatest(extract(epoch FROM clock_timestamp() - created_at) * 1000, 1)::bigint FROM transfers
                WHERE (xid, seq) > ((SELECT $3::bigint::text::xid8), $4) ORDER BY xid, seq LIMIT 1
            ), 0) AS "lag_ms!""#,
        from.xid,
        from.seq,
        next.xid,
        next.seq,
    )
    .fetch_one(executor)
    .await
}

impl From<Row> for Entry {
    fn from(row: Row) -> Self {
        Self {
            position: Position { xid: row.xid, seq: row.seq },
            transfer: Transfer {
                id: row.id,
                kind: row.kind,
                account: row.account,
                market: row.market,
                bet: row.bet,
                points: row.points,
                fingerprint: row.fingerprint,
                closes: row.closes,
            },
            created_at: row.created_at,
            ripe: row.ripe,
        }
    }
}
