//! Clients that hang up at any instant, on every endpoint and every gRPC method, while others bet: nobody else notices, and
//! whatever was answered was committed.

mod grpc;
mod http;

use std::{
    collections::HashSet,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use futures::future::join_all;
use loljoa_service_kit::ids;
use serde_json::json;
use uuid::Uuid;

use crate::{
    promises,
    support::{App, Bettor, Cup, Game, TestDatabases, api::Bet, asked},
};
use loljoa::system::Service;

const BETTORS: usize = 8;
const POINTS: i64 = 10_000_000;
/// The longest that a client waits before it hangs up. Microseconds.
const LONGEST_US: u64 = 10_000;

/// What those who hang up play with; nobody else bets on it.
struct Target {
    game: Game,
    bettor: Bettor,
    admin_token: String,
}

impl Target {
    /// A key under which the bettor asks for something.
    fn key(&self) -> Uuid {
        let key = ids::fresh();
        asked::note(self.bettor.account_id, key);
        key
    }
}

/// An instant to hang up at.
fn instant() -> Duration {
    Duration::from_micros(rand::random_range(0..LONGEST_US))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_hang_up_anywhere_disturb_nobody_and_lose_nothing() {
    let app = App::start_with(|options| {
        let betting = options.overrides.get_mut(&Service::Betting).unwrap();
        betting["recovery"]["grace_ms"] = json!(2_000);
    })
    .await;
    let mut cup = Cup::of(&app).await;
    let (game, target) = (cup.game().await, target(&app, &mut cup).await);
    let names = (0..BETTORS).map(|number| format!("bettor_{number}"));
    let bettors: Vec<Bettor> = join_all(names.map(|name| {
        let app = &app;
        async move { rich(app, &name).await }
    }))
    .await;

    let over = AtomicBool::new(false);
    let storms = async {
        tokio::join!(http::storm(&app, &target), grpc::storm(&app, &target));
        over.store(true, Ordering::Relaxed);
    };
    let bets = join_all(bettors.iter().map(|bettor| bet_until(bettor, &game, &over)));
    let ((), bets) = tokio::join!(storms, bets);

    no_transaction_was_left_open(&app.db).await;
    let books = promises::all_hold(&app.db).await;
    let recorded: HashSet<Uuid> = books.bets.iter().map(|bet| bet.bet_id).collect();
    let lost: Vec<_> = bets.iter().flatten().filter(|bet| !recorded.contains(bet)).collect();
    assert_eq!(lost, Vec::<&Uuid>::new(), "acknowledged and not there");
    assert!(bets.iter().all(|bets| bets.len() > 1), "there were bets during the storm");
}

async fn rich(app: &App, name: &str) -> Bettor {
    let bettor = app.sign_up(name).await;
    app.fund(bettor.account_id, POINTS).await;
    bettor
}

async fn target(app: &App, cup: &mut Cup) -> Target {
    let (game, bettor) = (cup.game().await, rich(app, "target").await);
    let admin_token = cup.admin().http.token().unwrap().to_owned();
    Target { game, bettor, admin_token }
}

/// Bets again and again; every answer has to be a bet.
async fn bet_until(bettor: &Bettor, game: &Game, over: &AtomicBool) -> Vec<Uuid> {
    let mut bets = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let bet: Bet = bettor.try_bet(ids::fresh(), &game.winner, "T1", 100).await.ok();
        bets.push(bet.bet_id);
    }
    bets
}

/// Nobody is inside a transaction and does nothing.
async fn no_transaction_was_left_open(db: &TestDatabases) {
    for (service, pool) in db.each() {
        let left: Vec<String> = sqlx::query_scalar(
            "SELECT application_name || ': ' || query FROM pg_stat_activity
            WHERE datname = current_database() AND state LIKE 'idle in transaction%'
                AND state_change < clock_timestamp() - interval '1 second'",
        )
        .fetch_all(pool)
        .await
        .unwrap();
        assert_eq!(left, Vec::<String>::new(), "{service}");
    }
    let metrics = loljoa_service_kit::metrics::install().render();
    let strays: Vec<_> =
        metrics.lines().filter(|line| line.starts_with("loljoa_db_stray_transactions_total")).collect();
    assert_eq!(strays, Vec::<&str>::new(), "a connection came back inside a transaction");
}
