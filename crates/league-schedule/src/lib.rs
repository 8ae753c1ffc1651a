//! The league-schedule service: tournaments, teams, matches, results and standings; the sources they come from; and the
//! durable feed of their changes.

pub mod config;
pub mod domain;
mod error;
pub mod grpc;
pub mod metrics;
pub mod service;
pub mod source;
pub mod store;

use std::time::Duration;

use loljoa_service_kit::{
    admin,
    cli::Listeners,
    config::Database,
    grpc::{client, server},
    health::Health,
    identity::PublishedAdmins,
    lifecycle::Parts,
    metrics::describe,
    postgres,
    postgres::Pools,
    probe::Probe,
};
use sqlx::{PgPool, migrate::Migrator};
use tokio_util::sync::CancellationToken;

pub use config::Config;
use service::changes::Changes;
use source::{Source, file::File, live::Live, replay::Replay};

/// The service's name in logs, metrics and health.
pub const SERVICE: &str = "league-schedule";

/// The database's schema.
pub static MIGRATOR: Migrator = sqlx::migrate!();

/// A waiting reader is answered this long before its call would time out.
const FEED_MARGIN: Duration = Duration::from_millis(500);

/// Serves until `shutdown`, then drains.
///
/// # Errors
///
/// When a part fails: a port, or a source that cannot be used.
pub async fn serve(config: Config, listeners: Listeners, shutdown: CancellationToken) -> anyhow::Result<()> {
    describe(metrics::METRICS);
    loljoa_service_kit::config::warn_of_waits(
        ("grpc.timeout_ms", config.grpc.timeout_ms),
        &config.database.waits(),
    );
    let pools = Pools::new(&config.database, SERVICE)?;
    let health = Health::new(SERVICE);
    let probe = Probe::new(&config.database, &MIGRATOR, health.clone())?.beside(&config.database, 0, 1);
    let mut parts = Parts::new(health.clone(), shutdown);
    let closing = parts.closing();

    let news = postgres::session_pool(&config.database, &format!("{SERVICE} news"))?;
    let changes = Changes::new(pools.background.clone(), news.clone(), closing.clone());
    let longest_wait = Duration::from_millis(config.grpc.timeout_ms).saturating_sub(FEED_MARGIN);
    let account = client::connect_cells_from(SERVICE, &config.account)?;
    let admins = PublishedAdmins::serve(&mut parts, account, &config.tokens);
    let port = admin::serve(listeners.admin, health.clone(), Some(admins.clone()), parts.ending());
    parts.spawn_last("admin port", port);
    let routes = grpc::routes(&pools.requests, admins, changes.clone(), longest_wait);
    parts.spawn_worker("readiness", probe.run(closing.clone()));
    parts.spawn_worker("pool metrics", pools.clone().report(SERVICE, closing.clone()));
    parts.spawn_worker("news of matches", changes.listen());
    parts.spawn_worker("starts of matches", service::start::run(pools.background.clone(), closing.clone()));
    parts.spawn_worker("questions", service::questions::run(pools.background.clone(), closing.clone()));
    if let Some(source) = source(config.source, &pools.background)? {
        parts.spawn("source of matches", source::run(source, pools.background.clone(), closing.clone()));
    }
    let experiments = config.runtime.experiments;
    parts.spawn("gRPC port", async move {
        server::serve(&config.grpc, listeners.service, health, experiments, routes, closing).await
    });
    let close = async move {
        tokio::join!(pools.close(), news.close());
    };
    parts.run(&config.runtime.drain, close).await
}

fn source(config: config::Source, pool: &PgPool) -> anyhow::Result<Option<Box<dyn Source>>> {
    Ok(match config {
        config::Source::Import => None,
        config::Source::File(file) => Some(Box::new(File::new(pool.clone(), file.path))),
        config::Source::Live(live) => Some(Box::new(Live::new(pool.clone(), live)?)),
        config::Source::Replay(replay) => Some(Box::new(Replay::new(pool.clone(), replay))),
    })
}

/// Brings the database up to date. Safe with many replicas at once.
///
/// # Errors
///
/// When the database does not answer or a migration fails.
pub async fn migrate(database: &Database) -> anyhow::Result<()> {
    postgres::migrate(database, SERVICE, &MIGRATOR).await?;
    Ok(())
}
