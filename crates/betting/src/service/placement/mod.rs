//! The path of a bet and of its cancel: pre-check, queue, batch.

mod apart;
mod batch;
mod cancel;
mod lanes;
mod precheck;
mod queue;
mod record;
mod refund;
mod room;
mod told;

use std::sync::Arc;

use chrono::TimeDelta;
use loljoa_service_kit::{Error, postgres::Kept};
use sqlx::PgPool;
use tokio::sync::oneshot;
use tracing::Span;

pub(crate) use self::{
    batch::{Worker, gathered},
    queue::{Cancel, Depth},
    room::Room,
};
use self::{
    cancel::Canceller,
    lanes::Lanes,
    precheck::Verdict,
    queue::{Job, Queue, Waiting},
    record::Recorder,
    refund::Refunds,
};
use super::{MarketCache, Wakers, accepted::Accepted};
use crate::{
    config,
    domain::{Bet, Market, NewBet, Tombstone, bet::Fingerprint},
    failpoints::FailPoints,
    ledger::Ledger,
};

/// A bet that was placed, now or before.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    /// The bet in its present state.
    pub(crate) bet: Bet,
    /// It was there before this call.
    pub(crate) replayed: bool,
    /// Its market, as the batch or the pre-check saw it; none where it is not known.
    pub(crate) market: Option<Arc<Market>>,
}

/// What comes of one bet.
pub(crate) type Answer = Result<Placed, Error>;

/// What placing bets needs.
pub(crate) struct Needs {
    /// Connections for what a caller asks.
    pub(crate) requests: PgPool,
    /// Connections for the batches.
    pub(crate) workers: PgPool,
    /// Markets as they were a moment ago.
    pub(crate) markets: MarketCache,
    /// Where stakes are taken, and refunds paid.
    pub(crate) ledger: Ledger,
    /// Wakes delivery.
    pub(crate) wakers: Wakers,
    /// Takes note of bets that were accepted.
    pub(crate) accepted: Accepted,
    /// Where tests let a step fail.
    pub(crate) failpoints: FailPoints,
    /// How long before the lock cancelling ends.
    pub(crate) cancel_window: TimeDelta,
}

/// Places and cancels bets. Cheap to clone; the workers end when the last clone is gone and the queue is empty.
#[derive(Clone)]
pub(crate) struct Placement {
    queue: Queue,
    markets: MarketCache,
    lanes: Lanes,
    pool: PgPool,
}

impl Placement {
    /// A queue, the workers that empty it, and the one for markets that cannot be had.
    #[must_use]
    pub(crate) fn new(config: &config::Placement, needs: Needs) -> (Self, Vec<Worker>, Room) {
        let Needs { requests, workers: pool, markets, ledger, wakers, accepted, failpoints, cancel_window } =
            needs;
        let (queue, jobs) = queue::bounded(config);
        let (lanes, patience) = (Lanes::default(), config.lock_timeout());
        let refunds = Refunds::new(requests.clone(), ledger.clone(), wakers.clone());
        let canceller =
            Canceller { pool: pool.clone(), lanes: lanes.clone(), refunds, window: cancel_window, patience };
        let connections = Arc::new(Kept::new(pool.clone(), config.workers));
        let recorder = Recorder {
            pool: pool.clone(),
            connections,
            markets: markets.clone(),
            wakers,
            accepted,
            patience,
        };
        let room = Room {
            pool,
            lanes: lanes.clone(),
            recorder: recorder.clone(),
            way_back: queue.way_back(),
            record_within: config.record_within(),
        };
        let placement = Self { queue, markets, lanes: lanes.clone(), pool: requests };
        let worker = Worker { jobs, lanes, recorder, canceller, ledger, failpoints };
        (placement, vec![worker; config.workers], room)
    }

    /// How many bets wait.
    #[must_use]
    pub(crate) fn depth(&self) -> Depth {
        self.queue.depth()
    }

    /// Places bets, each for itself, and answers for each in order. All are queued, in order, before any is awaited.
    pub(crate) async fn place(&self, bets: Vec<(NewBet, Span)>) -> Vec<Answer> {
        let verdicts = precheck::check(&self.pool, &self.markets, &self.lanes, &bets).await;
        let submit = |((bet, span), verdict)| match verdict {
            Verdict::Answered(answer) => {
                told::answered(&span, &bet, &answer);
                Submitted::Answered(answer)
            }
            Verdict::Pass => {
                let (job, answered) = Waiting::new(bet, span);
                match self.queue.submit(Job::Bet(job)) {
                    Ok(()) => Submitted::Queued(answered),
                    Err(full) => Submitted::Answered(Box::new(Err(full))),
                }
            }
        };
        let submitted: Vec<_> = bets.into_iter().zip(verdicts).map(submit).collect();
        let mut answers = Vec::with_capacity(submitted.len());
        for bet in submitted {
            answers.push(match bet {
                Submitted::Answered(answer) => *answer,
                Submitted::Queued(answered) => answered.await.unwrap_or_else(|_| Err(undecided())),
            });
        }
        answers
    }

    /// Gives the stake of an accepted bet back, and waits for the refund.
    ///
    /// # Errors
    ///
    /// `bet_not_found`, `bet_closed`, `cancel_window_closed`; `queue_full`, `market_busy`.
    pub(crate) async fn cancel(&self, cancel: Cancel) -> Result<Bet, Error> {
        let (job, answered) = Waiting::new(cancel, Span::current());
        self.queue.submit(Job::Cancel(job))?;
        answered.await.unwrap_or_else(|_| Err(undecided()))
    }
}

/// A bet on its way.
enum Submitted {
    Answered(Box<Answer>),
    Queued(oneshot::Receiver<Answer>),
}

fn undecided() -> Error {
    Error::unavailable("this was not decided; ask again")
}

/// Why a market that is closed takes no bet.
fn market_locked() -> Error {
    Error::conflict("market_locked", "the market takes no more bets")
        .with_field("marketId", "must be an open market")
}

/// What a recorded bet means to whoever asks for the one with this fingerprint.
fn answer(bet: Bet, asked: Fingerprint, replayed: bool, market: Option<Arc<Market>>) -> Answer {
    if bet.fingerprint != asked {
        return Err(key_reused());
    }
    if bet.tombstone == Some(Tombstone::MarketLocked) {
        return Err(market_locked());
    }
    Ok(Placed { bet, replayed, market })
}

fn key_reused() -> Error {
    Error::conflict("idempotency_key_reused", "the key was used for another request")
        .with_field("Idempotency-Key", "must be new for a new request")
}
