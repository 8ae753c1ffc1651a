//! How betting is, for anybody who asks. Read from the database alone, so that every replica says the same.

use chrono::{DateTime, Utc};
use loljoa_service_kit::{Error, postgres};
use sqlx::PgPool;

use super::audit::CHECKS;
use crate::store::{self, accepted::Accepted};

/// How betting is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Status {
    pub(crate) accepted: Accepted,
    /// Markets that are being paid out, given back or corrected.
    pub(crate) settling: i64,
    /// How long the first of them has been under way.
    pub(crate) settling_ms: i64,
    /// When every check of the audit had last looked at all it had to look at, and how long ago that was.
    pub(crate) audited: Option<(DateTime<Utc>, i64)>,
    /// Confirmed findings.
    pub(crate) differences: i64,
}

/// Reads it.
///
/// # Errors
///
/// When the database does not answer.
pub(crate) async fn read(pool: &PgPool) -> Result<Status, Error> {
    let mut db = postgres::reading(pool).await?;
    let (settling, settling_ms) = store::under_way::lag(&mut *db).await?;
    Ok(Status {
        accepted: store::accepted::lately(&mut *db).await?,
        settling,
        settling_ms,
        audited: store::audit::success_of_all(&mut *db, &CHECKS).await?,
        differences: store::audit::findings::counts(&mut *db).await?.values().sum(),
    })
}
