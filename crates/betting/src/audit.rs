//! Rebuilds everything from the bets, for the reconciler and for `loljoa audit`.
//!
//! [`full`] looks at betting alone. For the other half read [`books`] first, then stakes and closings from the ledger, and
//! [`Books::compare`] them.

use sqlx::PgPool;

pub use crate::domain::{
    OwedKind,
    audit::{Books, Difference, Fact},
};
use crate::store;

/// Rebuilds every pool, bettor count, top bettor and position from the bets, and lists what differs. Empty is good.
///
/// # Errors
///
/// When the database does not answer.
pub async fn full(pool: &PgPool) -> Result<Vec<Difference>, sqlx::Error> {
    let mut snapshot = store::books::snapshot(pool).await?;
    store::books::differences(&mut *snapshot).await
}

/// Reads all bets and what is still owed, in one snapshot.
///
/// # Errors
///
/// When the database does not answer.
pub async fn books(pool: &PgPool) -> Result<Books, sqlx::Error> {
    let mut snapshot = store::books::snapshot(pool).await?;
    store::books::load(&mut snapshot).await
}
