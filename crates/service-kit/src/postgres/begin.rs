//! Beginning transactions.
//!
//! In sqlx a `begin` that is dropped while it waits leaves its connection in a transaction that sqlx knows nothing of, and
//! whoever gets the connection next writes into it and is told that all is well. So `BEGIN` runs on a task that nobody can
//! drop; clippy bans the direct calls.

use sqlx::{AssertSqlSafe, PgPool, Postgres, SqlSafeStr, Transaction};
use tokio::task::JoinError;

use super::{in_time, patience};

/// Begins a transaction. The caller may be dropped at any time.
///
/// No statement in it runs longer than the present [`Caller`](crate::Caller) waits. That is set along with `BEGIN` and for the
/// transaction alone, so that it costs no round trip and means nothing to whoever has the connection next.
///
/// # Errors
///
/// When no connection is free in time, the database does not answer, or nobody waits any more.
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
    let connection = in_time::connection(pool).await?;
    let longest = in_time::statement_ms(pool)?;
    let statement = longest.map_or_else(
        || statement.into_sql_str(),
        // A number is all that is put into it.
        |ms| AssertSqlSafe(format!("{statement}; SET LOCAL statement_timeout = {ms}")).into_sql_str(),
    );
    let begin = async move { patience::bounded(Transaction::begin(connection, Some(statement))).await };
    tokio::spawn(begin).await.unwrap_or_else(|error| Err(lost(&error)))
}

fn lost(error: &JoinError) -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::other(error.to_string()))
}
