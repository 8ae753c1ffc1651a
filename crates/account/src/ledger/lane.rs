//! The queue of one class of transfers.

use std::time::Duration;

use loljoa_service_kit::{Caller, Error, caller, gather::Batches};
use sqlx::PgPool;
use tokio::sync::{mpsc, oneshot};
use tracing::Span;

use super::{
    Class, Worker,
    admission::{Admission, Places, stopping},
    queue::Call,
};
use crate::{
    config::Ledger as Config,
    domain::transfer::{MAX_BATCH, Outcome, Transfer},
};

/// The most transfers of one call that go into a batch together: a full batch of bets. The rest of the call queues
/// again behind those who came meanwhile, so that a great call does not hold up small ones.
const PIECE: usize = 2_000;

/// The way of one class of transfers into the ledger.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    calls: mpsc::Sender<Call>,
    admission: Admission,
}

/// A lane and its workers.
pub(super) fn new(class: Class, config: &Config, workers: usize, pool: &PgPool) -> (Lane, Vec<Worker>) {
    let capacity = config.queue_capacity as usize;
    let (calls, receiver) = mpsc::channel(capacity);
    let batches = Batches::new(receiver, MAX_BATCH, |call: &Call| call.transfers.len(), config.gather);
    let workers = (0..workers).map(|_| Worker::new(class, batches.clone(), pool.clone())).collect();
    let patience = Duration::from_millis(config.patience_ms);
    (Lane { calls, admission: Admission::with_capacity(class, capacity, patience) }, workers)
}

/// What a call is told when a piece of it fails after so many of its transfers were answered.
fn after(answered: usize, error: Error) -> Error {
    if answered > 0 && error == caller::gone() { caller::gone_midway() } else { error }
}

impl Lane {
    /// Applies transfers, in pieces that follow each other, so that their order holds. When nobody waits any more, the pieces
    /// that are left are not applied.
    pub(super) async fn apply(&self, mut transfers: Vec<Transfer>) -> Result<Vec<Outcome>, Error> {
        let mut places = self.admission.enter(transfers.len()).await?;
        let mut outcomes = Vec::with_capacity(transfers.len());
        while !transfers.is_empty() {
            let rest = transfers.split_off(transfers.len().min(PIECE));
            let piece = std::mem::replace(&mut transfers, rest);
            let share = places.split(piece.len());
            let answer = self.queue(piece, share).await;
            outcomes.extend(answer.map_err(|error| after(outcomes.len(), error))?);
        }
        Ok(outcomes)
    }

    async fn queue(&self, transfers: Vec<Transfer>, places: Places) -> Result<Vec<Outcome>, Error> {
        let (answer, answered) = oneshot::channel();
        let (span, caller) = (Span::current(), Caller::present());
        let call = Call { transfers, answer, span, caller, _places: places };
        self.calls.try_send(call).map_err(|_| stopping())?;
        answered.await.map_err(|_| stopping())?
    }
}
