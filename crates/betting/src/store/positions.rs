//! Positions of markets that are over.

use std::time::Duration;

use sqlx::{PgExecutor, postgres::types::PgInterval};

/// Deletes up to `most` positions of one market that has been final for `kept`. Answers how many were there; none when no
/// market is left, or another replica is at it.
pub(crate) async fn sweep(
    db: impl PgExecutor<'_>,
    kept: Duration,
    most: i64,
) -> Result<Option<i64>, sqlx::Error> {
    let microseconds = i64::try_from(kept.as_micros()).unwrap_or(i64::MAX);
    let kept = PgInterval { months: 0, days: 0, microseconds };
    sqlx::query_scalar!("SELECT sweep_positions($1, $2)", kept, most).fetch_one(db).await
}
