//! What a caller's deadline means for the database: nobody waits for a connection, and no statement runs, for whom nobody
//! waits any more.
//!
//! The server itself ends the statement. Were it only given up on this side, its connection would have to be closed, and the
//! server's process would go on waiting for whatever it waits for. Batches are made for many callers, and stay as they are:
//! their statements have bounds of their own.

use std::io;

use metrics::counter;
use sqlx::{PgPool, Postgres, pool::PoolConnection};
use tokio::time::{self, Instant};

use super::{patience, session, waits};
use crate::Caller;

/// Waits for a connection as long as the pool does, and not longer than the present caller.
pub(super) async fn connection(pool: &PgPool) -> sqlx::Result<PoolConnection<Postgres>> {
    let until = Caller::present().inner_until();
    let asked = Instant::now();
    // Large, and a part of everything that begins a transaction.
    let acquire = Box::pin(pool.acquire());
    let connection = match until {
        Some(until) => {
            let acquired = time::timeout_at(until, acquire).await;
            acquired.unwrap_or_else(|_| Err(nobody_waits(pool)))
        }
        None => acquire.await,
    };
    waits::record(pool, asked.elapsed());
    connection
}

/// How long a statement for the present caller may run, where that is less than it may anyway. Milliseconds.
pub(super) fn statement_ms(pool: &PgPool) -> sqlx::Result<Option<u64>> {
    let options = pool.connect_options();
    left_below(pool, session::bound(&options, "statement_timeout").unwrap_or_else(patience::statement_ms))
}

/// Whether the present caller gives up before the server's own bound on waiting would come. Who only reads waits for no row, and
/// so seldom for anything; only then are its statements worth a bound of their own.
pub(super) fn is_hasty(pool: &PgPool) -> sqlx::Result<bool> {
    let options = pool.connect_options();
    let bound_ms = session::bound(&options, "lock_timeout").unwrap_or_else(patience::lock_ms);
    Ok(left_below(pool, bound_ms)?.is_some())
}

fn left_below(pool: &PgPool, bound_ms: u64) -> sqlx::Result<Option<u64>> {
    let Some(until) = Caller::present().inner_until() else { return Ok(None) };
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(nobody_waits(pool));
    }
    // None at all would be meant by 0.
    let left_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX).max(1);
    Ok((bound_ms == 0 || left_ms < bound_ms).then_some(left_ms))
}

fn nobody_waits(pool: &PgPool) -> sqlx::Error {
    let (service, part) = waits::names(pool);
    counter!("loljoa_dropped_work_total", "service" => service, "queue" => format!("database {part}"))
        .increment(1);
    io::Error::new(io::ErrorKind::TimedOut, "nobody waits any more").into()
}
