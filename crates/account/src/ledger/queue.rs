//! Calls that wait for their batch.

use loljoa_service_kit::{Caller, Error};
use tokio::sync::{mpsc, oneshot};
use tracing::Span;

use super::admission::Places;
use crate::domain::transfer::{MAX_BATCH, Outcome, Transfer};

/// A caller's transfers, waiting.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) transfers: Vec<Transfer>,
    pub(super) answer: oneshot::Sender<Result<Vec<Outcome>, Error>>,
    /// The caller's span, for linking its trace with the batch's.
    pub(super) span: Span,
    /// Who waits for it.
    pub(super) caller: Caller,
    /// Given back when the call is answered.
    pub(super) _places: Places,
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
