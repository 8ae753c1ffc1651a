//! Which transfers of a call may be tried at all. Each is judged for itself.

use loljoa_proto::account::v1::{
    ApplyTransfersResponse, Transfer as TransferMessage, TransferOutcome, TransferRefusal,
};
use loljoa_service_kit::Error;
use metrics::counter;

use super::convert;
use crate::{
    SERVICE,
    domain::transfer::{MAX_BATCH, Outcome, Transfer},
};

/// A call's transfers, the good ones apart from the others.
pub(super) struct Judged {
    /// To be applied, in the order of the call.
    pub(super) good: Vec<Transfer>,
    /// What became of the others.
    pub(super) refused: Vec<Refused>,
}

/// A transfer that is not tried.
pub(super) struct Refused {
    index: usize,
    outcome: TransferOutcome,
    error: Error,
}

impl Judged {
    /// Judges the transfers of a call.
    ///
    /// # Errors
    ///
    /// `too_many_transfers`.
    pub(super) fn of(asked: Vec<TransferMessage>) -> Result<Self, Error> {
        if asked.len() > MAX_BATCH {
            return Err(Error::invalid_field("transfers", "too_many_transfers", "must be 5000 or fewer"));
        }
        let mut judged = Self { good: Vec::with_capacity(asked.len()), refused: Vec::new() };
        for (index, message) in asked.into_iter().enumerate() {
            match judge(message) {
                Ok(transfer) => judged.good.push(transfer),
                Err((outcome, error)) => judged.refused.push(Refused { index, outcome, error }),
            }
        }
        judged.report();
        Ok(judged)
    }

    fn report(&self) {
        let Some(first) = self.refused.first() else { return };
        for refused in &self.refused {
            let outcome = match refused.outcome {
                TransferOutcome::Forbidden => "forbidden",
                _ => "malformed",
            };
            counter!("loljoa_ledger_transfers_total", "service" => SERVICE, "outcome" => outcome)
                .increment(1);
        }
        let (refused, of) = (self.refused.len(), self.refused.len() + self.good.len());
        tracing::warn!(
            event = "transfers.refused",
            refused, of, index = first.index, error = %first.error, "transfers were refused unseen"
        );
    }
}

/// The answer to a call: `outcomes` are those of the good ones, in their order.
pub(super) fn answer(outcomes: Vec<Outcome>, refused: Vec<Refused>) -> ApplyTransfersResponse {
    let mut good = outcomes.into_iter().map(|outcome| i32::from(convert::outcome(outcome)));
    let (mut outcomes, mut refusals) = (Vec::with_capacity(good.len() + refused.len()), Vec::new());
    for Refused { index, outcome, error } in refused {
        let before = index.saturating_sub(outcomes.len());
        outcomes.extend(good.by_ref().take(before));
        outcomes.push(outcome.into());
        refusals.push(refusal(index, error));
    }
    outcomes.extend(good);
    ApplyTransfersResponse { outcomes, refusals }
}

fn judge(message: TransferMessage) -> Result<Transfer, (TransferOutcome, Error)> {
    let transfer = convert::transfer_from(message).map_err(|error| (TransferOutcome::Malformed, error))?;
    if transfer.kind.is_grant() {
        let error =
            Error::invalid_field("kind", "kind_forbidden", "must not be a grant: the ledger makes them");
        return Err((TransferOutcome::Forbidden, error));
    }
    Ok(transfer)
}

fn refusal(index: usize, error: Error) -> TransferRefusal {
    let violation = error.violations.into_iter().next();
    let (field, message) = violation.map_or((String::new(), error.message), |it| (it.field, it.message));
    TransferRefusal { index: i32::try_from(index).unwrap_or(i32::MAX), field, reason: error.reason, message }
}
