//! Whoever cancels sees the points come back: the refund, which is owed from the commit on, is told to the ledger before the
//! answer. Where that takes too long, delivery does it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use loljoa_proto::account::v1::TransferOutcome;
use loljoa_service_kit::{BetId, Error, postgres, telemetry};
use sqlx::PgPool;
use tokio::{sync::Semaphore, time};
use tracing::{Instrument, info_span};

use super::queue::CancelJob;
use crate::{
    SERVICE,
    domain::{Bet, Owed, OwedKind},
    ledger::{self, Ledger},
    service::{Wakers, bets},
    store,
};

/// How long an answer may wait for its refund; less than a caller waits for the answer.
const WITHIN: Duration = Duration::from_millis(2_500);
/// Batches of refunds under way at once. Whoever comes when there are more does not wait.
const UNDER_WAY: usize = 4;

/// Pays refunds of cancelled bets. Cheap to clone.
#[derive(Clone)]
pub(super) struct Refunds {
    pool: PgPool,
    ledger: Ledger,
    wakers: Wakers,
    free: Arc<Semaphore>,
}

impl Refunds {
    /// Refunds by `ledger`.
    #[must_use]
    pub(super) fn new(pool: PgPool, ledger: Ledger, wakers: Wakers) -> Self {
        Self { pool, ledger, wakers, free: Arc::new(Semaphore::new(UNDER_WAY)) }
    }

    /// Pays these cancelled bets and then answers those who cancelled them, beside whatever comes next.
    pub(super) fn answer(&self, jobs: Vec<CancelJob>, cancelled: HashMap<BetId, Bet>) {
        if jobs.is_empty() {
            return;
        }
        let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() else {
            self.wakers.owed.ring();
            return tell(jobs, &cancelled);
        };
        let refunds = self.clone();
        let span = telemetry::shared(
            jobs.iter().map(|job| &job.span),
            |first| info_span!(parent: first, "refund_batch", service = SERVICE, size = jobs.len()),
        );
        let work = async move {
            let owed: Vec<_> = cancelled.values().map(owed).collect();
            let paid = time::timeout(WITHIN, refunds.pay(&owed)).await;
            if !matches!(paid, Ok(Ok(true))) {
                tracing::info!(
                    event = "payment.left_to_delivery",
                    bets = owed.len(),
                    "refunds of cancelled bets are left to delivery"
                );
                refunds.wakers.owed.ring();
            }
            drop(permit);
            tell(jobs, &cancelled);
        };
        tokio::spawn(work.instrument(span));
    }

    /// Pays, and forgets what the ledger has acknowledged. Answers whether that was all.
    async fn pay(&self, owed: &[Owed]) -> Result<bool, Error> {
        let payments = owed.iter().filter_map(|owed| Some((owed.account_id, ledger::payment(owed)?)));
        let outcomes = self.ledger.apply(payments.collect()).await;
        let acknowledged = |outcome: &Result<TransferOutcome, Error>| {
            matches!(outcome, Ok(TransferOutcome::Applied | TransferOutcome::AlreadyApplied))
        };
        let done = owed.iter().zip(&outcomes).filter(|(_, outcome)| acknowledged(outcome));
        let done: Vec<_> = done.map(|(owed, _)| owed.clone()).collect();
        postgres::traced(&self.pool, "DELETE owed", store::owed::acknowledge(&self.pool, &done)).await?;
        self.wakers.closing.notify_one();
        Ok(done.len() == owed.len())
    }
}

fn tell(jobs: Vec<CancelJob>, cancelled: &HashMap<BetId, Bet>) {
    for job in jobs {
        let bet = cancelled.get(&job.asked.bet_id).cloned();
        job.answer(bet.ok_or_else(bets::not_found));
    }
}

/// What a cancelled bet's commit has owed.
fn owed(bet: &Bet) -> Owed {
    Owed {
        bet_id: bet.bet_id,
        account_id: bet.account_id,
        market_id: bet.market_id,
        kind: OwedKind::Cancel,
        points: bet.stake,
        staked: bet.stake,
    }
}
