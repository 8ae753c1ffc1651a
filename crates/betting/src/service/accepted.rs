//! Counts the bets that are accepted. The count is only shown: a crash loses what was not written down yet, and where just the
//! answer of the database was lost, it may be written twice.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use loljoa_service_kit::postgres;
use sqlx::PgPool;
use tokio::time;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::store;

const EVERY: Duration = Duration::from_secs(2);

/// Takes note of bets that were accepted. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    bets: Arc<AtomicI64>,
    _in_use: Arc<DropGuard>,
}

/// Writes down what was taken note of.
#[derive(Debug)]
pub(crate) struct Counting {
    pool: PgPool,
    bets: Arc<AtomicI64>,
    /// Cancelled when nobody can take note of anything any more.
    over: CancellationToken,
}

/// Takes note, and writes it down in `pool`.
#[must_use]
pub(crate) fn new(pool: PgPool) -> (Accepted, Counting) {
    let (bets, over) = (Arc::<AtomicI64>::default(), CancellationToken::new());
    let accepted = Accepted { bets: Arc::clone(&bets), _in_use: Arc::new(over.clone().drop_guard()) };
    (accepted, Counting { pool, bets, over })
}

impl Accepted {
    /// So many were accepted.
    pub(crate) fn count(&self, bets: usize) {
        self.bets.fetch_add(i64::try_from(bets).unwrap_or(i64::MAX), Ordering::Relaxed);
    }
}

impl Counting {
    /// Runs until the last [`Accepted`] is gone, and then writes down what is left.
    pub(crate) async fn run(self) {
        let mut ticks = time::interval(EVERY);
        ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        while self.over.run_until_cancelled(ticks.tick()).await.is_some() {
            self.write_down().await;
        }
        self.write_down().await;
    }

    /// What could not be written is written next time.
    async fn write_down(&self) {
        let bets = self.bets.swap(0, Ordering::Relaxed);
        if bets == 0 {
            return;
        }
        if let Err(error) = postgres::bounded(store::accepted::add(&self.pool, bets)).await {
            tracing::warn!(event = "bet.not_counted", %error, bets, "accepted bets could not be counted");
            self.bets.fetch_add(bets, Ordering::Relaxed);
        }
    }
}
