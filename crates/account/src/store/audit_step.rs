//! The incremental audit: transfers are folded into `audit_balances`, which is compared with what is stored.
//!
//! All functions of one step run in one REPEATABLE READ transaction, so that they see one state.

use chrono::{DateTime, Utc};
use loljoa_service_kit::Points;
use sqlx::{PgConnection, PgExecutor, postgres::types::PgInterval};
use uuid::Uuid;

use crate::domain::{
    audit::{Check, Difference},
    feed::Position,
};

/// Where the audit stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    /// Up to where transfers are folded.
    pub(crate) folded: Position,
    /// Up to which id accounts have been sampled.
    pub(crate) sampled: Uuid,
    /// Up to which id opening balances have been taken over; the greatest there is when all are.
    pub(crate) opened: Uuid,
}

/// What is known to differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    /// Accounts and system accounts.
    pub(crate) count: i64,
    /// By how much, each taken as positive.
    pub(crate) apart: Points,
    /// By how much all together. What transfers make sums to zero, so this is what all that is stored sums to.
    pub(crate) sum: Points,
}

/// Lets `replica` audit for `lease` if no other does, and tells where to go on. One step at a time is made whoever makes it.
pub(crate) async fn take(
    connection: &mut PgConnection,
    replica: Uuid,
    lease: PgInterval,
) -> sqlx::Result<Option<Progress>> {
    let locked = sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock(hashtext('loljoa.account.audit')) AS "locked!""#
    );
    if !locked.fetch_one(&mut *connection).await? {
        return Ok(None);
    }
    let taken = sqlx::query!(
        r#"UPDATE audit_cursor SET holder = $1, held_until = clock_timestamp() + $2::interval
        WHERE holder IS NULL OR holder = $1 OR held_until < clock_timestamp()
        RETURNING xid::text::bigint AS "xid!", seq, sampled, opened"#,
        replica,
        lease,
    );
    let taken = taken.fetch_optional(connection).await?;
    Ok(taken.map(|row| Progress {
        folded: Position { xid: row.xid, seq: row.seq },
        sampled: row.sampled,
        opened: row.opened,
    }))
}

/// Lets another replica go on at once.
pub(crate) async fn release(executor: impl PgExecutor<'_>, replica: Uuid) -> sqlx::Result<()> {
    sqlx::query!("UPDATE audit_cursor SET holder = NULL WHERE holder = $1", replica)
        .execute(executor)
        .await?;
    Ok(())
}

/// Takes over at most `limit` balances that archived periods left, behind `from` in the order of their ids, and tells how
/// many.
pub(crate) async fn open(connection: &mut PgConnection, from: Uuid, limit: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"WITH page AS (
            SELECT id, sum(balance)::bigint AS balance FROM period_sums s
            WHERE id > $1 AND EXISTS (SELECT FROM periods p WHERE p.period = s.period AND p.archived_at IS NOT NULL)
            GROUP BY id ORDER BY id LIMIT $2
        ), taken AS (
            INSERT INTO audit_balances (id, balance, dirty) SELECT id, balance, true FROM page ORDER BY id
            ON CONFLICT (id) DO UPDATE SET balance = audit_balances.balance + EXCLUDED.balance, dirty = true
        ), moved AS (
            UPDATE audit_cursor
            SET opened = CASE WHEN (SELECT count(*) FROM page) < $2 THEN $3
                ELSE (SELECT id FROM page ORDER BY id DESC LIMIT 1) END
        )
        SELECT count(*) AS "count!" FROM page"#,
        from,
        limit,
        Uuid::max(),
    )
    .fetch_one(connection)
    .await
}

/// Up to where transfers are folded.
pub(crate) async fn cursor(connection: &mut PgConnection) -> sqlx::Result<Position> {
    sqlx::query_as!(Position, r#"SELECT xid::text::bigint AS "xid!", seq FROM audit_cursor"#)
        .fetch_one(connection)
        .await
}

/// Folds at most `limit` transfers behind `from` and below the watermark, and tells how many.
pub(crate) async fn fold(connection: &mut PgConnection, from: Position, limit: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"WITH page AS (
            SELECT xid, seq, debit_id, credit_id, points FROM transfers
            WHERE (xid, seq) > ((SELECT $1::bigint::text::xid8), $2)
                AND xid < pg_snapshot_xmin(pg_current_snapshot())
            ORDER BY xid, seq
            LIMIT $3
        ), sides AS (
            SELECT debit_id AS id, -points AS change FROM page
            UNION ALL
            SELECT credit_id, points FROM page
        ), folded AS (
            INSERT INTO audit_balances (id, balance, dirty)
            SELECT id, sum(change), true FROM sides GROUP BY id ORDER BY id
            ON CONFLICT (id) DO UPDATE SET balance = audit_balances.balance + EXCLUDED.balance, dirty = true
        ), moved AS (
            UPDATE audit_cursor c SET xid = last.xid, seq = last.seq
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

/// At most `limit` of those that transfers have touched since they were compared.
pub(crate) async fn touched(connection: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar!("SELECT id FROM audit_balances WHERE dirty ORDER BY id LIMIT $1", limit)
        .fetch_all(connection)
        .await
}

/// At most `limit` of those that differed when they were compared last.
pub(crate) async fn differing(connection: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar!("SELECT id FROM audit_balances WHERE difference <> 0 ORDER BY id LIMIT $1", limit)
        .fetch_all(connection)
        .await
}

/// The next `limit` in the order of their ids behind `from`, touched or not, of all that are stored or should be.
pub(crate) async fn sample(connection: &mut PgConnection, from: Uuid, limit: i64) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        r#"WITH known AS (
            (SELECT account_id AS id FROM user_balances WHERE account_id > $1 ORDER BY account_id LIMIT $2)
            UNION
            (SELECT DISTINCT ledger_id FROM system_balances WHERE ledger_id > $1 ORDER BY ledger_id LIMIT $2)
            UNION
            (SELECT id FROM audit_balances WHERE id > $1 ORDER BY id LIMIT $2)
        )
        SELECT id AS "id!" FROM known ORDER BY id LIMIT $2"#,
        from,
        limit,
    )
    .fetch_all(connection)
    .await
}

