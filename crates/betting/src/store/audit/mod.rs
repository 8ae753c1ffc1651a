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
