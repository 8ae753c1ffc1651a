//! When a call is sent again.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use metrics::counter;
use tokio::time::Instant;
use tonic::Status;
use tower::retry::budget::{Budget, TpsBudget};

use super::{
    lost::Lost,
    message::{Again, Answer, Mark},
};

/// How often one call is sent at most.
const ATTEMPTS: usize = 3;
/// An answer that says "again after this" is waited for at most so long here; the caller can wait longer.
const SOON: Duration = Duration::from_millis(250);
/// The share of calls to a neighbour that may be repetitions, and how many a second in any case.
const BUDGET_SHARE: f32 = 0.2;
const BUDGET_PER_SECOND: u32 = 10;
const BUDGET_WINDOW: Duration = Duration::from_secs(10);

/// A budget for repetitions: when a neighbour fails all calls, few of them are made twice.
pub(super) fn budget() -> TpsBudget {
    TpsBudget::new(BUDGET_WINDOW, BUDGET_PER_SECOND, BUDGET_SHARE)
}

/// The attempts of one call.
pub(super) struct Attempts<'a> {
    budget: &'a TpsBudget,
    pauses: ExponentialBackoff,
    mark: Mark,
    until: Instant,
    labels: (&'static str, &'a str),
}

impl<'a> Attempts<'a> {
    /// The first of them is about to be made. `labels`: who calls whom.
    pub(super) fn new(
        budget: &'a TpsBudget,
        mark: Mark,
        until: Instant,
        labels: (&'static str, &'a str),
    ) -> Self {
        budget.deposit();
        let pauses = ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(Duration::from_millis(20))
            .with_max_delay(Duration::from_millis(500))
            .with_max_times(ATTEMPTS - 1)
            .build();
        Self { budget, pauses, mark, until, labels }
    }

    /// How long to wait before the call is sent again; none when `outcome` is what the caller gets.
    pub(super) fn again(&mut self, outcome: &Result<Answer, Status>) -> Option<Duration> {
        let again = match (outcome.as_ref().map_err(Lost::of), self.mark) {
            (Ok(answer), Mark::Repeatable) => answer.asks_again(),
            (Err(Some(Lost::NotSent)), _) | (Err(Some(Lost::Unknown)), Mark::Repeatable) => Again::Soon,
            _ => Again::Never,
        };
        let pause = match again {
            Again::Never => return None,
            Again::After(pause) if pause > SOON => return None,
            Again::After(pause) => self.pauses.next().map(|own| own.max(pause))?,
            Again::Soon => self.pauses.next()?,
        };
        if Instant::now() + pause >= self.until {
            return None;
        }
        let may = self.budget.withdraw();
        let (service, neighbour) = (self.labels.0, self.labels.1.to_owned());
        let end = if may { "made" } else { "over_budget" };
        counter!("loljoa_neighbour_repetitions_total", "service" => service, "neighbour" => neighbour, "end" => end)
            .increment(1);
        may.then_some(pause)
    }
}
