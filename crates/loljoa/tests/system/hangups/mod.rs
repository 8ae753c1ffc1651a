//! Clients that hang up at any instant, on every endpoint and every gRPC method, while others bet: nobody else notices, and
//! whatever was answered was committed.

mod grpc;
mod http;
mod session;

use std::{
    collections::HashSet,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use futures::future::join_all;
use loljoa_service_kit::ids;
use serde_json::json;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::{
    promises,
    support::{App, Bettor, Cup, Game, TestDatabases, api::Bet, asked},
};
use loljoa::system::Service;

const BETTORS: usize = 8;
const POINTS: i64 = 10_000_000;
/// How many clients hang up for each bet that is answered. What they asked for is done all the same, so without a measure
/// they would soon ask for more than the machine can do.
const PER_BET: usize = 8;

/// What those who hang up play with; nobody else bets on it.
struct Target {
    game: Game,
    bettor: Bettor,
    admin_token: String,
    turns: Semaphore,
    /// How long the last bet took. Microseconds.
    pace_us: AtomicU64,
}

impl Target {
    /// Waits until somebody else has been served meanwhile.
    async fn turn(&self) {
        self.turns.acquire().await.unwrap().forget();
    }

    /// An instant to hang up at: anywhere while a request of this machine, as busy as it is, may be under way.
    fn instant(&self) -> Duration {
        let pace = self.pace_us.load(Ordering::Relaxed);
        Duration::from_micros(rand::random_range(0..2 * pace))
    }

    /// A key under which the bettor asks for something.
    fn key(&self) -> Uuid {
        let key = ids::fresh();
        asked::note(self.bettor.account_id, key);
        key
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_hang_up_anywhere_disturb_nobody_and_lose_nothing() {
    let app = App::start_with(|options| {
        // Nobody is to fail because the machine is busy: what fails then was disturbed by those who hang up.
        for service in [Service::Account, Service::Betting, Service::LeagueSchedule] {
            let config = options.overrides.entry(service).or_insert_with(|| json!({}));
            config["database"] = json!({ "acquire_timeout_ms": 20_000, "lock_timeout_ms": 20_000 });
            config["grpc"] = json!({ "timeout_ms": 30_000 });
        }
        options.overrides.get_mut(&Service::Betting).unwrap()["recovery"]["grace_ms"] = json!(2_000);
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
    let answered = join_all(bettors.iter().map(|bettor| bet_until(bettor, &game, &target, &over)));
    let ((), answered) = tokio::join!(storms, answered);

    no_transaction_was_left_open(&app.db).await;
    let books = promises::all_hold(&app.db).await;
    let recorded: HashSet<Uuid> = books.bets.iter().map(|bet| bet.bet_id).collect();
    for Answered { bets, ended } in answered {
        assert!(bets.len() > 1, "there were bets during the storm");
        let lost: Vec<_> = bets.iter().filter(|bet| !recorded.contains(bet)).collect();
        assert_eq!(lost, Vec::<&Uuid>::new(), "acknowledged and not there");
        for session in ended {
            let again = session::refresh(&app.http, &session).await;
            assert_eq!(again.status, 401, "a session that was ended lives on: {}", again.text);
        }
    }
}

async fn rich(app: &App, name: &str) -> Bettor {
    let bettor = app.sign_up(name).await;
    app.fund(bettor.account_id, POINTS).await;
    bettor
}

async fn target(app: &App, cup: &mut Cup) -> Target {
    let (game, bettor) = (cup.game().await, rich(app, "target").await);
    let admin_token = cup.admin().http.token().unwrap().to_owned();
    Target { game, bettor, admin_token, turns: Semaphore::new(PER_BET), pace_us: AtomicU64::new(10_000) }
}

/// What somebody who does not hang up was told.
#[derive(Default)]
struct Answered {
    bets: Vec<Uuid>,
    /// Sessions that were ended. Ending one is a single statement on the connections that those who hang up use too.
    ended: Vec<session::Cookie>,
}

/// Bets, logs in and logs out again and again; every answer has to be a success.
async fn bet_until(bettor: &Bettor, game: &Game, target: &Target, over: &AtomicBool) -> Answered {
    let mut answered = Answered::default();
    while !over.load(Ordering::Relaxed) {
        let started = Instant::now();
        let bet: Bet = bettor.try_bet(ids::fresh(), &game.winner, "T1", 100).await.ok();
        answered.bets.push(bet.bet_id);
        answered.ended.push(session::open_and_end(bettor).await);
        let took = u64::try_from(started.elapsed().as_micros()).unwrap();
        target.pace_us.store(took, Ordering::Relaxed);
        target.turns.add_permits(PER_BET);
    }
    answered
}

/// Nobody is inside a transaction and does nothing.
pub(crate) async fn no_transaction_was_left_open(db: &TestDatabases) {
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
    let metrics = loljoa_service_kit::metrics::install().text();
    let strays: Vec<_> =
        metrics.lines().filter(|line| line.starts_with("loljoa_db_stray_transactions_total")).collect();
    assert_eq!(strays, Vec::<&str>::new(), "a connection came back inside a transaction");
}
