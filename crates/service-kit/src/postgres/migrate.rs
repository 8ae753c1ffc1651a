//! Bringing a database up to date.

use std::time::Duration;

use sqlx::{
    migrate::{MigrateError, Migrator},
    postgres::PgPoolOptions,
};
use tokio::time;

use super::{limits, session};
use crate::config::Database;

/// A change of a live table waits no longer than this for its lock, because everybody else then waits behind it.
const LOCK_TIMEOUT: Duration = Duration::from_secs(3);
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// 55P03: a lock was not to be had in time; also while another replica migrates.
const LOCK_NOT_AVAILABLE: &str = "55P03";
const DEADLOCK: &str = "40P01";
const ATTEMPTS: u32 = 150;

/// The version that the newest of these migrations leads to.
#[must_use]
pub fn newest(migrator: &Migrator) -> i64 {
    migrator.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// Brings the database up to date, on a connection of its own without a bound on statements, never through a pooler. Replicas
/// that start at once take turns. A schema that is newer than this program is left as it is, so that a release can be rolled
/// back. Behind a pooler the bounds on sessions become the role's own.
///
/// # Errors
///
/// When the database does not answer, a lock was not to be had for ten minutes, or a migration fails or was changed after it
/// was applied.
pub async fn migrate(config: &Database, service: &str, migrator: &Migrator) -> Result<(), MigrateError> {
    let mut tolerant = Migrator::with_migrations(migrator.iter().cloned().collect());
    tolerant.set_ignore_missing(true);
    let options = session::migration_options(config, &format!("{service} migrate"), LOCK_TIMEOUT)?;
    let mut attempt = 1;
    loop {
        let connection = PgPoolOptions::new().max_connections(1).connect_with(options.clone()).await;
        let connection = connection.map_err(session::explained)?;
        let result = tolerant.run(&connection).await;
        if result.is_ok() && config.is_pooled() {
            limits::keep(config, &connection).await;
        }
        connection.close().await;
        match result {
            Err(error) if attempt < ATTEMPTS && waits_for_a_lock(&error) => {
                tracing::info!(event = "migration.waits", attempt, "waiting for a lock to migrate under");
                time::sleep(TRY_AGAIN_AFTER).await;
                attempt += 1;
            }
            result => return result,
        }
    }
}

fn waits_for_a_lock(error: &MigrateError) -> bool {
    let (MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) = error else {
        return false;
    };
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| [LOCK_NOT_AVAILABLE, DEADLOCK].contains(&code.as_ref()))
}
