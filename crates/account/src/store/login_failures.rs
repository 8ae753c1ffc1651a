//! Failed log-ins per account and address, and per address alone under the name of nobody.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};

use crate::domain::throttle::Failures;

/// What is known of the pair, locked so that attempts made at once are counted one by one.
pub(crate) async fn find_for_update(
    connection: &mut PgConnection,
    username_key: &str,
    address: &str,
) -> sqlx::Result<Failures> {
    sqlx::query_as!(
        Failures,
        r#"INSERT INTO login_failures AS known (username_key, client_address, failures, last_at)
        VALUES ($1, $2, 0, to_timestamp(0))
        ON CONFLICT (username_key, client_address) DO UPDATE SET failures = known.failures
        RETURNING failures AS count, last_at, locked_until"#,
        username_key,
        address,
    )
    .fetch_one(connection)
    .await
}

/// Stores what is known of the pair now.
pub(crate) async fn update(
    connection: &mut PgConnection,
    username_key: &str,
    address: &str,
    failures: Failures,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE login_failures SET failures = $3, last_at = $4, locked_until = $5
        WHERE username_key = $1 AND client_address = $2",
        username_key,
        address,
        failures.count,
        failures.last_at,
        failures.locked_until,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets the pair's failures.
pub(crate) async fn clear(
    executor: impl PgExecutor<'_>,
    username_key: &str,
    address: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM login_failures WHERE username_key = $1 AND client_address = $2",
        username_key,
        address,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Takes back the failure that was counted last, and the wait that it led to.
pub(crate) async fn take_back(
    executor: impl PgExecutor<'_>,
    username_key: &str,
    address: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE login_failures SET failures = greatest(failures - 1, 0), locked_until = NULL
        WHERE username_key = $1 AND client_address = $2",
        username_key,
        address,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Forgets at most `limit` pairs whose last failure was before `before`, and tells how many.
pub(crate) async fn delete_older(
    executor: impl PgExecutor<'_>,
    before: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM login_failures WHERE (username_key, client_address) IN (
            SELECT username_key, client_address FROM login_failures
            WHERE last_at < $1 ORDER BY last_at LIMIT $2 FOR UPDATE SKIP LOCKED
        )",
        before,
        limit,
    )
    .execute(executor)
    .await?;
    Ok(deleted.rows_affected())
}
