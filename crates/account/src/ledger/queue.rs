//! Calls that wait for their batch.

use loljoa_service_kit::{Caller, Error};
use tokio::sync::oneshot;
use tracing::Span;

use super::admission::Places;
use crate::domain::transfer::{Outcome, Transfer};

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
