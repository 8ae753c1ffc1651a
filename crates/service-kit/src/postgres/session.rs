//! What the server is told about each connection.

use std::{str::FromStr, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::PgConnectOptions;

use crate::config::Database;

/// A transaction that does nothing for this long belongs to somebody who has vanished, and holds locks.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(15);
/// How soon the server notices that a client's machine has vanished: 10 s of silence, then three questions 5 s apart.
const KEEPALIVES: [(&str, &str); 4] = [
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "25000"),
];
/// While a statement runs, the server looks this often whether anybody still waits for it.
const CONNECTION_CHECK: (&str, &str) = ("client_connection_check_interval", "5000");

/// For pooled connections: bounded statements, bounded waits for locks, no forgotten transactions.
pub(super) fn options(config: &Database, application: &str) -> sqlx::Result<PgConnectOptions> {
    let limits = [
        ("statement_timeout", config.statement_timeout_ms),
        ("lock_timeout", config.lock_timeout_ms),
        ("idle_in_transaction_session_timeout", milliseconds(IDLE_IN_TRANSACTION)),
    ];
    Ok(named(&config.url, application)?
        .options(limits)
        .options(KEEPALIVES)
        .options([CONNECTION_CHECK, ("timezone", "UTC")]))
}

/// For migrations: statements take as long as they need, but a lock that others wait behind is not waited for long.
pub(super) fn migration_options(
    config: &Database,
    application: &str,
    lock_timeout: Duration,
) -> sqlx::Result<PgConnectOptions> {
    Ok(named(&config.url, application)?
        .options([("statement_timeout", 0), ("lock_timeout", milliseconds(lock_timeout))])
        .options(KEEPALIVES)
        .options([("timezone", "UTC")]))
}

/// For the one connection that readiness goes by.
pub(crate) fn probe_options(
    config: &Database,
    application: &str,
    timeout: Duration,
) -> sqlx::Result<PgConnectOptions> {
    let limits = [("statement_timeout", milliseconds(timeout)), ("lock_timeout", milliseconds(timeout))];
    Ok(named(&config.url, &format!("{application} probe"))?.options(limits).options(KEEPALIVES))
}

fn named(url: &SecretString, application: &str) -> sqlx::Result<PgConnectOptions> {
    Ok(PgConnectOptions::from_str(url.expose_secret())?.application_name(application))
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
