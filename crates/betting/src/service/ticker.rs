//! Locks markets when their time has come, so that watchers see it. Bets are refused by the clock in any case.

use std::time::Duration;

use loljoa_service_kit::postgres;
use sqlx::PgPool;
use tokio::time;
use tokio_util::sync::CancellationToken;

use crate::store;

/// Runs until `closing`.
pub(crate) async fn run(pool: PgPool, interval: Duration, closing: CancellationToken) {
    let mut ticks = time::interval(interval);
    ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    while closing.run_until_cancelled(ticks.tick()).await.is_some() {
        match postgres::bounded(store::markets::lock_due(&pool)).await {
            Ok(0) => {}
            Ok(markets) => tracing::info!(event = "market.locked", markets, "locked"),
            Err(error) => tracing::warn!(event = "market.not_locked", %error, "markets could not be locked"),
        }
    }
}
