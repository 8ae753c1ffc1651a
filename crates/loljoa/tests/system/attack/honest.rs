//! A normal load of bets.

use std::time::{Duration, Instant};

use futures::future::join_all;
use loljoa_service_kit::ids;
use tokio::time::{self, MissedTickBehavior};

use crate::support::{App, Bettor, Game, Http, api::Bet};

const BETTORS: u8 = 4;
const POINTS: i64 = 10_000_000;
/// Each bettor's time between two bets.
const PACE: Duration = Duration::from_millis(100);

/// Users, each at an address of their own, who bet on one market.
pub(super) struct Honest {
    bettors: Vec<Bettor>,
    pub(super) game: Game,
}

impl Honest {
    pub(super) async fn gather(app: &App, game: Game) -> Self {
        let mut bettors = Vec::new();
        for number in 0..BETTORS {
            let http = Http::from_address(app.http.base().to_owned(), [127, 0, 1, number + 1].into());
            let bettor = Bettor::sign_up(&http, &format!("honest_{number}")).await;
            app.fund(bettor.account_id, POINTS).await;
            bettors.push(bettor);
        }
        Self { bettors, game }
    }

    /// Bets for so long, and tells how long each bet took since it was due. Each has to stand.
    pub(super) async fn bet_for(&self, window: Duration) -> Vec<Duration> {
        join_all(self.bettors.iter().map(|bettor| self.bet(bettor, window))).await.concat()
    }

    async fn bet(&self, bettor: &Bettor, window: Duration) -> Vec<Duration> {
        let (mut took, mut ticks, began) = (Vec::new(), time::interval(PACE), Instant::now());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while began.elapsed() < window {
            let due = ticks.tick().await;
            bettor.try_bet(ids::fresh(), &self.game.winner, "T1", 100).await.ok::<Bet>();
            took.push(due.elapsed());
        }
        took
    }
}
