//! Begins matches of files when their time has come: nobody tells of it. Live feeds and replays tell themselves.

use std::time::Duration;

use loljoa_service_kit::postgres;
use sqlx::PgPool;
use tokio::time::{self, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::store;

/// How late a match may begin.
const EVERY: Duration = Duration::from_secs(2);

/// Looks at the clock until `closing`. Any number of replicas may.
pub async fn run(pool: PgPool, closing: CancellationToken) {
    let mut ticks = time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while closing.run_until_cancelled(ticks.tick()).await.is_some() {
        match closing.run_until_cancelled(begin(&pool)).await {
            Some(Ok(begun)) if begun > 0 => {
                tracing::info!(event = "match.begun", matches = begun, "matches have begun");
            }
            Some(Err(error)) => tracing::warn!(
                event = "match.not_begun",
                %error, "matches could not be begun"
            ),
            _ => {}
        }
    }
}

async fn begin(pool: &PgPool) -> Result<u64, sqlx::Error> {
    let mut transaction = postgres::begin(pool).await?;
    let begun = store::matches::begin_due(&mut transaction).await?;
    if begun > 0 {
        transaction.commit().await?;
    }
    Ok(begun)
}
