//! The bounded queue between the callers and the batches.

use std::time::Duration;

use loljoa_service_kit::{AccountId, BetId, Caller, Error, MarketId, gather::Batches, metrics::refused};
use tokio::sync::{mpsc, oneshot};
use tracing::Span;

use super::Answer;
use crate::{
    SERVICE, config,
    domain::{Bet, NewBet},
};

/// A bet to be cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Cancel {
    /// Which.
    pub(crate) bet_id: BetId,
    /// By whom.
    pub(crate) account_id: AccountId,
    /// The bet's market.
    pub(crate) market_id: MarketId,
}

/// A request that waits for its batch.
pub(super) struct Waiting<T, A> {
    pub(super) asked: T,
    /// The request's own span, disabled unless its trace is sampled.
    pub(super) span: Span,
    /// Who waits for it.
    pub(super) caller: Caller,
    answer: oneshot::Sender<A>,
}

/// A bet that waits for its batch.
pub(super) type BetJob = Waiting<NewBet, Answer>;
/// A cancel that waits for its batch.
pub(super) type CancelJob = Waiting<Cancel, Result<Bet, Error>>;

impl<T, A> Waiting<T, A> {
    /// A request, and where its answer will come.
    pub(super) fn new(asked: T, span: Span) -> (Self, oneshot::Receiver<A>) {
        let (answer, answered) = oneshot::channel();
        (Self { asked, span, caller: Caller::present(), answer }, answered)
    }

    /// Whether somebody would hear the answer.
    fn is_waited_for(&self) -> bool {
        self.caller.waits() && !self.answer.is_closed()
    }

    /// Answers the caller, if it is still there.
    pub(super) fn answer(self, answer: A) {
        let _ = self.answer.send(answer);
    }
}

/// What waits for a batch.
pub(super) enum Job {
    Bet(BetJob),
    Cancel(CancelJob),
}

impl Job {
    /// The market it is about.
    pub(super) const fn market(&self) -> MarketId {
        match self {
            Self::Bet(job) => job.asked.market_id,
            Self::Cancel(job) => job.asked.market_id,
        }
    }

    /// Whether somebody would hear the answer.
    pub(super) fn is_waited_for(&self) -> bool {
        match self {
            Self::Bet(job) => job.is_waited_for(),
            Self::Cancel(job) => job.is_waited_for(),
        }
    }

    /// Answers the caller that nothing comes of it.
    pub(super) fn refuse(self, error: Error) {
        match self {
            Self::Bet(job) => job.answer(Err(error)),
            Self::Cancel(job) => job.answer(Err(error)),
        }
    }
}

/// Bets and cancels apart, each in order.
pub(super) fn apart(jobs: Vec<Job>) -> (Vec<BetJob>, Vec<CancelJob>) {
    let (mut bets, mut cancels) = (Vec::with_capacity(jobs.len()), Vec::new());
    for job in jobs {
        match job {
            Job::Bet(job) => bets.push(job),
            Job::Cancel(job) => cancels.push(job),
        }
    }
    (bets, cancels)
}

fn full() -> Error {
    refused(SERVICE, "bet_queue");
    Error::exhausted("queue_full", "too many bets at once", Duration::from_secs(1))
}

/// The callers' end.
#[derive(Clone)]
pub(super) struct Queue(mpsc::Sender<Job>);

impl Queue {
    /// Puts a job into the queue.
    pub(super) fn submit(&self, job: Job) -> Result<(), Error> {
        self.0.try_send(job).map_err(|_| full())
    }

    pub(super) fn depth(&self) -> Depth {
        Depth(self.0.downgrade())
    }

    /// A way back into the queue that does not keep it open.
    pub(super) fn way_back(&self) -> WayBack {
        WayBack(self.0.downgrade())
    }
}

/// Lets jobs wait once more.
#[derive(Clone)]
pub(super) struct WayBack(mpsc::WeakSender<Job>);

impl WayBack {
    /// Puts jobs that were held back into the queue again.
    pub(super) fn resubmit(&self, jobs: Vec<Job>) {
        let queue = self.0.upgrade();
        for job in jobs {
            match &queue {
                Some(queue) => {
                    if let Err(refused) = queue.try_send(job) {
                        refused.into_inner().refuse(full());
                    }
                }
                None => job.refuse(super::undecided()),
            }
        }
    }
}

/// Tells how many bets wait, without keeping the queue open.
#[derive(Clone)]
pub(crate) struct Depth(mpsc::WeakSender<Job>);

impl Depth {
    /// How many bets wait.
    #[must_use]
    pub(crate) fn get(&self) -> usize {
        self.0.upgrade().map_or(0, |queue| queue.max_capacity() - queue.capacity())
    }
}

/// The callers' end, and the workers'.
pub(super) fn bounded(config: &config::Placement) -> (Queue, Batches<Job>) {
    let (sender, receiver) = mpsc::channel(config.queue);
    (Queue(sender), Batches::new(receiver, config.batch, |_| 1, config.gather))
}
