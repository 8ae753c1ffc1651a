//! Deletes what nobody needs any more, a little at a time.

use std::time::Duration;

use loljoa_service_kit::postgres;
use metrics::counter;
use sqlx::PgPool;
use tokio::time;
use tokio_util::sync::CancellationToken;

use crate::{config, store};

/// Runs until `closing`.
pub(crate) async fn run(pool: PgPool, config: config::Retention, closing: CancellationToken) {
    let mut ticks = time::interval(Duration::from_millis(config.interval_ms));
    ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    while closing.run_until_cancelled(ticks.tick()).await.is_some() {
        let sweeping = postgres::unless_lost(sweep(&pool, &config));
        if let Some(Some(Err(error))) = closing.run_until_cancelled(sweeping).await {
            tracing::warn!(
                event = "retention.failed",
                %error, "what nobody needs any more could not be deleted"
            );
        }
    }
}

/// Deletes the positions of markets that have been final for long enough, chunk by chunk, and counts of days before.
async fn sweep(pool: &PgPool, config: &config::Retention) -> Result<(), sqlx::Error> {
    let kept = Duration::from_millis(config.positions_ms);
    while let Some(gone) = store::positions::sweep(pool, kept, i64::from(config.chunk)).await? {
        counter!("loljoa_positions_swept_total", "service" => "betting").increment(gone.unsigned_abs());
    }
    store::accepted::forget(pool).await
}
