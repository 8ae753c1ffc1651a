//! Cancels of one batch: taken off their markets in one commit, paid back, then answered.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use chrono::TimeDelta;
use loljoa_service_kit::{BetId, Error, MarketId, postgres, telemetry};
use metrics::histogram;
use sqlx::PgPool;
use tracing::{Instrument, info_span};

use super::{
    apart::{self, Work},
    lanes::Lanes,
    queue::{Cancel, CancelJob, Job},
    refund::Refunds,
    told,
};
use crate::{
    SERVICE,
    domain::Bet,
    service::{bets, millis, number},
    store::{self, bets::Cancellation},
};

/// Cancels bets. Cheap to clone.
#[derive(Clone)]
pub(super) struct Canceller {
    pub(super) pool: PgPool,
    pub(super) lanes: Lanes,
    pub(super) refunds: Refunds,
    /// How long before the lock cancelling ends.
    pub(super) window: TimeDelta,
    /// How long a transaction waits for a row.
    pub(super) patience: Duration,
}

impl Work for Canceller {
    type Item = Cancel;
    type Done = Cancellation;

    fn pool(&self) -> &PgPool {
        &self.pool
    }

    fn market(cancel: &Cancel) -> MarketId {
        cancel.market_id
    }

    async fn attempt(&self, cancels: &[Cancel]) -> Result<Vec<Cancellation>, sqlx::Error> {
        let asked: Vec<_> = cancels.iter().map(|cancel| (cancel.bet_id, cancel.account_id)).collect();
        let patience_ms = millis(self.patience);
        let cancel = || {
            let statement = store::bets::cancel(&self.pool, &asked, self.window, patience_ms);
            postgres::traced(&self.pool, "SELECT cancel_bets", statement)
        };
        postgres::retrying(cancel).await
    }
}

impl Canceller {
    /// Cancels each bet for itself.
    pub(super) async fn cancel(&self, jobs: Vec<CancelJob>) {
        if jobs.is_empty() {
            return;
        }
        histogram!("loljoa_cancel_batch_size", "service" => "betting").record(number(jobs.len()));
        let mut seen = HashSet::with_capacity(jobs.len());
        let asked = jobs.iter().map(|job| job.asked).filter(|asked| seen.insert(*asked)).collect();
        let span = telemetry::shared(
            jobs.iter().map(|job| &job.span),
            |first| info_span!(parent: first, "cancel_batch", service = SERVICE, size = jobs.len()),
        );
        match self.decide(asked).instrument(span).await {
            Ok((verdicts, bets)) => self.answer(jobs, &verdicts, bets),
            Err(error) => jobs.into_iter().for_each(|job| job.answer(Err(error.clone()))),
        }
    }

    /// How each attempt ended, and the bets that are cancelled. What cannot be had is left out.
    async fn decide(
        &self,
        asked: Vec<Cancel>,
    ) -> Result<(HashMap<Cancel, Cancellation>, HashMap<BetId, Bet>), Error> {
        let verdicts: HashMap<_, _> = apart::run(self, asked).await?.done.into_iter().collect();
        let cancelled = verdicts.iter().filter(|(_, verdict)| **verdict == Cancellation::Cancelled);
        let ids: Vec<_> = cancelled.map(|(cancel, _)| cancel.bet_id).collect();
        let found = if ids.is_empty() { Vec::new() } else { store::bets::by_ids(&self.pool, &ids).await? };
        Ok((verdicts, found.into_iter().map(|bet| (bet.bet_id, bet)).collect()))
    }

    fn answer(
        &self,
        jobs: Vec<CancelJob>,
        verdicts: &HashMap<Cancel, Cancellation>,
        bets: HashMap<BetId, Bet>,
    ) {
        let (mut refunded, mut held) = (Vec::new(), Vec::new());
        for job in jobs {
            match verdicts.get(&job.asked) {
                Some(Cancellation::Cancelled) => {
                    told::cancelled(&job.span, &job.asked);
                    refunded.push(job);
                }
                Some(Cancellation::NotFound) => job.answer(Err(bets::not_found())),
                Some(Cancellation::Closed) => job.answer(Err(bets::closed())),
                Some(Cancellation::TooLate) => job.answer(Err(bets::too_late())),
                None => held.push(Job::Cancel(job)),
            }
        }
        self.lanes.put_aside([], held);
        self.refunds.answer(refunded, bets);
    }
}
