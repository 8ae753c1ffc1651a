//! The betting service: markets, bets, pools, and how they end.
//!
//! `grpc` reads requests, `service` does the work, `domain` holds the rules, `store` the SQL. Whoever changes a market or
//! anything below it holds the market's row lock, and several are locked in the order of their ids, so there is no
//! deadlock; only a tombstone, which touches no pool, takes no such lock. The path of a bet begins in `service::placement`.

#![expect(clippy::struct_field_names, reason = "ids are named for what they are, in every layer")]

mod app;
pub mod audit;
pub mod config;
mod domain;
pub mod failpoints;
mod grpc;
mod ledger;
pub mod metrics;
#[doc(hidden)]
pub mod micro;
pub mod periods;
pub mod reconcile;
mod service;
mod store;

pub use loljoa_service_kit::cli::Listeners;
use loljoa_service_kit::{config::Database, postgres};
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
    loljoa_service_kit::metrics::describe(metrics::METRICS);
    let of_a_call = ("grpc.timeout_ms", config.grpc.timeout_ms);
    loljoa_service_kit::config::warn_of_waits(
        of_a_call,
        &[("account.timeout_ms", config.account.timeout_ms)],
    );
    loljoa_service_kit::config::warn_of_waits(of_a_call, &config.database.waits());
    app::serve(config, listeners, shutdown, failpoints).await
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
