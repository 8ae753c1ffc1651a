//! The one path by which points move: waiting calls are merged into batches, each applied in one commit.
//!
//! The merge matters when several callers write at once: without it more callers would mean more and smaller commits.
//! Bets, payments and results have places, workers and therefore connections of their own: however many of one class
//! wait, or are stuck behind a row that somebody holds, the others go on.

mod admission;
mod lane;
mod queue;
mod results;
mod worker;

use loljoa_service_kit::Error;

use crate::{
    config::Ledger as Config,
    domain::{
        results::{BetResult, Recorded},
        transfer::{MAX_BATCH, Outcome, Transfer},
    },
};
use lane::Lane;
use results::Results;
pub(crate) use worker::Worker;

/// What waits together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// Stakes.
    Bets,
    /// All that gives points: payouts, refunds, corrections, grants.
    Payments,
    /// How settled bets ended.
    Results,
}

impl Class {
    /// The name in metrics.
    const fn name(self) -> &'static str {
        match self {
            Self::Bets => "bets",
            Self::Payments => "payments",
            Self::Results => "results",
        }
    }
}

/// Applies transfers and records results. Cheap to clone; workers end after the last handle is dropped.
#[derive(Clone, Debug)]
pub(crate) struct Handle {
    bets: Lane,
    payments: Lane,
    results: Results,
}

/// A handle and the workers behind it, which are to be run. All classes together use [`Config::connections`] of `pool`.
pub(crate) fn new(config: &Config, pool: &sqlx::PgPool) -> (Handle, Vec<Worker>) {
    let (bets, mut workers) = lane::new(Class::Bets, config, config.workers, pool);
    let (payments, payers) = lane::new(Class::Payments, config, config.payment_workers, pool);
    workers.extend(payers);
    (Handle { bets, payments, results: Results::new(config, pool.clone()) }, workers)
}

impl Handle {
    /// Applies transfers, each for itself, and tells what became of each, in order.
    ///
    /// They may share their commit with those of other calls. What a batch has begun with is applied even if the caller goes;
    /// what still waits then is not. After an error some may have been applied; it is safe to send them again.
    pub(crate) async fn apply(&self, transfers: Vec<Transfer>) -> Result<Vec<Outcome>, Error> {
        if transfers.is_empty() {
            return Ok(Vec::new());
        }
        if transfers.len() > MAX_BATCH {
            return Err(Error::invalid_field("transfers", "too_many_transfers", "must be 5000 or fewer"));
        }
        // A call that has both keeps its order, so it goes one way whole.
        let only_bets = transfers.iter().all(|transfer| transfer.kind.takes());
        if only_bets { self.bets.apply(transfers).await } else { self.payments.apply(transfers).await }
    }

    /// Records results, each once.
    pub(crate) async fn record(&self, results: &[BetResult]) -> Result<Recorded, Error> {
        if results.len() > MAX_BATCH {
            return Err(Error::invalid_field("results", "too_many_results", "must be 5000 or fewer"));
        }
        self.results.record(results).await
    }
}

#[cfg(test)]
mod tests;
