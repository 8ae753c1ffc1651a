//! What the continuous audit says to anybody who asks. Read from the database alone, so that every replica says the same.

use chrono::{DateTime, Utc};
use loljoa_service_kit::{Error, postgres};
use sqlx::PgPool;

use crate::store::{audit_covers, audit_step};

/// How the ledger is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Status {
    /// When all that transfers have touched had last been compared, and how many milliseconds ago that was.
    pub(crate) audited: Option<(DateTime<Utc>, i64)>,
    /// Balances and covers that are known to differ.
    pub(crate) differences: i64,
}

/// Reads it.
///
/// # Errors
///
/// When the database does not answer.
pub(crate) async fn status(pool: &PgPool) -> Result<Status, Error> {
    let mut db = postgres::reading(pool).await?;
    let audited = audit_step::success(&mut db).await?;
    let balances = audit_step::findings(&mut db).await?.count;
    let covers = audit_covers::findings(&mut db).await?.count;
    Ok(Status { audited, differences: balances.saturating_add(covers) })
}
