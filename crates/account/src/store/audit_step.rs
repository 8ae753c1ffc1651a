//! The incremental audit: transfers are folded into `audit_balances`, which is compared with what is stored.
//!
//! All functions of one step run in one REPEATABLE READ transaction, so that they see one state.

use loljoa_service_kit::Points;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    audit::{Check, Difference},
    domain::feed::Position,
};

/// Lets one replica at a time do a step; tells whether this one may.
pub(crate) async fn try_lock(connection: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"SELECT pg_try_advisory_xact_lock(hashtext('loljoa.account.audit')) AS "locked!""#)
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
            WHERE (xid, seq) > ($1::bigint::text::xid8, $2) AND xid < pg_snapshot_xmin(pg_current_snapshot())
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

/// Compares what is stored with what should be, for all that transfers have touched since it was last found equal.
///
/// What should be is the folded balance and the transfers behind `from`, which are not folded yet.
pub(crate) async fn compare(connection: &mut PgConnection, from: Position) -> sqlx::Result<Vec<Difference>> {
    let rows = sqlx::query!(
        r#"WITH tail AS (
            SELECT debit_id, credit_id, points FROM transfers WHERE (xid, seq) > ($1::bigint::text::xid8, $2)
        ), sides AS (
            SELECT debit_id AS id, -points AS change FROM tail
            UNION ALL
            SELECT credit_id, points FROM tail
            UNION ALL
            SELECT id, 0 FROM audit_balances WHERE dirty
        ), touched AS (
            SELECT id, sum(change)::bigint AS change FROM sides GROUP BY id
        ), compared AS (
            SELECT t.id, t.change + coalesce(a.balance, 0) AS expected,
                coalesce(u.balance, (SELECT sum(s.balance) FROM system_balances s WHERE s.ledger_id = t.id), 0)::bigint
                    AS found
            FROM touched t
            LEFT JOIN audit_balances a ON a.id = t.id
            LEFT JOIN user_balances u ON u.account_id = t.id
        )
        SELECT id AS "id!", expected AS "expected!: Points", found AS "found!: Points"
        FROM compared WHERE expected <> found ORDER BY id"#,
        from.xid,
        from.seq,
    )
    .fetch_all(connection)
    .await?;
    let difference = |id, expected, found| Difference { id, check: Check::Balance, expected, found };
    Ok(rows.into_iter().map(|row| difference(row.id, row.expected, row.found)).collect())
}

/// Notes that everything but `differing` was found equal.
pub(crate) async fn mark_equal(connection: &mut PgConnection, differing: &[Uuid]) -> sqlx::Result<()> {
    sqlx::query!("UPDATE audit_balances SET dirty = false WHERE dirty AND id <> ALL ($1)", differing)
        .execute(connection)
        .await?;
    Ok(())
}

/// The sum of all balances; zero, if all is well.
pub(crate) async fn sum(connection: &mut PgConnection) -> sqlx::Result<Points> {
    sqlx::query_scalar!(
        r#"SELECT (
            coalesce((SELECT sum(balance) FROM user_balances), 0)
            + coalesce((SELECT sum(balance) FROM system_balances), 0)
        )::bigint AS "sum!: Points""#
    )
    .fetch_one(connection)
    .await
}
