//! kill -9 at every place of a bet's path and of a settlement: a bet ends up refunded or completed, never neither.
//!
//! A row that the story holds locked stops the database at the very place. Whoever waits for it either never goes on
//! (its connection is ended) or goes on after the kill, and nobody hears the answer.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::future::join_all;
use loljoa::system::Service;
use loljoa_service_kit::ids;
use serde_json::json;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::{
    promises,
    support::{App, Bettor, Cup, Game, Held, Reply, api::Bet, eventually},
};

const STAKE: i64 = 700;
/// Recovery leaves younger stakes alone.
const PATIENT: Duration = Duration::from_mins(10);
const QUICK: Duration = Duration::from_millis(300);

/// What becomes of a statement that waited for the held row when its service was killed.
#[derive(Clone, Copy)]
enum Waiting {
    /// It never happens.
    Ends,
    /// It happens; only the answer is lost.
    GoesOn,
}

struct Story {
    app: App,
    cup: Cup,
    game: Game,
    faker: Bettor,
    key: Uuid,
}

impl Story {
    async fn begin(grace: Duration) -> Self {
        let app = App::start_as_processes(|options| {
            let betting = options.overrides.get_mut(&Service::Betting).unwrap();
            betting["recovery"]["grace_ms"] = json!(grace.as_millis());
            // Here a held market is a place to stop at, not a stranger's.
            betting["placement"] = json!({ "lock_timeout_ms": 30_000, "record_within_ms": 60_000 });
        })
        .await;
        let mut cup = Cup::of(&app).await;
        let game = cup.game().await;
        let faker = app.sign_up("faker").await;
        assert_eq!(faker.me().await.points, 1_500);
        Self { app, cup, game, faker, key: ids::fresh() }
    }

    /// Sends the bet, and does not wait for its answer, which may never come.
    fn send(&self) -> JoinHandle<Option<Reply>> {
        let request = self.faker.bet_request(self.key, &self.game.winner, "T1", STAKE);
        tokio::spawn(async { Reply::to_or_lost(request).await.ok() })
    }

    async fn send_again(&self) -> Reply {
        self.faker.try_bet(self.key, &self.game.winner, "T1", STAKE).await
    }

    async fn hold_market(&self) -> Held {
        Held::market(&self.app.db.betting, self.game.winner.market_id).await
    }

    async fn hold_balance(&self) -> Held {
        Held::balance(&self.app.db.account, self.faker.account_id).await
    }

    async fn stakes_taken(&self) -> i64 {
        let stakes = "SELECT count(*) FROM transfers WHERE kind = 'stake'";
        sqlx::query_scalar(stakes).fetch_one(&self.app.db.account).await.unwrap()
    }

    /// Lets the time pass for which nobody else does the work of the replica that died.
    async fn leases_run_out(&self) {
        let expire = "UPDATE feed_cursors SET leased_until = '-infinity'";
        sqlx::query(expire).execute(&self.app.db.betting).await.unwrap();
    }

    /// Kills `service` while it waits for the held row, and starts it again.
    async fn kill(&mut self, service: Service, held: Held, waiting: Waiting) {
        self.strike(service, held, waiting).await;
        self.app.system.start_again(service).await.unwrap();
    }

    /// Kills `service` while it waits for the held row.
    async fn strike(&mut self, service: Service, held: Held, waiting: Waiting) {
        self.app.system.kill(service).await;
        if matches!(waiting, Waiting::Ends) {
            held.forget_the_waiting().await;
        }
        held.release().await;
    }

    /// The bet stands, its stake was taken once, and the whole road to the payout is open.
    async fn ends_with_the_bet(self) {
        let bet: Bet = self.send_again().await.ok();
        assert_eq!((bet.state.as_str(), bet.stake), ("accepted", STAKE));
        assert_eq!(self.stakes_taken().await, 1);
        assert_eq!(self.faker.me().await.points, 1_500 - STAKE);
        promises::all_hold(&self.app.db).await;
        self.cup.settle(&self.game.winner, "T1").await;
        promises::all_hold(&self.app.db).await;
        assert_eq!(self.faker.me().await.points, 1_500);
    }
}

#[tokio::test]
async fn betting_dies_between_the_commits_and_the_retry_completes_the_bet() {
    let mut story = Story::begin(PATIENT).await;
    let held = story.hold_market().await;
    let sent = story.send();
    held.blocks_somebody().await;
    assert_eq!(story.stakes_taken().await, 1, "the first commit is done");
    story.kill(Service::Betting, held, Waiting::Ends).await;
    sent.await.unwrap();
    story.ends_with_the_bet().await;
}

