//! The account service: accounts, sessions and the points ledger.

pub mod audit;
pub mod config;
mod domain;
mod grpc;
mod ledger;
pub mod metrics;
mod passwords;
pub mod periods;
pub mod reconcile;
mod service;
mod store;
mod tokens;

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use chrono::TimeDelta;
use loljoa_service_kit::{
    Clock, admin, cells,
    cli::Listeners,
    config::{Database, Tokens},
    grpc::{client, server},
    health::Health,
    identity::{PublishedAdmins, Reader, WhileThere},
    lifecycle::Parts,
    metrics::describe,
    postgres,
    postgres::Pools,
    probe::Probe,
};
use sqlx::{PgPool, migrate::Migrator};
use tokio_util::sync::CancellationToken;

pub use config::Config;
pub use tokens::{AUDIENCE, ISSUER};

use audit::Reconciler;
use config::SEALING_KEY_BYTES;
use domain::{rotation, skeleton::Reserved};
use passwords::Hasher;
use service::{AllAdmins, Service};
use tokens::{Keyring, Sealer, Stamp};

/// The service's name in logs, traces and metrics.
pub const SERVICE: &str = "account";

/// The service's schema.
pub static MIGRATOR: Migrator = sqlx::migrate!();

/// Brings the database up to date. Safe with many replicas at once.
///
/// # Errors
///
/// When the database does not answer or a migration fails.
pub async fn migrate(database: &Database) -> anyhow::Result<()> {
    postgres::migrate(database, SERVICE, &MIGRATOR).await?;
    Ok(())
}

/// Serves until `shutdown`, then drains.
///
/// # Errors
///
/// When a part fails for good, such as a sealing key that does not open the stored signing keys.
pub async fn serve(config: Config, listeners: Listeners, shutdown: CancellationToken) -> anyhow::Result<()> {
    serve_at(config, listeners, shutdown, Clock::system()).await
}

/// Like [`serve`], at the time of `clock`.
///
/// # Errors
///
/// As for [`serve`].
pub async fn serve_at(
    config: Config,
    listeners: Listeners,
    shutdown: CancellationToken,
    clock: Clock,
) -> anyhow::Result<()> {
    describe(metrics::METRICS);
    loljoa_service_kit::config::warn_of_waits(
        ("grpc.timeout_ms", config.grpc.timeout_ms),
        &config.database.waits(),
    );
    let drain = config.runtime.drain.clone();
    let pools = Pools::new(&config.database, SERVICE)?;
    let health = Health::new(SERVICE);
    let probe = Probe::new(&config.database, &MIGRATOR, health.clone())?;
    let probe = probe.beside(&config.database, config.reads.connections, 0);
    let mut parts = Parts::new(health.clone(), shutdown);
    let closing = parts.closing();
    let (ledger, workers) = ledger::new(&config.ledger, &pools.workers);
    // Workers end when the last handle of the ledger is gone, so that batches of calls under way are still applied.
    for worker in workers {
        parts.spawn_worker("ledger worker", worker.run());
    }
    let reads = reads(&config)?;
    let service = service(&config, &pools.requests, &reads, clock, ledger)?;
    spawn_background(&mut parts, &config, &service, &health, &pools);
    parts.spawn_worker("readiness", probe.run(closing.clone()));
    let admins = Arc::new(AllAdmins::new(service.clone(), other_admins(&mut parts, &config)?));
    // The port outlives the ledger's workers, which end when nobody has the service any more.
    let asked = Arc::new(WhileThere::of(&admins));
    let port = admin::serve(listeners.admin, health.clone(), Some(asked), parts.ending());
    parts.spawn_last("admin port", port);
    let (routes, experiments) = (grpc::routes(service, admins, &pools), config.runtime.experiments);
    parts.spawn("gRPC port", async move {
        server::serve(&config.grpc, listeners.service, health, experiments, routes, closing).await
    });
    let close = async move {
        tokio::join!(pools.close(), reads.close());
    };
    parts.run(&drain, close).await
}

