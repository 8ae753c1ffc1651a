//! What the server is told about each connection.

use std::{fs::File, io, net::IpAddr, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    ConnectOptions as _,
    postgres::{PgConnectOptions, PgSslMode},
};
use url::Url;

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

/// What a URL may say besides user, server and database: what sqlx knows.
const PARAMETERS: [&str; 15] = [
    "sslmode",
    "ssl-mode",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];
/// The names that it knows for a file of authorities, or for what stands in one.
const AUTHORITY: [&str; 3] = ["sslrootcert", "ssl-root-cert", "ssl-ca"];
const TLS_ADVICE: &str = "database.url (and database.direct_url) names the server's authority by sslrootcert, and only its \
    sslmode waives that the server proves its name";

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
    let url = understood(url.expose_secret())?;
    find_authority(&url)?;
    let options = PgConnectOptions::from_url(&url)?.application_name(application);
    Ok(if names_its_tls(&url) || is_local(&options) {
        options
    } else {
        options.ssl_mode(PgSslMode::VerifyFull)
    })
}

/// Whether the URL says itself how the connection is protected; only there can the check of the server be waived.
fn names_its_tls(url: &Url) -> bool {
    url.query_pairs().any(|(name, _)| name == "sslmode" || name == "ssl-mode")
}

/// The URL without parameters that mean nothing here. sqlx would log their values, of which one may well be a password
/// (`sslpassword`, or `password` misspelt).
fn understood(url: &str) -> sqlx::Result<Url> {
    let mut url = Url::parse(url).map_err(|error| sqlx::Error::Configuration(error.into()))?;
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let (known, unknown): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(name, _)| is_known(name));
    for (name, _) in &unknown {
        tracing::warn!(
            event = "config.parameter_unknown",
            name,
            "a parameter of the database's URL is not known, and does nothing"
        );
    }
    if !unknown.is_empty() {
        url.query_pairs_mut().clear().extend_pairs(known);
    }
    Ok(url)
}

/// Whether the file of authorities that the URL names can be read; when connecting, nobody would say which file is missing.
fn find_authority(url: &Url) -> sqlx::Result<()> {
    let named = url.query_pairs().find(|(name, _)| AUTHORITY.contains(&name.as_ref()));
    let Some((name, file)) = named.filter(|(_, file)| !file.starts_with("-----BEGIN")) else { return Ok(()) };
    let told = |error| format!("{name} = {file} of the database's URL cannot be read: {error}");
    File::open(file.as_ref()).map(drop).map_err(|error| sqlx::Error::Configuration(told(error).into()))
}

fn is_known(parameter: &str) -> bool {
    PARAMETERS.contains(&parameter) || AUTHORITY.contains(&parameter) || parameter.starts_with("options[")
}

/// `error`, which says besides, where a server could not prove who it is, which setting decides that.
pub(crate) fn explained(error: sqlx::Error) -> sqlx::Error {
    match error {
        sqlx::Error::Tls(cause) => sqlx::Error::Tls(format!("{cause}; {TLS_ADVICE}").into()),
        sqlx::Error::Io(cause) if is_of_tls(&cause) => {
            sqlx::Error::Tls(format!("{cause}; {TLS_ADVICE}").into())
        }
        error => error,
    }
}

/// Whether a server did not prove who it is, or speaks no TLS.
pub(crate) fn is_refused_for_tls(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Tls(_) => true,
        sqlx::Error::Io(cause) => is_of_tls(cause),
        _ => false,
    }
}

/// What rustls complains of comes as bytes that make no sense; the protocol behind it has errors of its own for that.
fn is_of_tls(cause: &io::Error) -> bool {
    cause.kind() == io::ErrorKind::InvalidData
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
    fn a_parameter_that_means_nothing_is_left_out_with_its_value() {
        let url = "postgres://u:p@h/x?sslpassword=hunter2&sslmode=require&options[geqo]=off&passwd=hunter2";
        let understood = understood(url).unwrap();
        let left: Vec<_> = understood.query_pairs().map(|(name, _)| name.into_owned()).collect();
        assert_eq!(left, ["sslmode", "options[geqo]"]);
        let as_it_is = "postgres://u:p%40@h/x?sslmode=require";
        assert_eq!(super::understood(as_it_is).unwrap().as_str(), as_it_is);
    }

    #[test]
    fn a_server_on_this_machine_is_reached_as_it_likes() {
        for host in ["127.0.0.1:5432", "[::1]:5432", "localhost", "%2Frun%2Fpostgresql"] {
            assert_eq!(mode(&format!("postgres://u:p@{host}/x")), "Prefer", "{host}");
        }
        assert_eq!(mode("postgres:///x?host=/run/postgresql"), "Prefer");
    }
}