#[tokio::test]
async fn betting_dies_after_the_second_commit_and_the_retry_finds_the_bet() {
    let mut story = Story::begin(PATIENT).await;
    let held = story.hold_market().await;
    let sent = story.send();
    held.blocks_somebody().await;
    story.kill(Service::Betting, held, Waiting::GoesOn).await;
    sent.await.unwrap();
    story.ends_with_the_bet().await;
}

#[tokio::test]
async fn betting_dies_between_the_commits_and_recovery_gives_the_stake_back() {
    let mut story = Story::begin(QUICK).await;
    let held = story.hold_market().await;
    let sent = story.send();
    held.blocks_somebody().await;
    story.strike(Service::Betting, held, Waiting::Ends).await;
    // The gateway has given up sending it again before betting is back.
    assert_eq!(sent.await.unwrap().unwrap().status, 503);
    story.app.system.start_again(Service::Betting).await.unwrap();
    story.leases_run_out().await;
    eventually("the refund", async || (story.faker.me().await.points == 1_500).then_some(())).await;

    let late: Bet = story.send_again().await.ok();
    assert_eq!(late.state, "refunded", "the refund is final");
    let [bet] = &story.faker.bets().await[..] else { panic!("there is one bet") };
    assert_eq!((bet.state.as_str(), bet.stake, bet.returned), ("refunded", STAKE, STAKE));
    promises::all_hold(&story.app.db).await;
    story.faker.bet(&story.game.winner, "T1", STAKE).await;
    promises::all_hold(&story.app.db).await;
}

#[tokio::test]
async fn account_dies_before_the_debit() {
    let mut story = Story::begin(PATIENT).await;
    let held = story.hold_balance().await;
    let sent = story.send();
    held.blocks_somebody().await;
    story.kill(Service::Account, held, Waiting::Ends).await;
    sent.await.unwrap();
    story.ends_with_the_bet().await;
}

#[tokio::test]
async fn account_dies_after_the_debit_and_before_its_answer() {
    let mut story = Story::begin(PATIENT).await;
    let held = story.hold_balance().await;
    let sent = story.send();
    held.blocks_somebody().await;
    story.kill(Service::Account, held, Waiting::GoesOn).await;
    sent.await.unwrap();
    story.ends_with_the_bet().await;
}

#[tokio::test]
async fn account_is_away_between_the_commits_and_during_a_cancel() {
    let mut story = Story::begin(PATIENT).await;
    let held = story.hold_market().await;
    let sent = story.send();
    held.blocks_somebody().await;
    story.app.system.kill(Service::Account).await;
    held.release().await;
    let bet: Bet = sent.await.unwrap().expect("the gateway lives").ok();
    let cancelled: Bet = story.faker.cancel(bet.bet_id).await.ok();
    assert_eq!(cancelled.state, "cancelled");
    story.app.system.start_again(Service::Account).await.unwrap();
    eventually("the refund", async || (story.faker.me().await.points == 1_500).then_some(())).await;
    promises::all_hold(&story.app.db).await;
}

#[tokio::test]
async fn the_gateway_dies_while_a_bet_is_under_way() {
    let mut story = Story::begin(PATIENT).await;
    let held = story.hold_market().await;
    let sent = story.send();
    held.blocks_somebody().await;
    story.kill(Service::Gateway, held, Waiting::GoesOn).await;
    assert!(sent.await.unwrap().is_none(), "the connection is lost");
    story.ends_with_the_bet().await;
}

#[tokio::test]
async fn betting_dies_while_a_settlement_pays() {
    settlement_survives(Service::Betting, Waiting::Ends).await;
}

#[tokio::test]
async fn account_dies_while_a_settlement_pays() {
    settlement_survives(Service::Account, Waiting::GoesOn).await;
}

/// Kills `service` while the winner's payout waits for the winner's row: everybody is paid once.
async fn settlement_survives(service: Service, waiting: Waiting) {
    let mut story = Story::begin(PATIENT).await;
    let market = story.game.winner.clone();
    let (winner, loser) = (story.faker.clone(), story.app.sign_up("chovy").await);
    winner.bet(&market, "T1", 500).await;
    loser.bet(&market, "GEN", 333).await;
    let held = story.hold_balance().await;
    let admin = story.cup.admin();
    admin.lock(market.market_id).await.ok::<serde_json::Value>();
    admin.settle(market.market_id, market.outcome("T1").outcome_id).await.ok::<serde_json::Value>();
    held.blocks_somebody().await;
    story.kill(service, held, waiting).await;

    story.cup.until(&market, "settled").await;
    promises::all_hold(&story.app.db).await;
    assert_eq!((winner.me().await.points, loser.me().await.points), (1_500 + 333, 1_500 - 333));
    let statement = winner.statement().await;
    let payouts: Vec<_> = statement.iter().filter(|(kind, _)| kind == "payout").collect();
    assert_eq!(payouts, [&("payout".to_owned(), 833)]);
}

