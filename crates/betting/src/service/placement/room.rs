//! Looks after the markets that are aside, all of them over one connection.

use std::time::Duration;

use loljoa_service_kit::{Error, MarketId, postgres};
use metrics::{counter, gauge};
use sqlx::PgPool;
use tokio::time;
use tokio_util::sync::CancellationToken;

use super::{
    apart::Work,
    lanes::{Lanes, Step},
    queue::WayBack,
    record::Recorder,
};
use crate::{service::number, store};

/// How often those are looked at of which nobody knows yet whether they are stuck.
const SOON: Duration = Duration::from_millis(20);
/// How often a stuck market is looked at.
const LATER: Duration = Duration::from_millis(100);

/// The worker for all that is aside.
pub(crate) struct Room {
    pub(super) pool: PgPool,
    pub(super) lanes: Lanes,
    pub(super) recorder: Recorder,
    pub(super) way_back: WayBack,
    /// For how long a bet whose stake is taken is tried to be recorded.
    pub(super) record_within: Duration,
}

impl Room {
    /// Runs until `closing`; then everybody who waits is answered.
    pub(crate) async fn run(self, closing: CancellationToken) {
        while closing.run_until_cancelled(self.lanes.until_aside()).await.is_some() {
            self.round().await;
            let all_stuck = self.lanes.stuck().len() == self.lanes.markets().len();
            let pause = time::sleep(if all_stuck { LATER } else { SOON });
            if closing.run_until_cancelled(pause).await.is_none() {
                break;
            }
        }
        self.lanes.close();
    }

    /// Looks at each market once, and does what can be done.
    async fn round(&self) {
        let markets = self.lanes.markets();
        let seen = postgres::bounded(store::lanes::look(&self.pool, &markets)).await;
        if let Err(error) = &seen {
            tracing::warn!(
                event = "market.held_unseen",
                %error, "markets that are held could not be looked at"
            );
        }
        for market in markets {
            let sight = seen.as_ref().ok().and_then(|seen| seen.get(&market)).copied();
            if self.lanes.judge(market, sight, self.recorder.patience) == Step::Try {
                self.attempt(market).await;
            }
        }
        let late = self.lanes.give_up(self.record_within);
        if late > 0 {
            tracing::warn!(
                event = "market.stakes_left",
                stakes = late,
                "stakes of a market that is held are left to recovery"
            );
            count("given_up", late);
        }
        gauge!("loljoa_bet_stuck_markets", "service" => "betting").set(number(self.lanes.stuck().len()));
    }

    async fn attempt(&self, market: MarketId) {
        match self.record(market).await {
            Ok(()) => self.way_back.resubmit(self.lanes.heal(market)),
            Err(error) => {
                tracing::debug!(%market, %error, "a market could not be had");
                self.lanes.postpone(market, self.recorder.patience);
            }
        }
    }

    /// Records the bets of a market whose stakes are taken.
    async fn record(&self, market: MarketId) -> Result<(), Error> {
        let bets = self.lanes.bets(market);
        if bets.is_empty() {
            return Ok(());
        }
        let recorded = self.recorder.attempt(&bets).await.map_err(|error| match error {
            error if store::lanes::gave_up_waiting(&error) => super::lanes::busy(),
            error => error.into(),
        })?;
        count("recorded", recorded.len());
        let answers = self.recorder.answers(bets.into_iter().zip(recorded).collect()).await?;
        self.lanes.recorded(market, &answers);
        Ok(())
    }
}

fn count(end: &'static str, bets: usize) {
    counter!("loljoa_bets_recorded_late_total", "service" => "betting", "end" => end).increment(bets as u64);
}
