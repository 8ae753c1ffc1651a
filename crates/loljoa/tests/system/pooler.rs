//! The whole system with a `PgBouncer` in transaction mode before each database, which has fewer connections to it than its
//! service has clients: bets, clients that hang up, a replayed season, and poolers that are killed.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::future::join_all;
use loljoa::system::{Replay, Service};
use loljoa_service_kit::ids;
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;
use tokio::time::{self, Instant};
use uuid::Uuid;

use crate::{
    hangups::no_transaction_was_left_open,
    promises,
    support::{
        App, Bettor, Cup, Poolers, Reply, TestDatabases,
        api::{Bet, Market, Page},
        eventually,
    },
};

const BETTORS: usize = 24;
const POINTS: i64 = 10_000_000;
const SERVER_CONNECTIONS: usize = 4;
/// How many bets have been answered when the poolers are killed.
const CRASHES: [usize; 2] = [50, 150];
/// Far beyond what an answer takes, also while a pooler is away.
const PATIENCE: Duration = Duration::from_mins(1);

/// What the bettors have done so far.
#[derive(Default)]
struct Betting {
    acknowledged: Mutex<HashSet<Uuid>>,
    under_way: AtomicUsize,
    over: AtomicBool,
}

impl Betting {
    fn answered(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_behind_poolers_that_crash_is_there() {
    let db = Arc::new(TestDatabases::create().await);
    let mut poolers = Poolers::before(&db, SERVER_CONNECTIONS).await;
    let app = App::start_over(Arc::clone(&db), |options| {
        poolers.stand_before(&db, options);
        options.replay = Some(Replay { interval: Duration::from_millis(300), start_week: Some(9) });
        options.cancel_window = Duration::ZERO;
        options.overrides.get_mut(&Service::Betting).unwrap()["recovery"]["grace_ms"] = json!(3_000);
    })
    .await;
    let bettors = join_all((0..BETTORS).map(|number| rich(&app, number))).await;
    let mut cup = Cup::of(&app).await;
    let game = cup.game().await;

    let betting = Betting::default();
    let story = async {
        sessions_are_few(&db).await;
        for bets in CRASHES {
            eventually("enough bets", async || (betting.answered() >= bets).then_some(())).await;
            assert!(betting.under_way.load(Ordering::Relaxed) > 0, "nothing was under way");
            poolers.crash().await;
        }
        who_listens_still_does(&db.league_schedule).await;
        finish(&db.league_schedule).await;
        betting.over.store(true, Ordering::Relaxed);
    };
    tokio::join!(story, join_all(bettors.iter().map(|bettor| play(bettor, &betting))));
    eventually("taking the result", async || {
        (cup.admin().result(game.match_id, 2, 1).await.status == 200).then_some(())
    })
    .await;
    for (market, key) in [(&game.winner, "T1"), (&game.score, "2-1"), (&game.sets, "3")] {
        let settled = cup.until(market, "settled").await;
        assert_eq!(settled.settled_outcome_id, Some(market.outcome(key).outcome_id));
    }

    let books = promises::all_hold(&db).await;
    let recorded: HashSet<Uuid> = books.bets.iter().map(|bet| bet.bet_id).collect();
    let acknowledged = betting.acknowledged.into_inner().unwrap();
    assert_eq!(acknowledged.difference(&recorded).count(), 0, "acknowledged and not there");
    no_transaction_was_left_open(&db).await;
}

async fn rich(app: &App, number: usize) -> Bettor {
    let bettor = app.sign_up(&format!("bettor_{number}")).await;
    app.fund(bettor.account_id, POINTS).await;
    bettor
}

/// Bets on whatever is open: one bet until it is answered, one whose answer is not waited for.
async fn play(bettor: &Bettor, betting: &Betting) {
    while !betting.over.load(Ordering::Relaxed) {
        let Some(market) = open_market(bettor).await else {
            time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let outcome = &market.outcomes[rand::random_range(0..market.outcomes.len())].key;
        let unheard = bettor.bet_request(ids::fresh(), &market, outcome, 100);
        let instant = Duration::from_micros(rand::random_range(0..20_000));
        let _ = time::timeout(instant, Reply::to_or_lost(unheard)).await;

        betting.under_way.fetch_add(1, Ordering::Relaxed);
        if let Some(bet) = bet(bettor, &market, outcome).await {
            betting.acknowledged.lock().unwrap().insert(bet);
        }
        betting.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Asks under one key until it is known what became of the bet. None when it was refused.
async fn bet(bettor: &Bettor, market: &Market, outcome: &str) -> Option<Uuid> {
    let (key, started) = (ids::fresh(), Instant::now());
    loop {
        let reply = Reply::to_or_lost(bettor.bet_request(key, market, outcome, 100)).await;
        match reply {
            Ok(reply) if reply.status == 201 => return Some(reply.ok::<Bet>().bet_id),
            Ok(reply) if reply.status < 500 && reply.status != 429 => return None,
            other => assert!(started.elapsed() < PATIENCE, "{other:?}"),
        }
        time::sleep(Duration::from_millis(20)).await;
    }
}

/// Any market that is open; none while the pooler is away, too.
async fn open_market(bettor: &Bettor) -> Option<Market> {
    let path = "/api/betting/markets?limit=100";
    let reply = Reply::to_or_lost(bettor.http.request(Method::GET, path)).await.ok()?;
    if reply.status != 200 {
        return None;
    }
    let mut open = reply.ok::<Page<Market>>().items;
    open.retain(|market| market.state == "open");
    (!open.is_empty()).then(|| open.swap_remove(rand::random_range(0..open.len())))
}

async fn finish(league_schedule: &PgPool) {
    eventually("the end of the replay", async || {
        let finished = sqlx::query_scalar("SELECT finished FROM replays");
        let finished: bool = finished.fetch_one(league_schedule).await.unwrap();
        finished.then_some(())
    })
    .await;
}

/// Few sessions are shared by all of a service's clients.
async fn sessions_are_few(db: &TestDatabases) {
    let sessions =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1";
    for (service, pool) in db.each() {
        let shared: i64 = sqlx::query_scalar(sessions).bind(service).fetch_one(pool).await.unwrap();
        assert!((1..=SERVER_CONNECTIONS).contains(&usize::try_from(shared).unwrap()), "{service}: {shared}");
    }
}

/// Who listens has a session of its own, past the pooler.
async fn who_listens_still_does(league_schedule: &PgPool) {
    let listens = "SELECT query LIKE 'LISTEN%' FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'league-schedule news'";
    let listens: bool = sqlx::query_scalar(listens).fetch_one(league_schedule).await.unwrap();
    assert!(listens);
}
