//! kill -9 at every place of a bet's path and of a settlement: a bet ends up refunded or completed, never neither.
//!
//! A row that the story holds locked stops the database at the very place. Whoever waits for it either never goes on
//! (its connection is ended) or goes on after the kill, and nobody hears the answer.

use std::time::Duration;

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
        self.app.system.kill(service).await;
        if matches!(waiting, Waiting::Ends) {
            held.forget_the_waiting().await;
        }
        held.release().await;
        self.app.system.start_again(service).await.unwrap();
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
    story.kill(Service::Betting, held, Waiting::Ends).await;
    sent.await.unwrap();
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn betting_dies_under_load_and_every_bet_is_there_once() {
    let mut story = Story::begin(PATIENT).await;
    let bets = 300;
    story.app.fund(story.faker.account_id, 100 * bets).await;
    let keys: Vec<Uuid> = (0..bets).map(|_| ids::fresh()).collect();
    let crowd: Vec<_> = keys
        .iter()
        .map(|key| {
            let request = story.faker.bet_request(*key, &story.game.winner, "GEN", 100);
            tokio::spawn(async { Reply::to_or_lost(request).await.ok() })
        })
        .collect();
    eventually("the first stakes", async || (story.stakes_taken().await >= 20).then_some(())).await;
    story.app.system.kill(Service::Betting).await;
    story.app.system.start_again(Service::Betting).await.unwrap();
    for sent in crowd {
        sent.await.unwrap();
    }
    for key in keys {
        let bet: Bet = story.faker.try_bet(key, &story.game.winner, "GEN", 100).await.ok();
        assert_eq!(bet.state, "accepted");
    }
    let books = promises::all_hold(&story.app.db).await;
    assert_eq!(i64::try_from(books.bets.len()).unwrap(), bets);
    assert_eq!(story.cup.look(&story.game.winner).await.pool, 100 * bets);
}
