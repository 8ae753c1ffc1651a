//! Keeping ranks some seconds old.

use std::time::{Duration, Instant};

use loljoa_service_kit::postgres;
use metrics::{counter, histogram};
use sqlx::{PgPool, postgres::types::PgInterval};
use tokio::time;
use tokio_util::sync::CancellationToken;

use crate::{SERVICE, store::ranks};

/// How old ranks are at most while one pass over all accounts is quick.
const EVERY: Duration = Duration::from_secs(5);
/// A pass that takes long is made less often: at most this share of the time.
const REST: u32 = 50;
/// The longest pass, as the statement's own time-out has it.
const LONGEST: Duration = Duration::from_mins(1);

/// Renews the anchors of ranks until `shutdown`, on one replica at a time.
pub(crate) async fn run(pool: PgPool, shutdown: CancellationToken) {
    let mut ticks = time::interval(EVERY);
    ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        if let Err(error) = postgres::bounded_by(LONGEST, renew(&pool)).await {
            counter!("loljoa_rank_snapshot_failures_total", "service" => SERVICE).increment(1);
            tracing::warn!(event = "ranking.not_renewed", %error, "ranks could not be renewed");
        }
    }
}

async fn renew(pool: &PgPool) -> sqlx::Result<()> {
    let mut transaction = postgres::begin(pool).await?;
    if !ranks::is_due(&mut transaction).await? {
        return Ok(());
    }
    let started = Instant::now();
    ranks::renew(&mut transaction).await?;
    let took = started.elapsed();
    ranks::schedule(&mut transaction, interval((took * REST).max(EVERY))).await?;
    transaction.commit().await?;
    histogram!("loljoa_rank_snapshot_seconds", "service" => SERVICE).record(took.as_secs_f64());
    Ok(())
}

fn interval(duration: Duration) -> PgInterval {
    PgInterval { months: 0, days: 0, microseconds: i64::try_from(duration.as_micros()).unwrap_or(i64::MAX) }
}
