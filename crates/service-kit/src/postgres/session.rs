//! What the server is told about each connection.

use std::{net::IpAddr, str::FromStr, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::config::Database;

/// A transaction that does nothing for this long belongs to somebody who has vanished, and holds locks.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(15);
/// How soon the server notices that a client's machine has vanished: 10 s of silence, then three questions 5 s apart.
const KEEPALIVES: [(&str, u64); 4] = [
    ("tcp_keepalives_idle", 10),
    ("tcp_keepalives_interval", 5),
    ("tcp_keepalives_count", 3),
    ("tcp_user_timeout", 25_000),
];
/// While a statement runs, the server looks this often whether anybody still waits for it. Milliseconds.
const CONNECTION_CHECK: (&str, u64) = ("client_connection_check_interval", 5_000);

/// The three bounds that protect others, in milliseconds.
pub(super) fn bounds(config: &Database) -> [(&'static str, u64); 3] {
    [
        ("statement_timeout", config.statement_timeout_ms),
        ("lock_timeout", config.lock_timeout_ms),
        ("idle_in_transaction_session_timeout", milliseconds(IDLE_IN_TRANSACTION)),
    ]
}

/// All that holds for a session, in the server's own units.
pub(super) fn settings(config: &Database) -> impl Iterator<Item = (&'static str, u64)> {
    bounds(config).into_iter().chain(KEEPALIVES).chain([CONNECTION_CHECK])
}

/// What connections with these options are told of a bound, in milliseconds; none where they are told nothing.
pub(super) fn bound(options: &PgConnectOptions, name: &str) -> Option<u64> {
    let (_, told) = options.get_options()?.split_once(&format!("-c {name}="))?;
    told.split(' ').next()?.parse().ok()
}

/// For pooled connections: bounded statements, bounded waits for locks, no forgotten transactions.
pub(super) fn options(config: &Database, application: &str) -> sqlx::Result<PgConnectOptions> {
    if config.is_pooled() { through_pooler(config, application) } else { direct_options(config, application) }
}

/// The same bounds on a connection that no pooler stands before.
pub(super) fn direct_options(config: &Database, application: &str) -> sqlx::Result<PgConnectOptions> {
    Ok(named(config.direct(), application)?.options(settings(config)).options([("timezone", "UTC")]))
}

/// A pooler's sessions are everybody's: none is told anything, save what the pooler itself keeps apart. A name that differs
/// from that of the client before costs a `SET`, so the service has one for all its parts.
pub(super) fn through_pooler(config: &Database, application: &str) -> sqlx::Result<PgConnectOptions> {
    let service = application.split(' ').next().unwrap_or(application);
    Ok(named(&config.url, service)?.extra_float_digits(None))
}

/// For migrations: statements take as long as they need, but a lock that others wait behind is not waited for long.
pub(super) fn migration_options(
    config: &Database,
    application: &str,
    lock_timeout: Duration,
) -> sqlx::Result<PgConnectOptions> {
    Ok(named(config.direct(), application)?
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
    Ok(named(config.direct(), &format!("{application} probe"))?.options(limits).options(KEEPALIVES))
}

fn named(url: &SecretString, application: &str) -> sqlx::Result<PgConnectOptions> {
    let url = url.expose_secret();
    let options = PgConnectOptions::from_str(url)?.application_name(application);
    Ok(if names_its_tls(url) || is_local(&options) {
        options
    } else {
        options.ssl_mode(PgSslMode::VerifyFull)
    })
}

/// Whether the URL says itself how the connection is protected; only there can the check of the server be waived.
fn names_its_tls(url: &str) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    query.split('&').any(|pair| pair.starts_with("sslmode=") || pair.starts_with("ssl-mode="))
}

/// Whether the server is this machine, so that nobody stands between.
fn is_local(options: &PgConnectOptions) -> bool {
    let host = options.get_host().trim_matches(['[', ']']);
    let is_loopback = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    options.get_socket().is_some() || host.starts_with('/') || host == "localhost" || is_loopback
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> String {
        format!("{:?}", named(&SecretString::from(url), "test").unwrap().get_ssl_mode())
    }

    #[test]
    fn a_server_elsewhere_proves_who_it_is_unless_the_url_waives_it() {
        assert_eq!(mode("postgres://u:p@db.example/x"), "VerifyFull");
        assert_eq!(mode("postgres://u:p@10.0.0.7:5432/x?application_name=sslmode"), "VerifyFull");
        for (name, kept) in [("disable", "Disable"), ("require", "Require"), ("verify-ca", "VerifyCa")] {
            assert_eq!(mode(&format!("postgres://u:p@db.example/x?sslmode={name}")), kept);
        }
    }

    #[test]
    fn what_connections_are_told_is_read_back() {
        let config = Database { lock_timeout_ms: 123, ..Database::at("postgres://localhost/x") };
        let options = options(&config, "test").unwrap();
        assert_eq!(bound(&options, "statement_timeout"), Some(config.statement_timeout_ms));
        assert_eq!(bound(&options, "lock_timeout"), Some(123));
        assert_eq!(bound(&options, "no_timeout"), None);
        assert_eq!(bound(&PgConnectOptions::new(), "lock_timeout"), None);
    }

    #[test]
    fn a_server_on_this_machine_is_reached_as_it_likes() {
        for host in ["127.0.0.1:5432", "[::1]:5432", "localhost", "%2Frun%2Fpostgresql"] {
            assert_eq!(mode(&format!("postgres://u:p@{host}/x")), "Prefer", "{host}");
        }
        assert_eq!(mode("postgres:///x?host=/run/postgresql"), "Prefer");
    }
}
