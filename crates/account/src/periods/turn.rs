//! The turn of the year: an event in the database that one replica brings about.

use metrics::gauge;
use sqlx::PgPool;
use tokio::time;

use super::{ATTEMPTS, PAUSE, is_locked};
use crate::{SERVICE, store::periods};

/// A clock that is further ahead than this is wrong: a period that has begun cannot be taken back.
const MOST_YEARS: i32 = 10;

/// Begins a period for each year that has begun since the last one, and has the partitions of the one after ready, so that
/// its beginning changes no table. Replicas that do so at once do it once.
pub(crate) async fn keep_up(pool: &PgPool) -> sqlx::Result<()> {
    let year = periods::year(pool).await?;
    let current = catch_up(pool, year).await?;
    gauge!("loljoa_current_period", "service" => SERVICE).set(current);
    Ok(())
}

/// Begins the periods up to `year`, never back, and gives the current one.
pub(super) async fn catch_up(pool: &PgPool, year: i32) -> sqlx::Result<i32> {
    let mut current = periods::current(pool).await?;
    if year > current + MOST_YEARS {
        tracing::error!(
            event = "period.not_turned",
            year,
            current,
            "the year could not be turned: the database's clock is far ahead"
        );
        return Ok(current);
    }
    while current < year {
        periods::prepare(pool, current + 1).await?;
        begin(pool, current + 1).await?;
        current = periods::current(pool).await?;
    }
    periods::prepare(pool, current + 1).await?;
    Ok(current)
}

/// Begins a period as soon as nobody writes for a moment.
async fn begin(pool: &PgPool, period: i32) -> sqlx::Result<()> {
    let mut attempt = 1;
    loop {
        match periods::begin(pool, period).await {
            Ok(begun) => {
                if begun {
                    tracing::info!(event = "period.begun", period, "a period of the ledger has begun");
                }
                return Ok(());
            }
            Err(error) if attempt < ATTEMPTS && is_locked(&error) => {
                attempt += 1;
                time::sleep(PAUSE).await;
            }
            Err(error) => return Err(error),
        }
    }
}
