//! The full audit: system accounts, whose transfers no index finds, so that the whole feed is folded once.

use loljoa_service_kit::{AccountId, BetId, MarketId, Points, TransferId};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::domain::{
    audit::{BetTransfer, BetTransferKind, Check, Difference},
    feed::Position,
    transfer::Kind,
};

/// A transfer as its system account sees it.
pub(crate) struct Entry {
    pub(crate) position: Position,
    /// The house, or a market's pool.
    pub(crate) ledger: Uuid,
    pub(crate) change: Points,
    /// What it does to the cover of its market; none for a grant.
    pub(crate) cover: Option<(Uuid, Points)>,
    /// The transfer as a bet sees it; none for a grant.
    pub(crate) bet_transfer: Option<BetTransfer>,
}

/// Which transfers are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Those below the watermark: none that comes later can lie before them.
    BelowWatermark,
    /// All that are committed.
    Committed,
}

/// The next transfers behind `from`.
pub(crate) async fn page(
    db: impl PgExecutor<'_>,
    from: Position,
    reach: Reach,
    limit: i64,
) -> sqlx::Result<Vec<Entry>> {
    let rows = sqlx::query!(
        r#"SELECT xid::text::bigint AS "xid!", seq, transfer_id AS "transfer_id: TransferId", kind AS "kind: Kind",
            account_id AS "account_id: AccountId", market_id AS "market_id: MarketId", bet_id AS "bet_id: BetId",
            points AS "points: Points", fingerprint, created_at,
            CASE WHEN kind = 'stake' THEN credit_id ELSE debit_id END AS "ledger!",
            CASE WHEN kind = 'stake' THEN points ELSE -points END AS "change!: Points",
            cover_change(kind, points) AS "cover!: Points"
        FROM transfers
        WHERE (xid, seq) > ((SELECT $1::bigint::text::xid8), $2)
            AND ($3 OR xid < pg_snapshot_xmin(pg_current_snapshot()))
        ORDER BY xid, seq LIMIT $4"#,
        from.xid,
        from.seq,
        reach == Reach::Committed,
        limit,
    )
    .fetch_all(db)
    .await?;
    let entries = rows.into_iter().map(|row| {
        let bet = BetTransferKind::of(row.kind).zip(row.bet_id.zip(row.market_id));
        let bet_transfer = bet.map(|(kind, (bet_id, market_id))| BetTransfer {
            transfer_id: row.transfer_id,
            kind,
            bet_id,
            account_id: row.account_id,
            market_id,
            points: row.points,
            fingerprint: row.fingerprint,
            created_at: row.created_at,
        });
        let position = Position { xid: row.xid, seq: row.seq };
        let cover = row.market_id.map(|market| (market.0, row.cover));
        Entry { position, ledger: row.ledger, change: row.change, cover, bet_transfer }
    });
    Ok(entries.collect())
}

/// A system account as it is stored, and what moved in archived periods, behind a place of the feed, and when it was cleared.
pub(crate) struct Tail {
    pub(crate) ledger: Uuid,
    pub(crate) stored: Points,
    pub(crate) change: Points,
    /// Behind the place.
    pub(crate) transfers: i64,
}

/// All system accounts, what archived periods did to them, and what is behind `from`, whether it is below the watermark
/// or not.
pub(crate) async fn tail(connection: &mut PgConnection, from: Position) -> sqlx::Result<Vec<Tail>> {
    sqlx::query_as!(
        Tail,
        r#"WITH late AS (
            SELECT CASE WHEN kind = 'stake' THEN credit_id ELSE debit_id END AS ledger_id,
                CASE WHEN kind = 'stake' THEN points ELSE -points END AS change, 1 AS transfers
            FROM transfers WHERE (xid, seq) > ((SELECT $1::bigint::text::xid8), $2)
            UNION ALL
            SELECT id, balance, 0 FROM opening_balances WHERE is_system
            UNION ALL
            SELECT ledger_id, points, 0 FROM cleared
        ), moved AS (
            SELECT ledger_id, sum(change)::bigint AS change, sum(transfers) AS transfers FROM late GROUP BY ledger_id
        ), stored AS (
            SELECT ledger_id, sum(balance)::bigint AS balance FROM system_balances GROUP BY ledger_id
        )
        SELECT ledger_id AS "ledger!", coalesce(stored.balance, 0) AS "stored!: Points",
            coalesce(moved.change, 0) AS "change!: Points", coalesce(moved.transfers, 0) AS "transfers!"
        FROM stored FULL JOIN moved USING (ledger_id)"#,
        from.xid,
        from.seq,
    )
    .fetch_all(connection)
    .await
}

/// At most `limit` markets behind one, by their ids, for which the ledger holds points, or has paid too many.
pub(crate) async fn holding(
    db: impl PgExecutor<'_>,
    after: MarketId,
    limit: i64,
) -> sqlx::Result<Vec<(MarketId, Points)>> {
    let rows = sqlx::query!(
        r#"SELECT ledger_id AS "market: MarketId", sum(balance)::bigint AS "points!: Points" FROM system_balances
        WHERE ledger_id > $1 AND ledger_id NOT IN (house(), clearing()) GROUP BY ledger_id HAVING sum(balance) <> 0
        ORDER BY ledger_id LIMIT $2"#,
        after as MarketId,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.market, row.points)).collect())
}

/// Stakes that were applied although their marker refuses them.
pub(crate) async fn refused_stakes(connection: &mut PgConnection) -> sqlx::Result<Vec<Difference>> {
    let rows = sqlx::query!(
        r#"SELECT transfer_id AS id, points AS "found: Points"
        FROM transfers JOIN refused_stakes USING (transfer_id) ORDER BY transfer_id"#
    )
    .fetch_all(connection)
    .await?;
    let difference = |id, found| Difference { id, check: Check::RefusedStake, expected: Points::ZERO, found };
    Ok(rows.into_iter().map(|row| difference(row.id, row.found)).collect())
}
