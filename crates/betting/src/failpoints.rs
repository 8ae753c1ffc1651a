//! Where a process can die between two commits. Tests let it happen there; a running service has no fail points set.

use std::{
    collections::HashMap,
    panic::resume_unwind,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use loljoa_service_kit::Error;

/// A place between two commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Bets are taken from the queue, their stakes are not taken yet.
    BeforeDebit,
    /// The stakes are taken, the bets are not recorded yet.
    AfterDebit,
    /// The bets are recorded, nobody has been answered yet.
    AfterRecord,
    /// A chunk of late bets is refunded, the next is not.
    AfterRefund,
    /// A page of a decided market's winners is counted, the next is not.
    AfterCount,
    /// How a market ends is fixed, none of its bets is closed yet.
    AfterFreeze,
    /// What the cells of the ledger are to clear has been counted.
    AfterTally,
    /// A chunk of a market's bets is closed, the next is not.
    AfterChunk,
    /// A chunk of corrections is owed, the next is not.
    AfterCorrection,
    /// Owed rows are leased, the ledger does not know of them yet.
    AfterLease,
    /// The ledger has paid, results are not recorded yet.
    AfterPayment,
    /// The ledger knows all, the owed rows are still there.
    AfterResults,
    /// Nothing is owed any more, the market is not final yet.
    BeforeFinish,
}

impl Step {
    /// Every step of the path of a bet.
    pub const PLACEMENT: [Self; 3] = [Self::BeforeDebit, Self::AfterDebit, Self::AfterRecord];
    /// Every step of the end of a market that settles, has no late bets, and winners of one page.
    pub const SETTLEMENT: [Self; 6] = [
        Self::AfterFreeze,
        Self::AfterChunk,
        Self::AfterLease,
        Self::AfterPayment,
        Self::AfterResults,
        Self::BeforeFinish,
    ];
    /// Every step of the end of a market that is voided.
    pub const VOID: [Self; 4] = [Self::AfterChunk, Self::AfterLease, Self::AfterPayment, Self::BeforeFinish];
}

/// What happens at a fail point.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// So many passes fail, and the part that fails tidies up after itself.
    Fails(u32),
    /// The part dies there: nothing of it runs any more, and the service ends.
    Kills,
    /// The process dies there, all of it and at once.
    Aborts,
}

/// The fail points that are set. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct FailPoints(Arc<Mutex<HashMap<Step, Fault>>>);

impl FailPoints {
    /// Fails the next `times` passes of `step`.
    pub fn set(&self, step: Step, times: u32) {
        self.faults().insert(step, Fault::Fails(times));
    }

    /// Kills what passes `step` next.
    pub fn kill(&self, step: Step) {
        self.faults().insert(step, Fault::Kills);
    }

    /// Ends the whole process at the next pass of `step`, as kill -9 does: nothing is tidied up, nobody is answered.
    pub fn abort(&self, step: Step) {
        self.faults().insert(step, Fault::Aborts);
    }

    /// How many failures of `step` are still to come.
    #[must_use]
    pub fn left(&self, step: Step) -> u32 {
        match self.faults().get(&step) {
            Some(Fault::Fails(left)) => *left,
            Some(Fault::Kills | Fault::Aborts) => 1,
            None => 0,
        }
    }

    /// Passes `step`, unless it is to fail.
    ///
    /// # Errors
    ///
    /// `unavailable`, as for any part that does not answer.
    pub fn pass(&self, step: Step) -> Result<(), Error> {
        let mut faults = self.faults();
        match faults.get_mut(&step) {
            Some(Fault::Fails(left)) if *left > 0 => {
                *left -= 1;
                Err(Error::unavailable(format!("a fail point was set: {step:?}")))
            }
            Some(Fault::Aborts) => std::process::abort(),
            Some(Fault::Kills) => {
                faults.remove(&step);
                drop(faults);
                // No more of this task runs than its destructors, which is what kill -9 leaves to the database.
                resume_unwind(Box::new(format!("killed at a fail point: {step:?}")))
            }
            _ => Ok(()),
        }
    }

    fn faults(&self) -> MutexGuard<'_, HashMap<Step, Fault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
