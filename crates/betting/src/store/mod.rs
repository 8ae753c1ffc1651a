//! SQL, one file per aggregate. The caller owns the transaction.

pub(crate) mod accepted;
pub(crate) mod audit;
pub(crate) mod audit_bets;
pub(crate) mod audit_pools;
pub(crate) mod bets;
pub(crate) mod corrections;
pub(crate) mod cursors;
pub(crate) mod events;
pub(crate) mod incidents;
pub(crate) mod lanes;
pub(crate) mod late;
pub(crate) mod markets;
pub(crate) mod matches;
pub(crate) mod new_bets;
pub(crate) mod owed;
pub(crate) mod owed_chunks;
pub(crate) mod periods;
pub(crate) mod positions;
pub(crate) mod reconcile;
pub(crate) mod settlement;
pub(crate) mod under_way;

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

/// The time by the database's clock, which decides every lock.
pub(crate) async fn now(db: impl PgExecutor<'_>) -> Result<DateTime<Utc>, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT clock_timestamp() AS "now!""#).fetch_one(db).await
}
