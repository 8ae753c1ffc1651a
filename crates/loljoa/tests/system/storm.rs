//! A storm of log-ins beside a normal load of bets.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures::future::join_all;
use loljoa::system::Service;
use loljoa_service_kit::ids;
use serde_json::json;
use tokio::time;

use crate::support::{
    App, Bettor, Cup,
    api::{Bet, Market},
};

const BETTORS: usize = 4;
const BETS: usize = 25;
const STORMERS: usize = 32;
/// How soon whoever was turned away comes again: far sooner than told, and not so soon that the machine does nothing else.
const COMES_AGAIN: Duration = Duration::from_millis(250);

/// Passwords at their real cost, and nobody throttled before a password is looked at.
async fn app() -> App {
    App::start_with(|options| {
        let account = options.overrides.get_mut(&Service::Account).unwrap();
        account["passwords"] = json!({ "waiting": 8 });
        account["throttle"] = json!({ "free_failures": 1_000, "address_free_failures": 1_000_000 });
    })
    .await
}

/// Each bettor bets so many times, one after the other. Tells how long each bet took, sorted.
async fn bet(bettors: &[Bettor], market: &Market) -> Vec<Duration> {
    let each = bettors.iter().map(async |bettor| {
        let mut took = Vec::new();
        for _ in 0..BETS {
            let began = Instant::now();
            bettor.try_bet(ids::fresh(), market, "T1", 100).await.ok::<Bet>();
            took.push(began.elapsed());
        }
        took
    });
    let mut took = join_all(each).await.concat();
    took.sort_unstable();
    took
}

/// What becomes of log-ins that come again as soon as they are answered.
#[derive(Default)]
struct Storm {
    over: AtomicBool,
    looked_at: AtomicUsize,
    turned_away: AtomicUsize,
}

impl Storm {
    async fn rage(&self, app: &App) {
        let each = (0..STORMERS).map(async |number| {
            let credentials = json!({ "username": format!("nobody_{number}"), "password": "wrong horse" });
            while !self.over.load(Ordering::Relaxed) {
                let reply = app.http.post("/api/account/login", &credentials).await;
                let count = match reply.status {
                    401 => &self.looked_at,
                    // A machine that is busy with other things may not get to all that wait in time.
                    429 | 503 => &self.turned_away,
                    status => panic!("{status}: {}", reply.text),
                };
                count.fetch_add(1, Ordering::Relaxed);
                time::sleep(COMES_AGAIN).await;
            }
        });
        join_all(each).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_bet_stands_during_a_storm_of_log_ins() {
    let app = app().await;
    let mut bettors = Vec::new();
    for number in 0..BETTORS {
        let bettor = app.sign_up(&format!("bettor_{number}")).await;
        app.fund(bettor.account_id, 1_000_000).await;
        bettors.push(bettor);
    }
    let game = Cup::of(&app).await.game().await;
    bet(&bettors, &game.winner).await;

    let storm = Storm::default();
    let bets = async {
        let took = bet(&bettors, &game.winner).await;
        storm.over.store(true, Ordering::Relaxed);
        took
    };
    let (took, ()) = tokio::join!(bets, storm.rage(&app));
    assert_eq!(took.len(), BETTORS * BETS, "no bet was refused");
    let (looked_at, turned_away) = (storm.looked_at.into_inner(), storm.turned_away.into_inner());
    assert!(looked_at > 0 && turned_away > 0, "{looked_at} looked at, {turned_away} turned away");
    app.stop().await;
}
