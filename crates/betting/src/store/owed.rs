//! What the ledger has yet to be told.

use std::collections::HashSet;

use loljoa_service_kit::{BetId, Cell};
use sqlx::{PgExecutor, postgres::types::PgInterval};

use crate::domain::{Owed, OwedKind};

/// Leases up to `limit` rows that are due for `lease_ms`, so that replicas do not deliver the same at the same time. Stakes
/// that go back come first, then the oldest.
///
/// The index gives them in this order. Passed over are only those that are leased already or wait for their next attempt, and
/// those of accounts in other cells of the ledger.
pub(crate) async fn lease(
    db: impl PgExecutor<'_>,
    cell: Cell,
    limit: i64,
    lease_ms: i64,
) -> Result<Vec<Owed>, sqlx::Error> {
    let lease = PgInterval { months: 0, days: 0, microseconds: lease_ms * 1_000 };
    let slots = (!cell.is_alone()).then(|| cell.slots());
    let (first, last) = slots.map(|slots| (i32::from(*slots.start()), i32::from(*slots.end()))).unzip();
    sqlx::query_as!(
        Owed,
        r#"WITH due AS (
            SELECT bet_id, correction FROM owed WHERE NOT parked AND leased_until < clock_timestamp()
                AND ($3::int IS NULL OR slot_of(account_id) BETWEEN $3 AND $4)
            ORDER BY owed_priority(kind), created_at LIMIT $1 FOR UPDATE SKIP LOCKED
        )
        UPDATE owed o SET leased_until = clock_timestamp() + $2
        FROM due WHERE o.bet_id = due.bet_id AND o.correction = due.correction
        RETURNING o.bet_id AS "bet_id: _", o.account_id AS "account_id: _", o.market_id AS "market_id: _",
            o.kind AS "kind: _", o.points AS "points: _", o.staked AS "staked: _""#,
        limit,
        lease,
        first,
        last,
    )
    .fetch_all(db)
    .await
}

/// Forgets what the ledger has acknowledged.
pub(crate) async fn acknowledge(db: impl PgExecutor<'_>, done: &[Owed]) -> Result<(), sqlx::Error> {
    let (ids, corrections) = keys(done);
    sqlx::query!(
        "WITH done AS (
            SELECT o.bet_id, o.correction FROM owed o
            JOIN unnest($1::uuid[], $2::boolean[]) AS k (bet_id, correction) USING (bet_id, correction)
            ORDER BY o.bet_id, o.correction FOR UPDATE OF o
        )
        DELETE FROM owed o USING done WHERE o.bet_id = done.bet_id AND o.correction = done.correction",
        &ids as &[BetId],
        &corrections,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Sets aside what the ledger refused, until a person has looked.
pub(crate) async fn park(db: impl PgExecutor<'_>, owed: &Owed) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE owed SET parked = true, attempts = attempts + 1 WHERE bet_id = $1 AND correction = $2",
        owed.bet_id as BetId,
        owed.kind == OwedKind::Correction,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// When what has failed is tried again, and when no more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// After the first failure; doubled with each further one. Milliseconds.
    pub(crate) backoff_ms: u32,
    /// At most so much. Milliseconds.
    pub(crate) backoff_max_ms: u32,
    /// After so many failures it is set aside.
    pub(crate) attempts: u16,
}

/// Notes that an attempt has failed, and answers whether it was the last one, so that the row is set aside.
pub(crate) async fn set_back(
    db: impl PgExecutor<'_>,
    owed: &Owed,
    patience: Patience,
) -> Result<bool, sqlx::Error> {
    let parked = sqlx::query_scalar!(
        "UPDATE owed SET attempts = attempts + 1, parked = attempts + 1 >= $5, leased_until = clock_timestamp()
            + least($3::float8 * power(2, least(attempts, 40)), $4::float8) * interval '1 millisecond'
         WHERE bet_id = $1 AND correction = $2 RETURNING parked",
        owed.bet_id as BetId,
        owed.kind == OwedKind::Correction,
        f64::from(patience.backoff_ms),
        f64::from(patience.backoff_max_ms),
        i32::from(patience.attempts),
    )
    .fetch_optional(db)
    .await?;
    Ok(parked.unwrap_or(false))
}

/// Which of these bets never stood: their stake came too late, or was never followed by the bet.
pub(crate) async fn never_stood(
    db: impl PgExecutor<'_>,
    bets: &[BetId],
) -> Result<HashSet<BetId>, sqlx::Error> {
    let ids = sqlx::query_scalar!(
        r#"SELECT bet_id AS "id: BetId" FROM bets WHERE bet_id = ANY ($1) AND tombstone IS NOT NULL"#,
        bets as &[BetId],
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().collect())
}

/// Lets everything that was set aside be tried again at once, and answers how much that is.
pub(crate) async fn unpark(db: impl PgExecutor<'_>) -> Result<u64, sqlx::Error> {
    let unparked = sqlx::query!(
        "WITH parked AS (
            SELECT bet_id, correction FROM owed WHERE parked ORDER BY bet_id, correction FOR UPDATE
        )
        UPDATE owed o SET parked = false, attempts = 0, leased_until = '-infinity'
        FROM parked WHERE o.bet_id = parked.bet_id AND o.correction = parked.correction",
    )
    .execute(db)
    .await?;
    Ok(unparked.rows_affected())
}

/// Gives a lease back, so that the next attempt need not wait for its end.
pub(crate) async fn release(db: impl PgExecutor<'_>, undelivered: &[Owed]) -> Result<(), sqlx::Error> {
    let (ids, corrections) = keys(undelivered);
    sqlx::query!(
        "WITH mine AS (
            SELECT o.bet_id, o.correction FROM owed o
            JOIN unnest($1::uuid[], $2::boolean[]) AS k (bet_id, correction) USING (bet_id, correction)
            ORDER BY o.bet_id, o.correction FOR UPDATE OF o
        )
        UPDATE owed o SET leased_until = '-infinity'
        FROM mine WHERE o.bet_id = mine.bet_id AND o.correction = mine.correction",
        &ids as &[BetId],
        &corrections,
    )
    .execute(db)
    .await?;
    Ok(())
}

fn keys(owed: &[Owed]) -> (Vec<BetId>, Vec<bool>) {
    owed.iter().map(|row| (row.bet_id, row.kind == OwedKind::Correction)).unzip()
}

/// How many payments and results wait, and how many of them are parked.
pub(crate) async fn depth(db: impl PgExecutor<'_>) -> Result<(usize, usize), sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT count(*) + (SELECT coalesce(sum(bets), 0) FROM owed_chunks) AS "waiting!",
            count(*) FILTER (WHERE parked) AS "parked!" FROM owed"#,
    )
    .fetch_one(db)
    .await?;
    let count = |n| usize::try_from(n).unwrap_or_default();
    Ok((count(row.waiting), count(row.parked)))
}
