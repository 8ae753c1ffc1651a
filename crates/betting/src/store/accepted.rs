//! How many bets were accepted, by ten seconds: to be shown, not to be relied on.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

/// How many bets were accepted lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// In 60 seconds, of which the last ended at most ten seconds ago.
    pub(crate) last_minute: i64,
    /// Since then.
    pub(crate) bets: i64,
    /// A day ago, or when counting began.
    pub(crate) since: DateTime<Utc>,
}

/// Adds bets that were accepted just now.
pub(crate) async fn add(db: impl PgExecutor<'_>, bets: i64) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO accepted_bets (begins, bets) VALUES (date_bin('10 seconds', clock_timestamp(), 'epoch'), $1)
         ON CONFLICT (begins) DO UPDATE SET bets = accepted_bets.bets + excluded.bets",
        bets,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What was accepted lately. Reads the rows of a day, 8,640 at most.
pub(crate) async fn lately(db: impl PgExecutor<'_>) -> Result<Accepted, sqlx::Error> {
    sqlx::query_as!(
        Accepted,
        r#"WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now),
        day AS MATERIALIZED (
            SELECT date_bin('10 seconds', now, 'epoch') AS until, now - interval '1 day' AS since FROM clock
        )
        SELECT coalesce(sum(bets) FILTER (WHERE begins >= until - interval '1 minute' AND begins < until), 0)::bigint
                AS "last_minute!",
            coalesce(sum(bets), 0)::bigint AS "bets!",
            greatest(day.since, coalesce((SELECT min(begins) FROM accepted_bets), until)) AS "since!"
        FROM day LEFT JOIN accepted_bets ON begins >= (SELECT since FROM day)
        GROUP BY day.since, until"#,
    )
    .fetch_one(db)
    .await
}

/// Forgets what is older than a day, but for the newest of it: the first that is left tells since when there are counts.
pub(crate) async fn forget(db: impl PgExecutor<'_>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM accepted_bets
         WHERE begins < (SELECT max(begins) FROM accepted_bets WHERE begins < clock_timestamp() - interval '1 day')",
    )
    .execute(db)
    .await?;
    Ok(())
}
