//! How long is waited for the database, and when a transaction runs again.
//!
//! The server ends statements that take too long. A server that has vanished ends nothing, and the kernel would wait for it
//! for a quarter of an hour: so the same bound, and a little more, holds on this side.

use std::{
    future::Future,
    io,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::time;

use super::{note, passing::is_lost, pool::READ_ONLY};

const ATTEMPTS: u32 = 5;
/// The pause after the first lost connection; doubled after each further one.
const LOST_PAUSE: Duration = Duration::from_millis(20);
/// How much longer than the server this side waits, so that the server's own answer comes first.
const MARGIN: Duration = Duration::from_secs(2);

/// The longest statement time-out of the pools of this process, in milliseconds.
static STATEMENT_MS: AtomicU64 = AtomicU64::new(10_000);

/// The longest lock time-out of the pools of this process, in milliseconds.
static LOCK_MS: AtomicU64 = AtomicU64::new(0);

/// Waits at least this long for statements, and for locks, from now on.
pub(super) fn allow(statement_timeout_ms: u64, lock_timeout_ms: u64) {
    STATEMENT_MS.fetch_max(statement_timeout_ms, Ordering::Relaxed);
    LOCK_MS.fetch_max(lock_timeout_ms, Ordering::Relaxed);
}

/// What a statement may take where its connection does not tell: behind a pooler, where the role has the bounds. Milliseconds.
pub(super) fn statement_ms() -> u64 {
    STATEMENT_MS.load(Ordering::Relaxed)
}

/// The same for a wait for a lock.
pub(super) fn lock_ms() -> u64 {
    LOCK_MS.load(Ordering::Relaxed)
}

/// Waits for work of a statement or a few, not for ever. The connection of work that was given up is closed, not used again.
///
/// # Errors
///
/// Those of `work`, or an IO error of kind `TimedOut`.
pub async fn bounded<T>(work: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    bounded_by(Duration::from_millis(statement_ms()), work).await
}

/// Like [`bounded`], for work whose statements have `longest`, a time-out of their own.
///
/// # Errors
///
/// As for [`bounded`].
pub async fn bounded_by<T>(
    longest: Duration,
    work: impl Future<Output = sqlx::Result<T>>,
) -> sqlx::Result<T> {
    let patience = longest + MARGIN;
    let vanished = || io::Error::new(io::ErrorKind::TimedOut, "the database did not answer in time");
    let result = time::timeout(patience, work).await.unwrap_or_else(|_| Err(vanished().into()));
    if let Err(error) = &result {
        note(error);
    }
    result
}

/// Runs a whole transaction again when PostgreSQL has refused it and may take it now: after a deadlock, a serialization
/// failure, or on a server that only reads, whose connections are not used again. Each attempt is [`bounded`].
///
/// Ordered locking makes deadlocks impossible among our own statements; this is the belt to those braces.
///
/// # Errors
///
/// The last error of `transaction`.
pub async fn retrying<T, F>(transaction: impl FnMut() -> F) -> sqlx::Result<T>
where
    F: Future<Output = sqlx::Result<T>>,
{
    again_while(transaction, refused).await
}

/// Like [`retrying`], for a transaction of which nothing comes twice, such as one that carries ids: it runs again, on another
/// connection, also when its own was lost and nobody knows whether it was committed.
///
/// # Errors
///
/// The last error of `transaction`.
pub async fn repeating<T, F>(transaction: impl FnMut() -> F) -> sqlx::Result<T>
where
    F: Future<Output = sqlx::Result<T>>,
{
    again_while(transaction, |error, attempt| refused(error, attempt).or_else(|| lost(error, attempt))).await
}

async fn again_while<T, F>(
    mut transaction: impl FnMut() -> F,
    pause: impl Fn(&sqlx::Error, u32) -> Option<Duration>,
) -> sqlx::Result<T>
where
    F: Future<Output = sqlx::Result<T>>,
{
    let mut attempt = 1;
    loop {
        let error = match bounded(transaction()).await {
            Err(error) if attempt < ATTEMPTS => error,
            result => return result,
        };
        let Some(pause) = pause(&error, attempt) else { return Err(error) };
        tracing::warn!(event = "database.transaction_repeated", %error, attempt, "repeating a transaction");
        metrics::counter!("loljoa_transaction_retries_total").increment(1);
        time::sleep(pause).await;
        attempt += 1;
    }
}

fn refused(error: &sqlx::Error, attempt: u32) -> Option<Duration> {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    let is_refused = matches!(code.as_deref(), Some("40P01" | "40001" | READ_ONLY));
    is_refused.then(|| Duration::from_millis(rand::random_range(1..=10) * u64::from(attempt)))
}

/// Not what was waited for in vain: that would be waited for again, as long.
fn lost(error: &sqlx::Error, attempt: u32) -> Option<Duration> {
    let in_vain = matches!(error, sqlx::Error::Io(io) if io.kind() == io::ErrorKind::TimedOut);
    (is_lost(error) && !in_vain).then(|| LOST_PAUSE * 2_u32.pow(attempt - 1))
}
