use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use loljoa_service_kit::{BetId, IdempotencyKey};
use rand::RngExt;
use tokio::{sync::watch, time};

use super::{
    bet::Bet,
    board::Board,
    client::{Client, Failure, SignedIn},
    strategy::{self, LEAST_STAKE},
};

/// Between two turns of one bettor. Seconds. A dozen bettors make a bet or two a second.
const PAUSE: std::ops::Range<f64> = 4.0..12.0;
/// The chance that a bettor regrets a bet.
const REGRET: f64 = 0.04;
const ATTEMPTS: u32 = 5;

/// One bettor, who bets under one name until that is broke, then under the next.
pub(super) struct Bettor {
    client: Client,
    board: watch::Receiver<Arc<Board>>,
    placed: Arc<AtomicU64>,
}

/// How an account's time ended.
enum End {
    Broke,
    SignedOut,
}

impl Bettor {
    pub(super) const fn new(
        client: Client,
        board: watch::Receiver<Arc<Board>>,
        placed: Arc<AtomicU64>,
    ) -> Self {
        Self { client, board, placed }
    }

    pub(super) async fn run(self, names: impl Iterator<Item = String>) {
        for name in names {
            while let Some(account) = self.sign_in(&name).await {
                match self.play(&account).await {
                    End::Broke => break,
                    End::SignedOut => {}
                }
            }
        }
    }

    /// Signs in, or gives up on a name that somebody else has.
    async fn sign_in(&self, name: &str) -> Option<SignedIn> {
        loop {
            pause().await;
            match self.client.sign_in(name).await {
                Ok(account) => return Some(account),
                Err(Failure::Later(after)) => time::sleep(after).await,
                Err(Failure::SignedOut | Failure::Refused) => return None,
            }
        }
    }

    async fn play(&self, account: &SignedIn) -> End {
        loop {
            pause().await;
            match self.turn(account).await {
                Ok(Some(end)) => return end,
                Ok(None) | Err(Failure::Refused) => {}
                Err(Failure::Later(after)) => time::sleep(after).await,
                Err(Failure::SignedOut) => return End::SignedOut,
            }
        }
    }

    async fn turn(&self, account: &SignedIn) -> Result<Option<End>, Failure> {
        let purse = account.purse().await?;
        if purse.points < LEAST_STAKE && purse.staked.0 == 0 {
            return Ok(Some(End::Broke));
        }
        let board = self.board.borrow().clone();
        let Some(chosen) = strategy::choose(&board, purse.points, &mut rand::rng()) else { return Ok(None) };
        let bet_id = place(account, &chosen).await?;
        self.placed.fetch_add(1, Ordering::Relaxed);
        if rand::rng().random_bool(REGRET) {
            account.cancel(bet_id).await?;
        }
        Ok(None)
    }
}

/// Sends a bet, under the same key again while there is no answer, so that it is one bet however often it is sent.
async fn place(account: &SignedIn, bet: &Bet) -> Result<BetId, Failure> {
    let key = IdempotencyKey::fresh();
    let mut attempt = 1;
    loop {
        match account.bet(key, bet).await {
            Err(Failure::Later(after)) if attempt < ATTEMPTS => time::sleep(after).await,
            result => return result,
        }
        attempt += 1;
    }
}

/// At random, so that the bettors do not act in step.
async fn pause() {
    let seconds = rand::rng().random_range(PAUSE);
    time::sleep(Duration::from_secs_f64(seconds)).await;
}
