//! What betting does: each part runs over the store and the rules of the domain.

pub(crate) mod accepted;
pub(crate) mod admin;
pub(crate) mod audit;
pub(crate) mod bets;
pub(crate) mod cache;
pub(crate) mod delivery;
pub(crate) mod feed_watch;
pub(crate) mod incidents;
pub(crate) mod life;
pub(crate) mod markets;
pub(crate) mod periods;
pub(crate) mod placement;
pub(crate) mod preview;
pub(crate) mod recovery;
pub(crate) mod retention;
pub(crate) mod settlement;
pub(crate) mod status;
pub(crate) mod ticker;
pub(crate) mod watch;

use std::{future::Future, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use loljoa_service_kit::{Error, page, postgres};
use tokio::{sync::Notify, time};
use tokio_util::sync::CancellationToken;

pub(crate) use cache::MarketCache;

/// Wakes the workers of this replica as soon as there is something to do for them. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Wakers {
    /// Something is owed, in whichever cell of the ledger.
    pub(crate) owed: Bells,
    /// A market is to be closed, or nothing is owed for it any more.
    pub(crate) closing: Arc<Notify>,
}

impl Wakers {
    /// For a ledger of so many cells.
    #[must_use]
    pub(crate) fn new(cells: u16) -> Self {
        let owed = Bells((0..cells).map(|_| Arc::default()).collect());
        Self { owed, closing: Arc::default() }
    }
}

/// One for the worker of each cell of the ledger. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Bells(Arc<[Arc<Notify>]>);

impl Bells {
    /// Wakes the worker of every cell.
    pub(crate) fn ring(&self) {
        self.0.iter().for_each(|bell| bell.notify_one());
    }

    /// That of one cell.
    #[must_use]
    pub(crate) fn of(&self, cell: u16) -> Arc<Notify> {
        self.0.get(usize::from(cell)).map(Arc::clone).unwrap_or_default()
    }
}

/// Runs `work` when woken, and every `interval` for what another replica left, until `closing`. A failure is logged, and
/// the work is tried again at the next interval.
async fn run_when_woken<F>(
    name: &'static str,
    waker: &Notify,
    interval: Duration,
    closing: &CancellationToken,
    work: impl Fn() -> F,
) where
    F: Future<Output = Result<(), Error>>,
{
    let mut ticks = time::interval(interval);
    ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = closing.cancelled() => return,
            () = waker.notified() => {}
            _ = ticks.tick() => {}
        }
        if let Err(error) = unless_lost(work()).await {
            tracing::warn!(event = "worker.failed", worker = name, %error, "will try again");
            ticks.reset();
            if closing.run_until_cancelled(ticks.tick()).await.is_none() {
                return;
            }
        }
    }
}

/// Does `work`, which is dropped and begun anew when the database vanished meanwhile and was found again.
async fn unless_lost<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let lost = || Error::unavailable("the database had vanished");
    postgres::unless_lost(work).await.unwrap_or_else(|| Err(lost()))
}

/// A duration, as PostgreSQL wants it.
fn millis(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}

/// A count, as metrics want it.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A moment, as metrics want it: seconds since 1970.
#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit a float for 285,000 years")]
fn seconds(at: DateTime<Utc>) -> f64 {
    at.timestamp_millis() as f64 / 1_000.0
}

/// Cuts a list that was read with one item to spare down to `limit`, and tells where the next page begins.
fn next_cursor<T, P: serde::Serialize>(items: &mut Vec<T>, limit: i64, position: impl Fn(&T) -> P) -> String {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if items.len() <= limit {
        return String::new();
    }
    items.truncate(limit);
    items.last().map(|last| page::encode_cursor(&position(last))).unwrap_or_default()
}
