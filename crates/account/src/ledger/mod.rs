//! The one path by which points move: waiting calls are merged into batches, each applied in one commit.
//!
//! The merge matters when several callers write at once: without it more callers would mean more and smaller commits.

mod queue;
mod worker;

use std::{sync::Arc, time::Duration};

use loljoa_service_kit::{Error, ErrorCode};
use tokio::sync::{Mutex, Semaphore, mpsc, oneshot};
use tracing::Span;

use crate::{
    config::Ledger as Config,
    domain::transfer::{MAX_BATCH, Outcome, Transfer},
};
use queue::{Call, Places, Queue};
pub(crate) use worker::Worker;

const COME_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Applies transfers. Cheap to clone; workers end after the last handle is dropped.
#[derive(Clone, Debug)]
pub(crate) struct Handle {
    calls: mpsc::Sender<Call>,
    places: Arc<Semaphore>,
}

/// A handle and the workers behind it, which are to be run.
pub(crate) fn new(config: &Config, pool: &sqlx::PgPool) -> (Handle, Vec<Worker>) {
    let capacity = config.queue_capacity as usize;
    let (sender, receiver) = mpsc::channel(capacity);
    let queue = Arc::new(Mutex::new(Queue::new(receiver)));
    let workers = (0..config.workers).map(|_| Worker::new(queue.clone(), pool.clone())).collect();
    (Handle { calls: sender, places: Arc::new(Semaphore::new(capacity)) }, workers)
}

impl Handle {
    /// Applies transfers, each for itself, and tells what became of each, in order.
    ///
    /// They may share their commit with those of other calls. Once queued they are applied even if the caller goes.
    pub(crate) async fn apply(&self, transfers: Vec<Transfer>) -> Result<Vec<Outcome>, Error> {
        if transfers.is_empty() {
            return Ok(Vec::new());
        }
        if transfers.len() > MAX_BATCH {
            return Err(Error::invalid_field("transfers", "too_many_transfers", "must be 5000 or fewer"));
        }
        let size = u32::try_from(transfers.len()).map_err(Error::internal)?;
        let permit = self.places.clone().try_acquire_many_owned(size).map_err(|_| queue_full())?;
        let (answer, answered) = oneshot::channel();
        let call = Call { transfers, answer, span: Span::current(), _places: Places::new(permit) };
        self.calls.try_send(call).map_err(|_| queue_full())?;
        answered.await.map_err(|_| stopping())?
    }
}

fn queue_full() -> Error {
    Error::exhausted("ledger_queue_full", "too many transfers are waiting", COME_AGAIN_AFTER)
}

fn stopping() -> Error {
    Error::new(ErrorCode::Unavailable, "stopping", "the ledger is stopping")
}
