//! What the audit keeps: how far it has counted, and what it has found. All of it follows from bets and ledger.

pub(crate) mod books;
pub(crate) mod changes;
pub(crate) mod finals;
pub(crate) mod findings;
pub(crate) mod turns;

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

/// Notes that a check has looked at all it had to look at.
pub(crate) async fn succeed(db: impl PgExecutor<'_>, check: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO audit_cursors (name, succeeded_at) VALUES ($1, clock_timestamp())
         ON CONFLICT (name) DO UPDATE SET succeeded_at = excluded.succeeded_at",
        check,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// When each check last looked at all it had to look at, on whichever replica.
pub(crate) async fn successes(db: impl PgExecutor<'_>) -> Result<Vec<(String, DateTime<Utc>)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT name, succeeded_at AS "succeeded_at!" FROM audit_cursors WHERE succeeded_at IS NOT NULL"#,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.name, row.succeeded_at)).collect())
}

/// The oldest of these checks' latest successes, and how many milliseconds ago it was; none until each has had one.
pub(crate) async fn success_of_all(
    db: impl PgExecutor<'_>,
    checks: &[&str],
) -> Result<Option<(DateTime<Utc>, i64)>, sqlx::Error> {
    let checks: Vec<_> = checks.iter().map(|check| (*check).to_owned()).collect();
    let row = sqlx::query!(
        r#"SELECT min(succeeded_at) AS at, count(succeeded_at) AS "checks!",
            (extract(epoch FROM clock_timestamp() - min(succeeded_at)) * 1000)::bigint AS age_ms
        FROM audit_cursors WHERE name = ANY ($1)"#,
        &checks,
    )
    .fetch_one(db)
    .await?;
    let all = usize::try_from(row.checks).is_ok_and(|succeeded| succeeded == checks.len());
    Ok(row.at.zip(row.age_ms).filter(|_| all))
}
