//! What the ledger has yet to be told.

use loljoa_service_kit::{AccountId, BetId, MarketId, Points};
use sqlx::{PgConnection, PgExecutor, postgres::types::PgInterval};

use crate::domain::{Owed, OwedKind};

/// Leases up to `limit` rows for `lease_ms`, so that replicas do not deliver the same at the same time.
pub(crate) async fn lease(
    db: impl PgExecutor<'_>,
    limit: i64,
    lease_ms: i64,
) -> Result<Vec<Owed>, sqlx::Error> {
    let lease = PgInterval { months: 0, days: 0, microseconds: lease_ms * 1_000 };
    sqlx::query_as!(
        Owed,
        r#"WITH due AS (
            SELECT bet_id, correction FROM owed WHERE NOT parked AND leased_until < clock_timestamp()
            ORDER BY bet_id, correction LIMIT $1 FOR UPDATE SKIP LOCKED
        )
        UPDATE owed o SET leased_until = clock_timestamp() + $2
        FROM due WHERE o.bet_id = due.bet_id AND o.correction = due.correction
        RETURNING o.bet_id AS "bet_id: _", o.account_id AS "account_id: _", o.market_id AS "market_id: _",
            o.kind AS "kind: _", o.points AS "points: _", o.staked AS "staked: _""#,
        limit,
        lease,
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
        "UPDATE owed SET parked = true WHERE bet_id = $1 AND correction = $2",
        owed.bet_id as BetId,
        owed.kind == OwedKind::Correction,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Lets everything that was set aside be tried again at once, and answers how much that is.
pub(crate) async fn unpark(db: impl PgExecutor<'_>) -> Result<u64, sqlx::Error> {
    let unparked = sqlx::query!(
        "WITH parked AS (
            SELECT bet_id, correction FROM owed WHERE parked ORDER BY bet_id, correction FOR UPDATE
        )
        UPDATE owed o SET parked = false, leased_until = '-infinity'
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

/// Owes corrections. The caller holds the market.
pub(crate) async fn add_corrections(
    db: &mut PgConnection,
    market: MarketId,
    corrections: &[Owed],
) -> Result<(), sqlx::Error> {
    let (ids, _) = keys(corrections);
    let accounts: Vec<_> = corrections.iter().map(|owed| owed.account_id).collect();
    let points: Vec<_> = corrections.iter().map(|owed| owed.points).collect();
    let stakes: Vec<_> = corrections.iter().map(|owed| owed.staked).collect();
    sqlx::query!(
        "INSERT INTO owed (bet_id, account_id, market_id, kind, points, staked)
         SELECT bet_id, account_id, $1, 'correction', points, staked
         FROM unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[]) AS c (bet_id, account_id, points, staked)
         ORDER BY bet_id",
        market as MarketId,
        &ids as &[BetId],
        &accounts as &[AccountId],
        &points as &[Points],
        &stakes as &[Points],
    )
    .execute(db)
    .await?;
    Ok(())
}

/// How many rows wait, and how many of them are parked.
pub(crate) async fn depth(db: impl PgExecutor<'_>) -> Result<(usize, usize), sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT count(*) AS "waiting!", count(*) FILTER (WHERE parked) AS "parked!" FROM owed"#,
    )
    .fetch_one(db)
    .await?;
    let count = |n| usize::try_from(n).unwrap_or_default();
    Ok((count(row.waiting), count(row.parked)))
}
