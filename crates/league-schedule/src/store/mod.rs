//! SQL, one file per aggregate. The caller owns the transaction.

pub mod clubs;
pub mod feed;
pub mod followed;
pub mod leases;
pub mod live;
pub mod matches;
pub mod names;
pub mod questions;
pub mod replays;
pub mod teams;
pub mod tournaments;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// The database's clock, the only one that replicas share.
///
/// # Errors
///
/// When the database does not answer.
pub async fn now(db: &mut PgConnection) -> Result<DateTime<Utc>, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT clock_timestamp() AS "now!""#).fetch_one(db).await
}

/// Makes imports take turns, until the transaction ends.
///
/// # Errors
///
/// When the database does not answer.
pub async fn lock_imports(db: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('loljoa.import', 0))").execute(db).await?;
    Ok(())
}
