//! Who may queue, who waits for it, and who is told to come again.

use std::{sync::Arc, time::Duration};

use loljoa_service_kit::{Caller, Error, ErrorCode};
use metrics::{Gauge, counter, gauge};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{self, Instant},
};

use super::Class;
use crate::SERVICE;

const COME_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// When another replica may be asked instead of one that stops: at once.
const ELSEWHERE_AFTER: Duration = Duration::from_millis(20);
/// How many times as much may wait for a place as there are places; it bounds the memory of a rush.
const WAITING: usize = 2;

/// The places of one class. Those who find none free wait for a while, first come, first served.
#[derive(Clone, Debug)]
pub(super) struct Admission {
    class: Class,
    places: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    patience: Duration,
}

impl Admission {
    pub(super) fn new(class: Class, places: usize, waiting: usize, patience: Duration) -> Self {
        let (places, waiting) = (Arc::new(Semaphore::new(places)), Arc::new(Semaphore::new(waiting)));
        Self { class, places, waiting, patience }
    }

    /// Room for `capacity` and, beyond it, for [`WAITING`] times as much to wait.
    pub(super) fn with_capacity(class: Class, capacity: usize, patience: Duration) -> Self {
        Self::new(class, capacity, capacity * WAITING, patience)
    }

    /// Takes `size` places at once, waiting for them if need be, but not longer than the present caller waits.
    ///
    /// # Errors
    ///
    /// Code `exhausted` when too many wait already, or the wait was in vain.
    pub(super) async fn enter(&self, size: usize) -> Result<Places, Error> {
        let size = u32::try_from(size).map_err(Error::internal)?;
        if let Ok(permit) = self.places.clone().try_acquire_many_owned(size) {
            return Ok(Places::new(self.class, permit));
        }
        let _waiting = self.waiting.try_acquire_many(size).map_err(|_| self.full())?;
        let until = Instant::now() + self.patience;
        let until = Caller::present().inner_until().map_or(until, |waited| waited.min(until));
        let acquired = time::timeout_at(until, self.places.clone().acquire_many_owned(size)).await;
        let permit = acquired.map_err(|_| self.full())?.map_err(|_| stopping())?;
        Ok(Places::new(self.class, permit))
    }

    fn full(&self) -> Error {
        counter!("loljoa_ledger_refusals_total", "service" => SERVICE, "class" => self.class.name())
            .increment(1);
        Error::exhausted("ledger_queue_full", "too many transfers are waiting", COME_AGAIN_AFTER)
    }
}

/// The ledger takes no more.
pub(super) fn stopping() -> Error {
    let stopping = Error::new(ErrorCode::Unavailable, "stopping", "the ledger is stopping");
    Error { retry_after: Some(ELSEWHERE_AFTER), ..stopping }
}

/// A call's share of the places.
#[derive(Debug)]
pub(super) struct Places {
    class: Class,
    permit: OwnedSemaphorePermit,
}

impl Places {
    fn new(class: Class, permit: OwnedSemaphorePermit) -> Self {
        depth(class).increment(number(&permit));
        Self { class, permit }
    }

    /// Takes so many of these places apart, or all if there are fewer.
    pub(super) fn split(&mut self, size: usize) -> Self {
        let size = size.min(self.permit.num_permits());
        let permit = self.permit.split(size).expect("there are as many places");
        Self { class: self.class, permit }
    }
}

impl Drop for Places {
    fn drop(&mut self) {
        depth(self.class).decrement(number(&self.permit));
    }
}

fn depth(class: Class) -> Gauge {
    gauge!("loljoa_ledger_queue_depth", "service" => SERVICE, "class" => class.name())
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float and a call has at most 5,000 transfers")]
fn number(permit: &OwnedSemaphorePermit) -> f64 {
    permit.num_permits() as f64
}
