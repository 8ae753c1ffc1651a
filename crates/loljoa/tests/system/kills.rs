//! kill -9 of the services behind the gateway, again and again, while a crowd bets and reads: whoever meets it is told to come
//! again, nobody is told of a mistake, and nothing is lost.

use std::{
    collections::HashSet,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use futures::future::join_all;
use loljoa::system::Service;
use loljoa_service_kit::ids;
use uuid::Uuid;

use crate::{
    promises,
    support::{App, Bettor, Cup, Game, Reply, api::Bet, eventually},
};

const ROUNDS: usize = 3;
const BETTORS: usize = 12;
const STAKE: i64 = 100;
/// So many bets are under way at each kill.
const MET: usize = 2;
/// Bets of the crowd between two kills.
const BETWEEN: usize = 4 * BETTORS;

/// What the crowd does, and how far it is.
struct Crowd {
    game: Game,
    over: AtomicBool,
    placed: AtomicUsize,
    /// Bets that are sent and not answered.
    under_way: AtomicUsize,
}

impl Crowd {
    /// Bets and reads until it is over; the bets that were answered.
    async fn play(&self, bettor: Bettor) -> Vec<Uuid> {
        let mut bets = Vec::new();
        while !self.over.load(Ordering::SeqCst) {
            bets.push(self.bet(&bettor).await);
            self.placed.fetch_add(1, Ordering::SeqCst);
            let market = format!("/api/betting/markets/{}", self.game.winner.market_id);
            for path in [&*market, "/api/betting/bets?limit=5", "/api/account/me", "/api/account/leaderboard"]
            {
                is_answered(&bettor.http.get(path).await);
            }
        }
        bets
    }

    /// Asks for one bet, under one key, until there is an answer.
    async fn bet(&self, bettor: &Bettor) -> Uuid {
        let key = ids::fresh();
        eventually("a bet", async || {
            self.under_way.fetch_add(1, Ordering::SeqCst);
            let reply = bettor.try_bet(key, &self.game.winner, "T1", STAKE).await;
            self.under_way.fetch_sub(1, Ordering::SeqCst);
            is_answered(&reply).then(|| reply.ok::<Bet>().bet_id)
        })
        .await
    }

    async fn goes_on(&self) {
        let wanted = self.placed.load(Ordering::SeqCst) + BETWEEN;
        eventually("betting", async || (self.placed.load(Ordering::SeqCst) >= wanted).then_some(())).await;
    }

    /// Waits until bets are under way, so that whatever is killed now meets them.
    async fn is_busy(&self) {
        let busy = async || (self.under_way.load(Ordering::SeqCst) >= MET).then_some(());
        eventually("bets under way", busy).await;
    }
}

/// Whether it was answered; a 503 says when to come again, and is the only failure that a kill may cause.
fn is_answered(reply: &Reply) -> bool {
    if reply.status == 503 {
        let seconds = reply.headers.get("retry-after").map(|after| after.to_str().unwrap().parse::<u64>());
        assert!(matches!(seconds, Some(Ok(1..=60))), "{seconds:?}: {}", reply.text);
        return false;
    }
    assert!(matches!(reply.status, 200 | 201), "{}: {}", reply.status, reply.text);
    true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_killed_under_load_is_503_at_worst_and_loses_nothing() {
    let mut app = App::start_as_processes(|_| ()).await;
    let game = Cup::of(&app).await.game().await;
    let (over, placed, under_way) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let crowd = Crowd { game, over, placed, under_way };
    let mut bettors = Vec::new();
    for number in 0..BETTORS {
        let bettor = app.sign_up(&format!("bettor_{number}")).await;
        app.fund(bettor.account_id, 10_000_000).await;
        bettors.push(bettor);
    }
    let kills = async {
        for service in (0..ROUNDS).flat_map(|_| [Service::Account, Service::Betting, Service::LeagueSchedule])
        {
            crowd.goes_on().await;
            crowd.is_busy().await;
            app.system.kill(service).await;
            app.system.start_again(service).await.unwrap();
        }
        crowd.goes_on().await;
        crowd.over.store(true, Ordering::SeqCst);
    };
    let play = join_all(bettors.into_iter().map(|bettor| crowd.play(bettor)));
    let (answered, ()) = tokio::join!(play, kills);
    let answered: Vec<Uuid> = answered.into_iter().flatten().collect();
    let books = promises::all_hold(&app.db).await;
    let lost: Vec<_> =
        answered.iter().filter(|bet| !books.bets.iter().any(|found| found.bet_id == **bet)).collect();
    assert_eq!(lost, Vec::<&Uuid>::new(), "acknowledged and not there");
    let keys: HashSet<_> = answered.iter().collect();
    assert_eq!(
        (keys.len(), books.bets.len()),
        (answered.len(), answered.len()),
        "one bet for each key, no more"
    );
    assert!(books.bets.iter().all(|bet| bet.stake == STAKE && bet.state == "accepted"));
}