/// Kills at a random instant hit the interesting windows often, not always.
const MOST_KILLS: usize = 10;
const CROWD: i64 = 300;

/// What a kill under load left behind.
#[derive(Debug)]
struct Wreck {
    /// Requests that were sent and not answered when betting died.
    in_flight: usize,
    /// Stakes that were taken and had no bet: it died between the commits.
    stakes_without_bets: i64,
    /// Bets that were recorded and not answered: it died after the second commit.
    unheard_bets: i64,
}

impl Story {
    async fn bets_recorded(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM bets").fetch_one(&self.app.db.betting).await.unwrap()
    }

    /// Waits until the databases have done all that dead clients asked of them.
    async fn databases_rest(&self) {
        eventually("coming to rest", async || {
            let busy: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND state <> 'idle'
                    AND starts_with(datname, regexp_replace(current_database(), 'account$', ''))
                    AND (query ILIKE '%apply_transfers%' OR query ILIKE '%record_bets%'))",
            )
            .fetch_one(&self.app.db.account)
            .await
            .unwrap();
            (!busy).then_some(())
        })
        .await;
    }

    /// Kills betting while a crowd bets, starts it again, and has every bet sent once more.
    async fn kill_under_load(&mut self) -> Wreck {
        self.app.fund(self.faker.account_id, 100 * CROWD).await;
        let (stakes, bets) = (self.stakes_taken().await, self.bets_recorded().await);
        let answered = Arc::new(AtomicUsize::new(0));
        let keys: Vec<Uuid> = (0..CROWD).map(|_| ids::fresh()).collect();
        let send = |key: &Uuid| {
            let request = self.faker.bet_request(*key, &self.game.winner, "GEN", 100);
            let answered = Arc::clone(&answered);
            tokio::spawn(async move {
                Reply::to_or_lost(request).await.ok();
                answered.fetch_add(1, Ordering::SeqCst);
            })
        };
        let crowd: Vec<_> = keys.iter().map(send).collect();
        eventually("the first stakes", async || (self.stakes_taken().await >= stakes + 20).then_some(()))
            .await;
        self.app.system.kill(Service::Betting).await;
        let heard = answered.load(Ordering::SeqCst);
        let in_flight = keys.len() - heard;
        self.databases_rest().await;
        let (stakes, bets) = (self.stakes_taken().await - stakes, self.bets_recorded().await - bets);
        self.app.system.start_again(Service::Betting).await.unwrap();
        for sent in crowd {
            sent.await.unwrap();
        }
        let again = keys.iter().map(|key| self.faker.try_bet(*key, &self.game.winner, "GEN", 100));
        for reply in join_all(again).await {
            assert_eq!(reply.ok::<Bet>().state, "accepted");
        }
        let heard = i64::try_from(heard).unwrap();
        Wreck { in_flight, stakes_without_bets: stakes - bets, unheard_bets: bets - heard }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn betting_dies_under_load_and_every_bet_is_there_once() {
    let mut story = Story::begin(PATIENT).await;
    let mut wrecks = Vec::new();
    for _ in 0..MOST_KILLS {
        let wreck = story.kill_under_load().await;
        assert!(wreck.in_flight > 0, "nothing was under way when betting died: {wreck:?}");
        let bets = CROWD * i64::try_from(wrecks.len() + 1).unwrap();
        let books = promises::all_hold(&story.app.db).await;
        assert_eq!(i64::try_from(books.bets.len()).unwrap(), bets);
        assert_eq!(story.cup.look(&story.game.winner).await.pool, 100 * bets);
        let is_interesting = wreck.stakes_without_bets > 0 || wreck.unheard_bets > 0;
        wrecks.push(wreck);
        if is_interesting && wrecks.len() > 1 {
            return;
        }
    }
    let hit = wrecks.iter().any(|wreck| wreck.stakes_without_bets > 0 || wreck.unheard_bets > 0);
    assert!(hit, "no kill hit a window in which a bet could get lost: {wrecks:?}");
}
