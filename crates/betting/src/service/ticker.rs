//! Locks markets when their time has come, so that watchers see it. Bets are refused by the clock in any case.

use std::time::Duration;

use loljoa_service_kit::{MarketId, postgres, telemetry};
use sqlx::PgPool;
use tokio::time;
use tokio_util::sync::CancellationToken;
use tracing::info_span;

use crate::{SERVICE, store};

/// Runs until `closing`.
pub(crate) async fn run(pool: PgPool, interval: Duration, closing: CancellationToken) {
    let mut ticks = time::interval(interval);
    ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    while closing.run_until_cancelled(ticks.tick()).await.is_some() {
        match postgres::bounded(store::markets::lock_due(&pool)).await {
            Ok(markets) if markets.is_empty() => {}
            Ok(markets) => tell(&markets),
            Err(error) => tracing::warn!(event = "market.not_locked", %error, "markets could not be locked"),
        }
    }
}

/// Ticks are many and seldom lock anything, so that only what they have locked is a trace.
fn tell(markets: &[MarketId]) {
    let span = info_span!(parent: None, "lock_markets", service = SERVICE, markets = markets.len());
    for market in markets {
        telemetry::event(&span, "market.locked", &[("loljoa.market.id", market)]);
    }
    span.in_scope(|| tracing::info!(event = "market.locked", markets = markets.len(), "locked"));
}
