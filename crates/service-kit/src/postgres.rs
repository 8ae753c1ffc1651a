//! The service's own PostgreSQL: a bounded pool, migrations that are safe with many replicas, and retries.

use std::{future::Future, str::FromStr, time::Duration};

use metrics::gauge;
use secrecy::ExposeSecret;
use sqlx::{
    PgPool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time;
use tokio_util::sync::CancellationToken;

use crate::config::Database;

const ATTEMPTS: u32 = 5;
const METRICS_EVERY: Duration = Duration::from_secs(5);

/// A pool that connects when first used, so that a service starts before its database does.
///
/// # Errors
///
/// When the URL cannot be read.
pub fn pool(config: &Database, application: &str) -> Result<PgPool, sqlx::Error> {
    let statement_timeout = format!("{}ms", config.statement_timeout_ms);
    let options = PgConnectOptions::from_str(config.url.expose_secret())?
        .application_name(application)
        .options([("statement_timeout", statement_timeout.as_str()), ("timezone", "UTC")]);
    Ok(PgPoolOptions::new()
        .max_connections(config.max_connections)
        .acquire_timeout(Duration::from_millis(config.acquire_timeout_ms))
        .test_before_acquire(false)
        .connect_lazy_with(options))
}

/// Brings the database up to date. An advisory lock makes replicas that start at once take turns.
///
/// # Errors
///
/// When the database does not answer, or a migration fails or was changed after it was applied.
pub async fn migrate(pool: &PgPool, migrator: &Migrator) -> Result<(), sqlx::migrate::MigrateError> {
    migrator.run(pool).await
}

/// Runs a whole transaction again when PostgreSQL asks for it (deadlock or serialization failure).
///
/// Ordered locking makes deadlocks impossible among our own statements; this is the belt to those braces.
///
/// # Errors
///
/// The last error of `transaction`.
pub async fn retrying<T, F>(mut transaction: impl FnMut() -> F) -> Result<T, sqlx::Error>
where
    F: Future<Output = Result<T, sqlx::Error>>,
{
    let mut attempt = 1;
    loop {
        match transaction().await {
            Err(error) if attempt < ATTEMPTS && wants_retry(&error) => {
                tracing::warn!(%error, attempt, "repeating a transaction");
                metrics::counter!("loljoa_transaction_retries_total").increment(1);
                time::sleep(Duration::from_millis(rand::random_range(1..=10) * u64::from(attempt))).await;
                attempt += 1;
            }
            result => return result,
        }
    }
}

fn wants_retry(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("40P01" | "40001"))
}

/// Reports the pool's use until `shutdown`.
pub async fn report_pool(pool: PgPool, service: &'static str, shutdown: CancellationToken) {
    let mut ticks = time::interval(METRICS_EVERY);
    while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        let (size, idle) = (pool.size(), u32::try_from(pool.num_idle()).unwrap_or(u32::MAX));
        gauge!("loljoa_db_pool_connections", "service" => service, "state" => "idle").set(idle);
        gauge!("loljoa_db_pool_connections", "service" => service, "state" => "used")
            .set(size.saturating_sub(idle));
    }
}
