//! Recording how bets ended, beside the queues of transfers.

use std::time::Duration;

use loljoa_service_kit::{Error, postgres};
use sqlx::PgPool;

use super::{Class, admission::Admission};
use crate::{
    config::Ledger as Config,
    domain::results::{BetResult, Recorded},
    store,
};

/// The most results of one commit.
const PIECE: usize = 2_000;
/// Calls that may wait for their turn.
const WAITING: usize = 1_000;

/// Records results, as many calls at once as there are workers for payments.
#[derive(Clone, Debug)]
pub(super) struct Results {
    pool: PgPool,
    admission: Admission,
}

impl Results {
    pub(super) fn new(config: &Config, pool: PgPool) -> Self {
        let patience = Duration::from_millis(config.patience_ms);
        Self { pool, admission: Admission::new(Class::Results, config.payment_workers, WAITING, patience) }
    }

    /// Records results in pieces; others may come between them.
    pub(super) async fn record(&self, results: &[BetResult]) -> Result<Recorded, Error> {
        let mut sum = Recorded::default();
        for piece in results.chunks(PIECE) {
            let _place = self.admission.enter(1).await?;
            let record = || {
                postgres::traced(
                    &self.pool,
                    "SELECT record_results",
                    store::results::record(&self.pool, piece),
                )
            };
            let recorded = postgres::repeating(record).await?;
            sum = sum + recorded;
        }
        Ok(sum)
    }
}
