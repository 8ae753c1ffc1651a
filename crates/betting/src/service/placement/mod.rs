//! The path of a bet: pre-check, queue, batch.

mod batch;
mod precheck;
mod queue;

use std::sync::Arc;

use loljoa_service_kit::Error;
use sqlx::PgPool;
use tokio::sync::oneshot;
use tracing::Span;

pub(crate) use self::{batch::Worker, queue::Depth};
use self::{
    precheck::Verdict,
    queue::{Job, Queue},
};
use super::{MarketCache, Wakers};
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

/// Places bets. Cheap to clone; the workers end when the last clone is gone and the queue is empty.
#[derive(Clone)]
pub(crate) struct Placement {
    queue: Queue,
    markets: MarketCache,
    pool: PgPool,
}

impl Placement {
    /// A queue, and the workers that empty it.
    #[must_use]
    pub(crate) fn new(
        config: &config::Placement,
        pool: PgPool,
        markets: MarketCache,
        ledger: Ledger,
        wakers: Wakers,
        failpoints: FailPoints,
    ) -> (Self, Vec<Worker>) {
        let (queue, jobs) = queue::bounded(config.queue);
        let worker = Worker {
            jobs,
            batch: config.batch,
            pool: pool.clone(),
            markets: markets.clone(),
            ledger,
            wakers,
            failpoints,
        };
        (Self { queue, markets, pool }, vec![worker; config.workers])
    }

    /// How many bets wait.
    #[must_use]
    pub(crate) fn depth(&self) -> Depth {
        self.queue.depth()
    }

    /// Places bets, each for itself, and answers for each in order. All are queued, in order, before any is awaited.
    pub(crate) async fn place(&self, bets: Vec<(NewBet, Span)>) -> Vec<Answer> {
        let verdicts = precheck::check(&self.pool, &self.markets, &bets).await;
        let submit = |((bet, span), verdict)| match verdict {
            Verdict::Answered(answer) => Submitted::Answered(answer),
            Verdict::Pass => match Job::submit(&self.queue, bet, span) {
                Ok(answered) => Submitted::Queued(answered),
                Err(full) => Submitted::Answered(Box::new(Err(full))),
            },
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
}

/// A bet on its way.
enum Submitted {
    Answered(Box<Answer>),
    Queued(oneshot::Receiver<Answer>),
}

fn undecided() -> Error {
    Error::unavailable("the bet was not decided; ask again")
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
