//! The database, seen from a service: pools, transactions, readiness, and a server that vanishes.

mod begin;
mod callers;
mod migrate;
mod pooler;
mod probe;
mod proxy;
mod tls;
mod vanished;

use loljoa_service_kit::config::Database;
use proxy::Proxy;
use sqlx::{PgPool, postgres::PgConnectOptions};

/// The configuration of a service whose database is the one behind `pool`, reached through `proxy` if there is one.
fn database(pool: &PgPool, proxy: Option<&Proxy>) -> Database {
    let options: &PgConnectOptions = &pool.connect_options();
    let mut url = url::Url::parse(&std::env::var("DATABASE_URL").unwrap()).unwrap();
    url.set_path(options.get_database().unwrap());
    if let Some(proxy) = proxy {
        url.set_ip_host(proxy.address.ip()).unwrap();
        url.set_port(Some(proxy.address.port())).unwrap();
    }
    Database {
        max_connections: 1,
        acquire_timeout_ms: 20_000,
        statement_timeout_ms: 500,
        lock_timeout_ms: 300,
        ..Database::at(url)
    }
}
