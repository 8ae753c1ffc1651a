//! Demo bettors: accounts that sign up and bet through the public HTTP API, as people would, so that pools live.

mod bet;
mod bettor;
mod board;
mod client;
mod names;
mod strategy;

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use secrecy::SecretString;
use tokio::{sync::watch, task::JoinSet, time};
use tokio_util::sync::CancellationToken;
use url::Url;

use bettor::Bettor;
use board::Board;
use client::Client;

const LOOK_EVERY: Duration = Duration::from_secs(3);

/// Who bets, and where.
#[derive(Clone, Debug)]
pub struct Options {
    /// What sends their requests.
    pub http: reqwest::Client,
    /// The gateway.
    pub url: Url,
    /// How many bet at the same time.
    pub bettors: usize,
    /// The password of all of them.
    pub password: SecretString,
    /// Counts the bets that they place.
    pub placed: Arc<AtomicU64>,
}

/// Bets until `shutdown`, patiently when the gateway does not answer.
pub async fn run(options: Options, shutdown: CancellationToken) {
    let client = Client::new(options.http, options.url, options.password);
    let (sender, board) = watch::channel(Arc::new(Board::default()));
    let mut tasks = JoinSet::new();
    tasks.spawn(look(client.clone(), sender));
    for place in 0..options.bettors {
        let names = names::of_bettor(place, options.bettors);
        tasks.spawn(Bettor::new(client.clone(), board.clone(), Arc::clone(&options.placed)).run(names));
    }
    shutdown.cancelled().await;
    tasks.shutdown().await;
}

/// Keeps the board that all bettors look at up to date.
async fn look(client: Client, board: watch::Sender<Arc<Board>>) {
    let mut ticks = time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match Board::fetch(&client).await {
            Ok(fresh) => {
                board.send_replace(Arc::new(fresh));
            }
            Err(failure) => tracing::debug!(?failure, "the demo bettors see no matches"),
        }
    }
}