/// What tells the admins of other cells, where there are any.
fn other_admins(parts: &mut Parts, config: &Config) -> anyhow::Result<Option<Arc<PublishedAdmins>>> {
    let Some(account) = config.cells().filter(|_| !config.cell.is_alone()) else { return Ok(None) };
    let cells = client::connect_cells_from(SERVICE, &account)?;
    Ok(Some(PublishedAdmins::serve(parts, cells, &Tokens::default())))
}

/// The pool for what anybody may look at.
fn reads(config: &Config) -> sqlx::Result<PgPool> {
    let database = Database { max_connections: config.reads.connections, ..config.database.clone() };
    postgres::pool(&database, "account reads")
}

fn spawn_background(parts: &mut Parts, config: &Config, service: &Service, health: &Health, pools: &Pools) {
    let (pool, closing) = (&pools.background, parts.closing());
    if let Some(admin) = config.bootstrap_admin.clone() {
        health.start_warming();
        let bootstrap = service::bootstrap_admin(service.clone(), admin, health.clone(), closing.clone());
        parts.spawn("bootstrap admin", bootstrap);
    }
    if !config.cell.is_alone() {
        health.start_warming();
        let service = service.clone();
        let stranger = move || {
            let service = service.clone();
            async move { service.stranger().await }
        };
        parts.spawn("cell", cells::keep_to(config.cell, health.clone(), closing.clone(), stranger));
    }
    parts.spawn("signing keys", service.keyring.clone().run(closing.clone()));
    let upkeep =
        service::run_upkeep(pool.clone(), service.clock.clone(), service.throttle.account, closing.clone());
    parts.spawn_worker("upkeep", upkeep);
    parts.spawn_worker("ranks", service::run_ranking(pool.clone(), closing.clone()));
    let reconciler = Reconciler::new(pool.clone(), service.clock.clone(), config.cell, &config.audit);
    parts.spawn_worker("audit", reconciler.run(closing.clone()));
    parts.spawn_worker("pool metrics", pools.clone().report(SERVICE, closing));
}

fn service(
    config: &Config,
    pool: &PgPool,
    reads: &PgPool,
    clock: Clock,
    ledger: ledger::Handle,
) -> anyhow::Result<Service> {
    let sealing_key = sealing_key(config)?;
    Ok(Service {
        pool: pool.clone(),
        reads: reads.clone(),
        reserved: Arc::new(reserved(config)),
        cursors: Stamp::new(&sealing_key, "leaderboard cursor"),
        keyring: Arc::new(keyring(config, pool, &clock)?),
        reader: Arc::new(Reader::new(ISSUER, AUDIENCE)),
        clock,
        hasher: Hasher::new(&config.passwords)?,
        ledger,
        throttle: config.throttle.policies(),
        cell: config.cell,
        session_lives: TimeDelta::from_std(Duration::from_secs(config.tokens.session_seconds))?,
    })
}

/// The admin's name, too, for when there is no such admin yet.
fn reserved(config: &Config) -> Reserved {
    Reserved::with(config.bootstrap_admin.iter().map(|admin| admin.username.clone()))
}

fn sealing_key(config: &Config) -> anyhow::Result<[u8; SEALING_KEY_BYTES]> {
    config.tokens.sealing_key_bytes().context("tokens.sealing_key must be 32 bytes in base64")
}

fn keyring(config: &Config, pool: &PgPool, clock: &Clock) -> anyhow::Result<Keyring> {
    let tokens = &config.tokens;
    let policy = rotation::Policy {
        signs_for: Duration::from_secs(tokens.key_seconds),
        published_before: Duration::from_secs(tokens.key_published_seconds),
        token_lives: Duration::from_secs(tokens.access_seconds),
    };
    Ok(Keyring::new(pool.clone(), clock.clone(), policy, Sealer::new(&sealing_key(config)?)?))
}
