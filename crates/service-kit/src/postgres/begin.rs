//! Beginning transactions.
//!
//! In sqlx a `begin` that is dropped while it waits leaves its connection in a transaction that sqlx knows nothing of, and
//! whoever gets the connection next writes into it and is told that all is well. So `BEGIN` runs on a task that nobody can
//! drop; clippy bans the direct calls.

use sqlx::{PgPool, Postgres, Transaction};
use tokio::{task::JoinError, time::Instant};

use super::{patience, waits};

/// Begins a transaction. The caller may be dropped at any time.
///
/// # Errors
///
/// When no connection is free in time or the database does not answer.
pub async fn begin(pool: &PgPool) -> sqlx::Result<Transaction<'static, Postgres>> {
    begin_with(pool, "BEGIN").await
}

/// Begins a transaction by `statement`, such as `BEGIN ISOLATION LEVEL REPEATABLE READ`.
///
/// # Errors
///
/// As for [`begin`], or when the statement begins no transaction.
#[expect(clippy::disallowed_methods, reason = "this is the one place that begins transactions")]
pub async fn begin_with(
    pool: &PgPool,
    statement: &'static str,
) -> sqlx::Result<Transaction<'static, Postgres>> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move {
        let asked = Instant::now();
        let begun = patience::bounded(pool.begin_with(statement)).await;
        waits::record(&pool, asked.elapsed());
        begun
    });
    begun.await.unwrap_or_else(|error| Err(lost(&error)))
}

fn lost(error: &JoinError) -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::other(error.to_string()))
}
