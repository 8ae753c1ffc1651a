//! The bounded queue between the callers and the batches.

use std::{sync::Arc, time::Duration};

use loljoa_service_kit::Error;
use tokio::sync::{Mutex, mpsc, oneshot};
use tracing::Span;

use super::Answer;
use crate::domain::NewBet;

/// A bet that waits for its batch.
pub(super) struct Job {
    pub(super) bet: NewBet,
    /// The bet's own span, disabled unless its trace is sampled.
    pub(super) span: Span,
    answer: oneshot::Sender<Answer>,
}

impl Job {
    /// Puts a bet into the queue.
    pub(super) fn submit(queue: &Queue, bet: NewBet, span: Span) -> Result<oneshot::Receiver<Answer>, Error> {
        let (answer, answered) = oneshot::channel();
        queue.0.try_send(Self { bet, span, answer }).map_err(|_| full())?;
        Ok(answered)
    }

    /// Answers the caller, if it is still there.
    pub(super) fn answer(self, answer: Answer) {
        let _ = self.answer.send(answer);
    }
}

fn full() -> Error {
    Error::exhausted("queue_full", "too many bets at once", Duration::from_secs(1))
}

/// The callers' end.
#[derive(Clone)]
pub(super) struct Queue(mpsc::Sender<Job>);

impl Queue {
    pub(super) fn depth(&self) -> Depth {
        Depth(self.0.downgrade())
    }
}

/// The workers' end: each takes all that waits, one at a time.
#[derive(Clone)]
pub(super) struct Jobs(Arc<Mutex<mpsc::Receiver<Job>>>);

impl Jobs {
    /// Waits for bets and takes up to `limit` of them; empty when no more will come.
    pub(super) async fn take(&self, limit: usize) -> Vec<Job> {
        let mut jobs = Vec::new();
        self.0.lock().await.recv_many(&mut jobs, limit).await;
        jobs
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

pub(super) fn bounded(capacity: usize) -> (Queue, Jobs) {
    let (sender, receiver) = mpsc::channel(capacity);
    (Queue(sender), Jobs(Arc::new(Mutex::new(receiver))))
}
