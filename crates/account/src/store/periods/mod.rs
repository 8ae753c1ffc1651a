//! Periods, and the partitions that they are kept in.

pub(crate) mod archive;
pub(crate) mod count;

use sqlx::PgExecutor;

use crate::domain::period::Period;

/// The year in which the database's clock is, in UTC.
pub(crate) async fn year(executor: impl PgExecutor<'_>) -> sqlx::Result<i32> {
    sqlx::query_scalar!(r#"SELECT extract(year FROM clock_timestamp() AT TIME ZONE 'UTC')::int AS "year!""#)
        .fetch_one(executor)
        .await
}

/// The period that is written in.
pub(crate) async fn current(executor: impl PgExecutor<'_>) -> sqlx::Result<i32> {
    sqlx::query_scalar!("SELECT period FROM periods WHERE ended_at IS NULL").fetch_one(executor).await
}

/// Makes the partitions of a period, and tells whether they were not there.
pub(crate) async fn prepare(executor: impl PgExecutor<'_>, period: i32) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"SELECT prepare_period($1) AS "made!""#, period).fetch_one(executor).await
}

/// Ends the current period and begins the next one, and tells whether that was to be done.
///
/// # Errors
///
/// `lock_not_available` when somebody wrote for too long meanwhile.
pub(crate) async fn begin(executor: impl PgExecutor<'_>, period: i32) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"SELECT begin_period($1) AS "begun!""#, period).fetch_one(executor).await
}

/// All periods. Rows are counted one by one only where there are not many.
pub(crate) async fn list(executor: impl PgExecutor<'_>) -> sqlx::Result<Vec<Period>> {
    sqlx::query_as!(
        Period,
        r#"SELECT p.period, p.began_at, p.ended_at, p.archived_at,
            coalesce((SELECT c.done FROM period_counts c WHERE c.period = p.period), false) AS "is_counted!",
            coalesce(CASE
                WHEN p.archived_at IS NOT NULL
                    THEN (SELECT c.transfers + c.results FROM period_counts c WHERE c.period = p.period)
                WHEN k.rows > 1000000 THEN k.rows
                ELSE (SELECT count(*) FROM transfers t WHERE t.period = p.period)
                    + (SELECT count(*) FROM bet_results r WHERE r.period = p.period)
            END, 0) AS "rows!", k.bytes AS "bytes!"
        FROM periods p
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(greatest(reltuples, 0)), 0)::bigint AS rows,
                coalesce(sum(pg_total_relation_size(oid)), 0)::bigint AS bytes
            FROM pg_class
            WHERE oid IN (
                to_regclass(format('transfers_%s', p.period)), to_regclass(format('bet_results_%s', p.period)),
                to_regclass(format('archive.transfers_%s', p.period)),
                to_regclass(format('archive.bet_results_%s', p.period))
            )
        ) k
        ORDER BY p.period"#
    )
    .fetch_all(executor)
    .await
}
