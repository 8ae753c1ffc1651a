//! The betting service: markets, bets, pools, and how they end.
//!
//! `grpc` reads requests, `service` does the work, `domain` holds the rules, `store` the SQL. Whoever changes a market or
//! anything below it holds the market's row lock, and several are locked in the order of their ids, so there is no
//! deadlock. The path of a bet begins in [`service::placement`].

mod app;
pub mod audit;
pub mod config;
pub mod domain;
pub mod failpoints;
pub mod grpc;
pub mod ledger;
pub mod service;
pub mod store;

use loljoa_service_kit::postgres;
pub use loljoa_service_kit::cli::Listeners;
use sqlx::migrate::Migrator;
use tokio_util::sync::CancellationToken;

pub use crate::config::Config;
use crate::failpoints::FailPoints;

/// The service's name.
pub const SERVICE: &str = "betting";

/// The database's migrations.
pub static MIGRATOR: Migrator = sqlx::migrate!();

/// Serves until `shutdown`.
///
/// # Errors
///
/// When a part of the service fails.
pub async fn serve(config: Config, listeners: Listeners, shutdown: CancellationToken) -> anyhow::Result<()> {
    serve_with(config, listeners, shutdown, FailPoints::default()).await
}

/// Serves until `shutdown`, failing where `failpoints` say.
///
/// # Errors
///
/// When a part of the service fails.
pub async fn serve_with(
    config: Config,
    listeners: Listeners,
    shutdown: CancellationToken,
    failpoints: FailPoints,
) -> anyhow::Result<()> {
    app::serve(config, listeners, shutdown, failpoints).await
}

/// Brings the database up to date. Safe with many replicas at once.
///
/// # Errors
///
/// When the database does not answer or a migration fails.
pub async fn migrate(config: &Config) -> anyhow::Result<()> {
    let pool = postgres::pool(&config.database, SERVICE)?;
    postgres::migrate(&pool, &MIGRATOR).await?;
    Ok(())
}
