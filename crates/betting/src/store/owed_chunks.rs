//! What the end of a market owes, chunk by chunk: the bets themselves say what.

use loljoa_service_kit::{AccountId, BetId, Cell, MarketId, Points};
use sqlx::{PgConnection, PgExecutor, postgres::types::PgInterval};

use crate::domain::{BetState, Owed, OwedKind};

/// Bets of a market, from the first to the last of these sequences, of whose end the ledger has yet to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// Of which market.
    pub(crate) market_id: MarketId,
    /// The first.
    pub(crate) first_seq: i64,
    /// The last.
    pub(crate) last_seq: i64,
    /// Of accounts in this slot or behind it.
    pub(crate) first_slot: i32,
    /// And up to this one.
    pub(crate) last_slot: i32,
}

/// Leases the oldest chunk of a cell that no other replica has for `lease_ms`.
pub(crate) async fn lease(
    db: impl PgExecutor<'_>,
    cell: Cell,
    lease_ms: i64,
) -> Result<Option<Chunk>, sqlx::Error> {
    let lease = PgInterval { months: 0, days: 0, microseconds: lease_ms * 1_000 };
    let slots = cell.slots();
    sqlx::query_as!(
        Chunk,
        r#"WITH due AS (
            SELECT market_id, first_seq, first_slot FROM owed_chunks
            WHERE leased_until < clock_timestamp() AND first_slot >= $2 AND last_slot <= $3
            ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED
        )
        UPDATE owed_chunks c SET leased_until = clock_timestamp() + $1
        FROM due WHERE c.market_id = due.market_id AND c.first_seq = due.first_seq AND c.first_slot = due.first_slot
        RETURNING c.market_id AS "market_id: _", c.first_seq, c.last_seq, c.first_slot, c.last_slot"#,
        lease,
        i32::from(*slots.start()),
        i32::from(*slots.end()),
    )
    .fetch_optional(db)
    .await
}

/// What is owed to the bets of a chunk.
pub(crate) async fn bets(db: impl PgExecutor<'_>, chunk: Chunk) -> Result<Vec<Owed>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT bet_id AS "bet_id: BetId", account_id AS "account_id: AccountId",
            state AS "state: BetState", returned AS "returned: Points", stake AS "stake: Points"
        FROM bets
        WHERE market_id = $1 AND seq BETWEEN $2 AND $3 AND state IN ('won', 'lost', 'void')
            AND slot_of(account_id) BETWEEN $4 AND $5
        ORDER BY seq"#,
        chunk.market_id as MarketId,
        chunk.first_seq,
        chunk.last_seq,
        chunk.first_slot,
        chunk.last_slot,
    )
    .fetch_all(db)
    .await?;
    let owed = rows.into_iter().map(|row| Owed {
        bet_id: row.bet_id,
        account_id: row.account_id,
        market_id: chunk.market_id,
        kind: row.state.closing().unwrap_or(OwedKind::Lost),
        points: row.returned,
        staked: row.stake,
    });
    Ok(owed.collect())
}

/// Forgets a chunk that the ledger has acknowledged.
pub(crate) async fn acknowledge(db: impl PgExecutor<'_>, chunk: Chunk) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM owed_chunks WHERE market_id = $1 AND first_seq = $2 AND first_slot = $3",
        chunk.market_id as MarketId,
        chunk.first_seq,
        chunk.first_slot,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Owes each bet of a chunk for itself instead, if the chunk is still there.
pub(crate) async fn take_apart(db: &mut PgConnection, chunk: Chunk) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH chunk AS (
            DELETE FROM owed_chunks WHERE market_id = $1 AND first_seq = $2 AND first_slot = $3
            RETURNING last_seq, first_slot, last_slot
        )
        INSERT INTO owed (bet_id, account_id, market_id, kind, points, staked)
        SELECT bet_id, account_id, b.market_id, CASE state WHEN 'won' THEN 'payout' ELSE state END, returned, stake
        FROM chunk c JOIN bets b ON b.market_id = $1 AND b.seq BETWEEN $2 AND c.last_seq
        WHERE state IN ('won', 'lost', 'void') AND slot_of(account_id) BETWEEN c.first_slot AND c.last_slot ORDER BY bet_id",
        chunk.market_id as MarketId,
        chunk.first_seq,
        chunk.first_slot,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Gives a lease back, so that the next attempt need not wait for its end.
pub(crate) async fn release(db: impl PgExecutor<'_>, chunk: Chunk) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE owed_chunks SET leased_until = '-infinity' WHERE market_id = $1 AND first_seq = $2 AND first_slot = $3",
        chunk.market_id as MarketId,
        chunk.first_seq,
        chunk.first_slot,
    )
    .execute(db)
    .await?;
    Ok(())
}
