//! For whom something is done: until when somebody waits for it, and whether still.
//!
//! It goes along with the task from the edge inwards, and over the wire as `grpc-timeout`. Who puts work into a queue takes it
//! along, so that nothing is begun for which nobody waits any more.

use std::{future::Future, time::Duration};

use metrics::counter;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::Error;

tokio::task_local! {
    static CALLER: Caller;
}

/// What a service keeps of its caller's time for its own answer: this part of what is left, and at most so much.
const KEPT_PART: u32 = 10;
const KEPT_AT_MOST: Duration = Duration::from_millis(200);

/// Somebody who waits for an answer. The default waits for ever, as background work does for itself. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    until: Option<Instant>,
    gone: CancellationToken,
}

impl Caller {
    /// Waits so long from now, or until `gone` is cancelled.
    #[must_use]
    pub fn waiting(patience: Duration, gone: CancellationToken) -> Self {
        Self { until: Some(Instant::now() + patience), gone }
    }

    /// For whom the present task works.
    #[must_use]
    pub fn present() -> Self {
        CALLER.try_with(Clone::clone).unwrap_or_default()
    }

    /// Does `work` for this caller.
    pub async fn scope<T>(self, work: impl Future<Output = T>) -> T {
        CALLER.scope(self, work).await
    }

    /// Whether an answer would still be heard.
    #[must_use]
    pub fn waits(&self) -> bool {
        !self.gone.is_cancelled() && self.until.is_none_or(|until| Instant::now() < until)
    }

    /// Until when the answer is waited for; none for ever.
    #[must_use]
    pub const fn until(&self) -> Option<Instant> {
        self.until
    }

    /// Until when whoever is asked on the way, a neighbour or the database, has to have answered, so that there is time left
    /// to tell the caller what came of it: whoever stands further inside always gives up first.
    #[must_use]
    pub fn inner_until(&self) -> Option<Instant> {
        let left = |until: Instant| until.saturating_duration_since(Instant::now());
        self.until.map(|until| until - (left(until) / KEPT_PART).min(KEPT_AT_MOST))
    }

    /// The same caller, who is given at least so long from now: for work that is better ended than cut off.
    #[must_use]
    pub fn for_at_least(self, patience: Duration) -> Self {
        let least = Instant::now() + patience;
        Self { until: self.until.map(|until| until.max(least)), ..self }
    }

    /// The same caller, who waits no longer than so long from now.
    #[must_use]
    pub fn for_at_most(self, patience: Duration) -> Self {
        let most = Instant::now() + patience;
        Self { until: Some(self.until.map_or(most, |until| until.min(most))), ..self }
    }

    /// The one of two who waits longer, for work that is done for both. Whether one has gone says nothing of the other.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        let until = self.until.zip(other.until).map(|(one, other)| one.max(other));
        Self { until, gone: CancellationToken::new() }
    }
}

/// The answer to whom nobody listens to any more. Nothing was done.
#[must_use]
pub fn gone() -> Error {
    Error::unavailable("nobody waited any more, and nothing was done")
}

/// The answer to whom nobody listens to any more, where a part was done already.
#[must_use]
pub fn gone_midway() -> Error {
    Error::unavailable("nobody waited any more, and only a part was done")
}

/// Counts work that was dropped from a queue because nobody waited for it any more.
pub fn count_dropped(service: &'static str, queue: &'static str, dropped: usize) {
    if dropped > 0 {
        counter!("loljoa_dropped_work_total", "service" => service, "queue" => queue)
            .increment(dropped as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_mins(1);

    #[test]
    fn a_caller_waits_until_the_deadline_or_until_it_goes() {
        let gone = CancellationToken::new();
        let fickle = Caller::waiting(LONG, gone.clone());
        assert!(fickle.waits() && Caller::default().waits());
        gone.cancel();
        assert!(!fickle.waits());
        assert!(!Caller::waiting(Duration::ZERO, CancellationToken::new()).waits());
    }

    #[test]
    fn work_for_two_goes_on_as_long_as_one_of_them_waits() {
        let short = Caller::waiting(LONG / 2, CancellationToken::new());
        let long = Caller::waiting(LONG, CancellationToken::new());
        assert_eq!(short.or(&long).until(), long.until());
        assert_eq!(short.or(&Caller::default()).until(), None);
    }

    #[test]
    fn whoever_is_asked_on_the_way_gives_up_first() {
        let kept = |left: Duration| {
            let caller = Caller::waiting(left, CancellationToken::new());
            caller.until().unwrap() - caller.inner_until().unwrap()
        };
        assert_eq!(kept(LONG), KEPT_AT_MOST);
        let of_a_second = kept(Duration::from_secs(1));
        assert!(of_a_second > Duration::ZERO && of_a_second <= Duration::from_millis(100), "{of_a_second:?}");
        assert_eq!(kept(Duration::ZERO), Duration::ZERO);
        assert_eq!(Caller::default().inner_until(), None);
    }

    #[test]
    fn what_is_better_ended_than_cut_off_has_time() {
        let hasty = || Caller::waiting(Duration::ZERO, CancellationToken::new());
        assert!(hasty().for_at_least(LONG).waits());
        let patient = Caller::waiting(LONG * 2, CancellationToken::new());
        assert_eq!(patient.clone().for_at_least(LONG).until(), patient.until());
        assert_eq!(Caller::default().for_at_least(LONG).until(), None);
        assert!(!patient.for_at_most(Duration::ZERO).waits());
    }

    #[tokio::test]
    async fn a_task_knows_for_whom_it_works() {
        assert_eq!(Caller::present().until(), None);
        let caller = Caller::waiting(LONG, CancellationToken::new());
        let until = caller.until();
        caller.scope(async move { assert_eq!(Caller::present().until(), until) }).await;
    }
}
