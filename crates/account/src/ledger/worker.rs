//! Takes batches from the queue and applies them.

use std::time::Instant;

use loljoa_service_kit::{
    Error, caller,
    gather::Batches,
    postgres::{self, Kept},
    telemetry,
};
use metrics::{counter, histogram};
use sqlx::PgPool;
use tracing::{Instrument, info_span};

use super::{Class, queue::Call};
use crate::{
    SERVICE,
    domain::transfer::{Outcome, Transfer},
    store::transfers,
};

/// One of the tasks that apply batches.
#[derive(Debug)]
pub(crate) struct Worker {
    class: Class,
    calls: Batches<Call>,
    connection: Kept,
}

impl Worker {
    pub(super) const fn new(class: Class, calls: Batches<Call>, pool: PgPool) -> Self {
        Self { class, calls, connection: Kept::new(pool, 1) }
    }

    /// Applies batches until the last handle is dropped. A batch that was taken is always finished.
    pub(crate) async fn run(self) {
        while let Some(batch) = self.calls.next().await {
            let calls = self.still_waited_for(batch.items);
            if !calls.is_empty() {
                self.apply(calls).await;
            }
        }
    }

    /// Whoever has gone, or has no time left, is told that nothing was done, and nothing is.
    fn still_waited_for(&self, calls: Vec<Call>) -> Vec<Call> {
        let waits = |call: &Call| call.caller.waits() && !call.answer.is_closed();
        let (waiting, gone): (Vec<_>, Vec<_>) = calls.into_iter().partition(waits);
        caller::count_dropped(SERVICE, self.class.name(), gone.len());
        for call in gone {
            let _ = call.answer.send(Err(caller::gone()));
        }
        waiting
    }

    async fn apply(&self, mut calls: Vec<Call>) {
        let (class, size) = (self.class.name(), calls.len());
        let waiting = calls.iter().map(|call| &call.span);
        let span = telemetry::shared(
            waiting,
            |first| info_span!(parent: first, "ledger_batch", service = SERVICE, class, calls = size),
        );
        let taken = calls.iter_mut().map(|call| std::mem::take(&mut call.transfers)).collect::<Vec<_>>();
        let sizes: Vec<usize> = taken.iter().map(Vec::len).collect();
        let batch: Vec<Transfer> = taken.into_iter().flatten().collect();
        let result = self.commit(&batch).instrument(span).await.map_err(Error::from);
        match result {
            Ok(outcomes) => {
                let mut rest = outcomes.into_iter();
                for (call, size) in calls.into_iter().zip(sizes) {
                    // Nobody listens when the caller has gone; what was applied stays applied.
                    let _ = call.answer.send(Ok(rest.by_ref().take(size).collect()));
                }
            }
            Err(error) => {
                for call in calls {
                    let _ = call.answer.send(Err(error.clone()));
                }
            }
        }
    }

    async fn commit(&self, batch: &[Transfer]) -> sqlx::Result<Vec<Outcome>> {
        let started = Instant::now();
        let stripe = rand::random_range(0..transfers::STRIPES);
        let apply = || async {
            let mut connection = self.connection.take().await?;
            let statement = transfers::apply(&mut *connection, batch, stripe);
            let outcomes =
                postgres::traced(self.connection.pool(), "SELECT apply_transfers", statement).await?;
            self.connection.keep(connection);
            Ok(outcomes)
        };
        let outcomes = postgres::repeating(apply).await?;
        histogram!("loljoa_ledger_batch_seconds", "service" => SERVICE, "class" => self.class.name())
            .record(started.elapsed().as_secs_f64());
        report(self.class, &outcomes);
        Ok(outcomes)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a histogram records floats and a batch is small")]
fn report(class: Class, outcomes: &[Outcome]) {
    histogram!("loljoa_ledger_batch_size", "service" => SERVICE, "class" => class.name())
        .record(outcomes.len() as f64);
    for outcome in outcomes {
        counter!("loljoa_ledger_transfers_total", "service" => SERVICE, "outcome" => outcome.name())
            .increment(1);
    }
}
