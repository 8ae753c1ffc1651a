//! Watching bets: each watcher is told what happens to the bets of one account from now on. One that reads too slowly is
//! let go; it reads its bets and comes again.

use std::{collections::HashMap, time::Duration};

use loljoa_service_kit::{AccountId, Error};
use sqlx::PgPool;
use tokio::{
    sync::{mpsc, oneshot},
    time,
};
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{Bet, finding::Place},
    store::events,
};

/// Changes that a watcher may leave unread.
const BACKLOG: usize = 256;
const ARRIVALS: usize = 64;
/// Changes that are looked through in one go.
const PAGE: i64 = 5_000;

struct Arrival {
    account: AccountId,
    changes: mpsc::Sender<Bet>,
    begun: oneshot::Sender<()>,
}

/// Lets watchers in. Cheap to clone.
#[derive(Clone)]
pub(crate) struct BetWatch(mpsc::Sender<Arrival>);

impl BetWatch {
    /// Nobody watches yet.
    #[must_use]
    pub(crate) fn new(pool: PgPool, interval: Duration) -> (Self, BetPoller) {
        let (sender, arrivals) = mpsc::channel(ARRIVALS);
        (Self(sender), BetPoller { pool, interval, arrivals, watchers: HashMap::new() })
    }

    /// Everything that happens to this account's bets from when this returns.
    ///
    /// # Errors
    ///
    /// `unavailable` when the service is about to stop or the database does not answer.
    pub(crate) async fn watch(&self, account: AccountId) -> Result<mpsc::Receiver<Bet>, Error> {
        let (changes, receiver) = mpsc::channel(BACKLOG);
        let (begun, has_begun) = oneshot::channel();
        let gone = || Error::unavailable("bets cannot be watched now");
        self.0.send(Arrival { account, changes, begun }).await.map_err(|_| gone())?;
        has_begun.await.map_err(|_| gone())?;
        Ok(receiver)
    }
}

/// Reads what happens to bets.
pub(crate) struct BetPoller {
    pool: PgPool,
    interval: Duration,
    arrivals: mpsc::Receiver<Arrival>,
    watchers: HashMap<AccountId, Vec<mpsc::Sender<Bet>>>,
}

impl BetPoller {
    /// Runs until `closing`.
    pub(crate) async fn run(mut self, closing: CancellationToken) {
        while let Some(Some(first)) = closing.run_until_cancelled(self.arrivals.recv()).await {
            if closing.run_until_cancelled(self.serve(first)).await.is_none() {
                return;
            }
        }
    }

    /// Serves watchers until the last has gone.
    async fn serve(&mut self, first: Arrival) {
        let mut read_to = match events::watermark(&self.pool).await {
            Ok(watermark) => watermark.place(),
            Err(error) => {
                return tracing::warn!(
                    event = "watch.bets_failed",
                    %error, "bets cannot be watched"
                );
            }
        };
        self.admit(first);
        let mut ticks = time::interval(self.interval);
        ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        while !self.watchers.is_empty() {
            tokio::select! {
                Some(arrival) = self.arrivals.recv() => self.admit(arrival),
                _ = ticks.tick() => if let Err(error) = self.poll(&mut read_to).await {
                    tracing::warn!(event = "watch.bets_failed", %error, "changes of bets could not be read");
                },
            }
        }
    }

    fn admit(&mut self, arrival: Arrival) {
        let _ = arrival.begun.send(());
        self.watchers.entry(arrival.account).or_default().push(arrival.changes);
    }

    /// Tells of all changes up to now, page by page. Only bets of accounts that watch are read.
    async fn poll(&mut self, read_to: &mut Place) -> Result<(), sqlx::Error> {
        let accounts: Vec<_> = self.watchers.keys().copied().collect();
        let to = events::watermark(&self.pool).await?;
        while let Some(end) = events::page_end(&self.pool, *read_to, to, PAGE).await? {
            for bet in events::changes(&self.pool, &accounts, *read_to, end).await? {
                self.tell(&bet);
            }
            *read_to = end;
        }
        self.watchers.retain(|_, watchers| {
            watchers.retain(|watcher| !watcher.is_closed());
            !watchers.is_empty()
        });
        Ok(())
    }

    fn tell(&mut self, bet: &Bet) {
        if let Some(watchers) = self.watchers.get_mut(&bet.account_id) {
            watchers.retain(|watcher| watcher.try_send(bet.clone()).is_ok());
        }
    }
}