/// Notes up to which id accounts have been sampled.
pub(crate) async fn move_sample(connection: &mut PgConnection, to: Uuid) -> sqlx::Result<()> {
    sqlx::query!("UPDATE audit_cursor SET sampled = $1", to).execute(connection).await?;
    Ok(())
}

/// Compares what is stored with what should be, for `ids` and for all that is touched by transfers behind `from`.
///
/// What should be is the folded balance and the transfers behind `from`, which are not folded yet, and what was cleared.
pub(crate) async fn compare(
    connection: &mut PgConnection,
    from: Position,
    ids: &[Uuid],
) -> sqlx::Result<Vec<Difference>> {
    let rows = sqlx::query!(
        r#"WITH tail AS (
            SELECT debit_id, credit_id, points FROM transfers WHERE (xid, seq) > ($1::bigint::text::xid8, $2)
        ), sides AS (
            SELECT debit_id AS id, -points AS change FROM tail
            UNION ALL
            SELECT credit_id, points FROM tail
            UNION ALL
            SELECT id, 0 FROM unnest($3::uuid[]) AS chosen (id)
        ), looked_at AS (
            SELECT id, sum(change)::bigint AS change FROM sides GROUP BY id
        ), compared AS (
            SELECT l.id, l.change + coalesce(a.balance, 0)
                    + coalesce((SELECT sum(c.points) FROM cleared c WHERE c.ledger_id = l.id), 0)::bigint AS expected,
                coalesce(u.balance, (SELECT sum(s.balance) FROM system_balances s WHERE s.ledger_id = l.id), 0)::bigint
                    AS found
            FROM looked_at l
            LEFT JOIN LATERAL (SELECT balance FROM audit_balances a WHERE a.id = l.id LIMIT 1) a ON true
            LEFT JOIN LATERAL (SELECT balance FROM user_balances u WHERE u.account_id = l.id LIMIT 1) u ON true
        )
        SELECT id AS "id!", expected AS "expected!: Points", found AS "found!: Points"
        FROM compared WHERE expected <> found ORDER BY id"#,
        from.xid,
        from.seq,
        ids,
    )
    .fetch_all(connection)
    .await?;
    let difference = |id, expected, found| Difference { id, check: Check::Balance, expected, found };
    Ok(rows.into_iter().map(|row| difference(row.id, row.expected, row.found)).collect())
}

/// What differs, and by how much it is stored too high, as columns of a statement.
pub(super) fn columns(found: &[Difference]) -> (Vec<Uuid>, Vec<i64>) {
    found.iter().map(|it| (it.id, it.found.0.saturating_sub(it.expected.0))).unzip()
}

/// Notes what the comparison of `ids` has found: these differences, and that all others are equal.
pub(crate) async fn settle(
    connection: &mut PgConnection,
    ids: &[Uuid],
    found: &[Difference],
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE audit_balances SET dirty = false, difference = 0
        WHERE id = ANY ($1) AND (dirty OR difference <> 0)",
        ids,
    )
    .execute(&mut *connection)
    .await?;
    let (differing, apart) = columns(found);
    sqlx::query!(
        "INSERT INTO audit_balances (id, balance, dirty, difference)
        SELECT id, 0, false, apart FROM unnest($1::uuid[], $2::bigint[]) AS found (id, apart) ORDER BY id
        ON CONFLICT (id) DO UPDATE SET difference = EXCLUDED.difference",
        &differing,
        &apart,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// All that is known to differ.
pub(crate) async fn findings(connection: &mut PgConnection) -> sqlx::Result<Findings> {
    sqlx::query_as!(
        Findings,
        r#"SELECT count(*) AS "count!",
            least(coalesce(sum(abs(difference::numeric)), 0), 9223372036854775807)::bigint AS "apart!: Points",
            greatest(least(coalesce(sum(difference), 0), 9223372036854775807), -9223372036854775807)::bigint
                AS "sum!: Points"
        FROM audit_balances WHERE difference <> 0"#
    )
    .fetch_one(connection)
    .await
}

/// Notes that all that transfers have touched has been compared, whatever came of it.
pub(crate) async fn succeed(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("UPDATE audit_cursor SET succeeded_at = clock_timestamp()").execute(connection).await?;
    Ok(())
}

/// When that was noted last, and how many milliseconds ago; none until it has been once.
pub(crate) async fn success(connection: &mut PgConnection) -> sqlx::Result<Option<(DateTime<Utc>, i64)>> {
    let row = sqlx::query!(
        r#"SELECT succeeded_at, (extract(epoch FROM clock_timestamp() - succeeded_at) * 1000)::bigint AS age_ms
        FROM audit_cursor"#,
    )
    .fetch_one(connection)
    .await?;
    Ok(row.succeeded_at.zip(row.age_ms))
}
