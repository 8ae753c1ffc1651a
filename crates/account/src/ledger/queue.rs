//! Calls that wait for their batch.

use loljoa_service_kit::Error;
use metrics::{Gauge, gauge};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tracing::Span;

use crate::{
    SERVICE,
    domain::transfer::{MAX_BATCH, Outcome, Transfer},
};

/// A caller's transfers, waiting.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) transfers: Vec<Transfer>,
    pub(super) answer: oneshot::Sender<Result<Vec<Outcome>, Error>>,
    /// The caller's span, for linking its trace with the batch's.
    pub(super) span: Span,
    /// Given back when the call is answered.
    pub(super) _places: Places,
}

/// A call's share of the queue.
#[derive(Debug)]
pub(super) struct Places(OwnedSemaphorePermit);

impl Places {
    pub(super) fn new(permit: OwnedSemaphorePermit) -> Self {
        depth().increment(places(&permit));
        Self(permit)
    }
}

impl Drop for Places {
    fn drop(&mut self) {
        depth().decrement(places(&self.0));
    }
}

fn depth() -> Gauge {
    gauge!("loljoa_ledger_queue_depth", "service" => SERVICE)
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float and a call has at most 5,000 transfers")]
fn places(permit: &OwnedSemaphorePermit) -> f64 {
    permit.num_permits() as f64
}

/// The waiting calls, in the order they came.
#[derive(Debug)]
pub(super) struct Queue {
    calls: mpsc::Receiver<Call>,
    /// A call that did not fit into the batch before.
    carried: Option<Call>,
}

impl Queue {
    pub(super) const fn new(calls: mpsc::Receiver<Call>) -> Self {
        Self { calls, carried: None }
    }

    /// Waits for a call and takes all that wait with it, as far as they fit. `None` when no caller is left.
    pub(super) async fn next_batch(&mut self) -> Option<Vec<Call>> {
        let first = match self.carried.take() {
            Some(carried) => carried,
            None => self.calls.recv().await?,
        };
        let mut size = first.transfers.len();
        let mut batch = vec![first];
        while let Ok(call) = self.calls.try_recv() {
            size += call.transfers.len();
            if size > MAX_BATCH {
                self.carried = Some(call);
                break;
            }
            batch.push(call);
        }
        Some(batch)
    }
}
