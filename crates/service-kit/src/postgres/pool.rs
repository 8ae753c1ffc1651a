//! Pools: apart for requests, for workers that everybody waits for, and for what runs in the background.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use metrics::{counter, gauge};
use sqlx::{
    Connection as _, PgConnection, PgPool,
    pool::PoolConnectionMetadata,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time;
use tokio_util::sync::CancellationToken;

use super::{patience, prepared, session, waits};
use crate::{config::Database, health::NO_PREPARED_STATEMENTS};

const METRICS_EVERY: Duration = Duration::from_secs(5);
/// A connection that does not answer for this long when it comes back is closed.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(2);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// PostgreSQL's code for a write on a server that only reads: a primary that was demoted.
pub(super) const READ_ONLY: &str = "25006";

/// When a connection of this process last turned out to end at a server that only reads. Whatever is older is suspect.
static DEMOTED: Mutex<Option<Instant>> = Mutex::new(None);

/// A service's pools. Neither many requests nor a long background task takes a connection from the workers that batch
/// everybody's writes.
#[derive(Clone, Debug)]
pub struct Pools {
    /// For calls that somebody waits for.
    pub requests: PgPool,
    /// For the workers behind queues: the ledger's, the bets'.
    pub workers: PgPool,
    /// For audits, feeds, upkeep and settlement.
    pub background: PgPool,
}

impl Pools {
    /// Pools that connect when first used, so that a service starts before its database does.
    ///
    /// # Errors
    ///
    /// When the URL cannot be read.
    pub fn new(config: &Database, service: &str) -> sqlx::Result<Self> {
        let part = |name: &str, size| sized(config, &format!("{service} {name}"), size);
        Ok(Self {
            requests: part("requests", config.max_connections)?,
            workers: part("workers", config.worker_connections)?,
            background: part("background", config.background_connections)?,
        })
    }

    /// Reports the pools' use, and how long one waits for them, until `shutdown`.
    pub async fn report(self, service: &'static str, shutdown: CancellationToken) {
        let mut ticks = time::interval(METRICS_EVERY);
        while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
            for (name, pool) in
                [("requests", &self.requests), ("workers", &self.workers), ("background", &self.background)]
            {
                report(service, name, pool);
                shutdown.run_until_cancelled(waits::sample(pool)).await;
            }
        }
    }

    /// Closes all connections; what does not close in time is left to the server.
    pub async fn close(self) {
        let closing = async {
            tokio::join!(self.requests.close(), self.workers.close(), self.background.close());
        };
        let _ = time::timeout(CLOSE_TIMEOUT, closing).await;
    }
}

fn report(service: &'static str, name: &'static str, pool: &PgPool) {
    let (size, idle) = (pool.size(), u32::try_from(pool.num_idle()).unwrap_or(u32::MAX));
    for (state, connections) in [("idle", idle), ("used", size.saturating_sub(idle))] {
        gauge!("loljoa_db_pool_connections", "service" => service, "pool" => name, "state" => state)
            .set(connections);
    }
}

/// A single pool of `database.max_connections`, for tools.
///
/// # Errors
///
/// When the URL cannot be read.
pub fn pool(config: &Database, application: &str) -> sqlx::Result<PgPool> {
    sized(config, application, config.max_connections)
}

fn sized(config: &Database, application: &str, size: u32) -> sqlx::Result<PgPool> {
    patience::allow(config.statement_timeout_ms, config.lock_timeout_ms);
    let timeout = Duration::from_millis(config.acquire_timeout_ms);
    Ok(guarded(session::options(config, application)?, size, timeout, config.is_pooled()))
}

/// One connection to PostgreSQL itself, whatever pooler stands before it, for what needs a session, such as `LISTEN`.
///
/// # Errors
///
/// When the URL cannot be read.
pub fn session_pool(config: &Database, application: &str) -> sqlx::Result<PgPool> {
    let timeout = Duration::from_millis(config.acquire_timeout_ms);
    Ok(guarded(session::direct_options(config, application)?, 1, timeout, false))
}

/// A pool that looks at each connection that comes back, and trusts none that may end at a demoted primary, or at a pooler
/// that mixes statements up.
fn guarded(options: PgConnectOptions, size: u32, acquire_timeout: Duration, is_pooled: bool) -> PgPool {
    PgPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(acquire_timeout)
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                if is_pooled && !prepared::are_kept(connection).await? {
                    return Err(sqlx::Error::Configuration(NO_PREPARED_STATEMENTS.into()));
                }
                Ok(())
            })
        })
        .before_acquire(|_, meta| Box::pin(async move { Ok(is_trusted(&meta)) }))
        .after_release(|connection, meta| {
            Box::pin(async move { Ok(is_trusted(&meta) && is_clean(connection).await?) })
        })
        .connect_lazy_with(options)
}

/// Whether a connection that comes back is outside of any transaction. An empty statement tells: the server answers it with
/// the connection's state, and sqlx complains unless that is "in a transaction". One that is in a transaction is closed,
/// which rolls it back.
#[expect(clippy::disallowed_methods, reason = "nothing is begun: the statement is empty")]
async fn is_clean(connection: &mut PgConnection) -> sqlx::Result<bool> {
    let answer = time::timeout(RELEASE_TIMEOUT, connection.begin_with("")).await;
    match answer {
        Ok(Err(sqlx::Error::BeginFailed)) => Ok(true),
        Ok(Ok(_) | Err(sqlx::Error::InvalidSavePointStatement)) => {
            counter!("loljoa_db_stray_transactions_total").increment(1);
            tracing::error!(
                event = "database.transaction_left_open",
                "a connection came back inside a transaction; it is closed"
            );
            Ok(false)
        }
        Ok(Err(error)) => Err(error),
        Err(_) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
    }
}

fn is_trusted(meta: &PoolConnectionMetadata) -> bool {
    demoted().is_none_or(|at| meta.age < at.elapsed())
}

/// Whether a connection that is used since then ends at no server that was found to only read, or to have vanished.
pub(super) fn is_trusted_since(since: Instant) -> bool {
    demoted().is_none_or(|at| at < since)
}

fn demoted() -> Option<Instant> {
    *DEMOTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes note of an error. After a write on a server that only reads, connections made before are closed instead of used.
pub(crate) fn note(error: &sqlx::Error) {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    if code.is_some_and(|code| code == READ_ONLY) {
        tracing::warn!(
            event = "database.read_only",
            "the database's server only reads; connections are made anew"
        );
        distrust();
    }
}

/// From now on no connection that exists already is used again.
pub(crate) fn distrust() {
    *DEMOTED.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
}
