//! What should never happen, and what a person does about it: a damaged system is mended by a command.

use std::time::Duration;

use loljoa::system::Service;
use loljoa_service_kit::{AccountId, BetId, IdempotencyKey};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::process::Command;
use uuid::Uuid;

use crate::{
    promises,
    support::{
        App, Bettor, Cup, TestDatabases,
        api::{Bet, Market},
        eventually, plant,
    },
};

/// `loljoa admin reconcile`: whether it exits with 0, and the JSON that it says.
async fn reconcile(db: &TestDatabases, options: &[&str]) -> (bool, Value) {
    let [account, _, betting] = db.urls();
    let output = Command::new(env!("CARGO_BIN_EXE_loljoa"))
        .args(["admin", "reconcile", "--grace", "0", "--json"])
        .args(options)
        .envs([("LOLJOA_ACCOUNT_DATABASE", account), ("LOLJOA_BETTING_DATABASE", betting)])
        .output()
        .await
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    let said = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {complaint}"));
    (output.status.success(), said)
}

const APPLY: [&str; 6] = ["--apply", "--yes", "--by", "bengi", "--why", "a story"];

/// The action that is proposed for each subject.
fn proposals(said: &Value) -> Vec<(String, String)> {
    let text = |proposal: &Value, key: &str| proposal[key].as_str().unwrap().to_owned();
    let proposals = said["proposals"].as_array().unwrap().iter();
    let mut proposals: Vec<_> =
        proposals.map(|proposal| (text(proposal, "action"), text(proposal, "subject"))).collect();
    proposals.sort();
    proposals
}

fn expected<const N: usize>(proposals: [(&str, Uuid); N]) -> Vec<(String, String)> {
    let mut expected = proposals.map(|(action, id)| (action.to_owned(), id.to_string())).to_vec();
    expected.sort();
    expected
}

/// What was done to a bet or an account, as the record has it.
async fn noted(pool: &PgPool) -> Vec<(String, Uuid)> {
    let noted =
        "SELECT action, subject FROM reconciliations WHERE who = 'bengi' AND why = 'a story' ORDER BY seq";
    sqlx::query_as(noted).fetch_all(pool).await.unwrap()
}

/// Recovery leaves stakes without bets alone, so that they are there to be corrected.
async fn start() -> App {
    App::start_with(|options| {
        let betting = options.overrides.get_mut(&Service::Betting).unwrap();
        betting["recovery"]["grace_ms"] = json!(Duration::from_mins(10).as_millis());
    })
    .await
}

async fn until_parked(db: &TestDatabases, count: i64) {
    eventually("refusing payments", async || {
        let parked = sqlx::query_scalar("SELECT count(*) FROM owed WHERE parked");
        let parked: i64 = parked.fetch_one(&db.betting).await.unwrap();
        (parked == count).then_some(())
    })
    .await;
}

/// Settles a market on T1, of whose bets the ledger refuses so many.
async fn settle_unpayable(db: &TestDatabases, cup: &Cup, market: &Market, refused: i64) {
    cup.admin().lock(market.market_id).await.ok::<Value>();
    cup.admin().settle(market.market_id, market.outcome("T1").outcome_id).await.ok::<Value>();
    until_parked(db, refused).await;
}

async fn spend_all(bettor: &Bettor, game: &crate::support::Game) {
    let points = bettor.me().await.points;
    bettor.bet(&game.score, "2-0", points).await;
}

#[tokio::test]
async fn lost_stakes_and_payments_are_mended_and_nothing_is_done_twice() {
    let app = start().await;
    let mut cup = Cup::of(&app).await;
    let (open, paid, parked) = (cup.game().await, cup.game().await, cup.game().await);
    let [faker, chovy, canyon, doran, oner, zeus] =
        ["faker", "chovy", "canyon", "doran", "oner", "zeus"].map(|name| app.sign_up(name));
    let (faker, chovy, canyon) = (faker.await, chovy.await, canyon.await);
    let (doran, oner, zeus) = (doran.await, oner.await, zeus.await);

    // The stake of an open bet is lost, and its account can pay.
    let unpaid = faker.bet(&open.winner, "T1", 500).await;
    app.db.lose_stake(unpaid.bet_id).await;
    // A payout is lost after its market was settled.
    let won = chovy.bet(&paid.winner, "T1", 300).await;
    canyon.bet(&paid.winner, "GEN", 200).await;
    cup.settle(&paid.winner, "T1").await;
    promises_but_for(&app, &unpaid.bet_id).await;
    app.db.lose_closing(won.bet_id).await;
    // Both stakes of a market are lost before it is settled, and the one who lost has nothing left.
    let loser = oner.bet(&parked.winner, "GEN", 1_000).await;
    let winner = bet_listed_before(&doran, &loser, &parked.winner, "T1", 400).await;
    app.db.lose_stake(winner.bet_id).await;
    app.db.lose_stake(loser.bet_id).await;
    spend_all(&oner, &open).await;
    settle_unpayable(&app.db, &cup, &parked.winner, 2).await;
    // A stake without a bet, and stored points that no transfer made.
    let orphan = app.db.orphan_stake(zeus.account_id, open.sets.market_id, 250).await;
    for (column, points) in [("balance", -7), ("staked", 3), ("profit", 5)] {
        let table = format!("user_balances SET {column} = {column}");
        plant(&app.db.account, &table, "account_id", zeus.account_id, points).await;
    }
    let market = open.score.market_id;
    plant(&app.db.account, "system_balances SET balance = balance", "ledger_id", market, 11).await;
    plant(&app.db.account, "system_balances SET cover = cover", "ledger_id", market, 13).await;
    // What the house may still pay for another market, which would have paid too much or nothing.
    let covered = paid.winner.market_id;
    plant(&app.db.account, "system_balances SET cover = cover", "ledger_id", covered, -1).await;

    let (clean, said) = reconcile(&app.db, &[]).await;
    assert!(!clean);
    let proposed = expected([
        ("take_stake", unpaid.bet_id),
        ("pay", won.bet_id),
        ("take_stake", winner.bet_id),
        ("cover_stake", loser.bet_id),
        ("tombstone", orphan),
        ("rebuild", zeus.account_id),
        ("rebuild", market),
        ("rebuild", covered),
    ]);
    assert_eq!(proposals(&said), proposed, "{said:#}");
    assert!(noted(&app.db.account).await.is_empty(), "looking changes nothing");

    let (clean, said) = reconcile(&app.db, &APPLY).await;
    assert!(clean, "{said:#}");
    cup.until(&parked.winner, "settled").await;
    promises::all_hold(&app.db).await;
    assert_eq!(faker.me().await.points, 1_500 - 500);
    assert_eq!(chovy.me().await.points, 1_500 + 200);
    assert_eq!((doran.me().await.points, oner.me().await.points), (1_500 + 1_000, 0));
    assert_eq!((zeus.me().await.points, zeus.me().await.staked, zeus.me().await.profit), (1_500, 0, 0));

    let (done, transfers) = (noted(&app.db.account).await, app.db.transfers().await);
    let subjects = [zeus.account_id, market, covered, unpaid.bet_id, won.bet_id, winner.bet_id, loser.bet_id];
    assert!(subjects.iter().all(|id| done.iter().any(|(_, subject)| subject == id)), "{done:?}");
    assert!(noted(&app.db.betting).await.contains(&("tombstone".to_owned(), orphan)));
    let (clean, said) = reconcile(&app.db, &APPLY).await;
    assert!(clean && proposals(&said).is_empty(), "{said:#}");
    assert_eq!((noted(&app.db.account).await, app.db.transfers().await), (done, transfers));
}

/// A bet whose id comes before another's, so that it is corrected first where bets are taken in their order.
async fn bet_listed_before(bettor: &Bettor, other: &Bet, market: &Market, key: &str, stake: i64) -> Bet {
    let account = AccountId(bettor.account_id);
    let key_of_bet = std::iter::repeat_with(IdempotencyKey::fresh)
        .find(|key| BetId::of(account, *key) < BetId(other.bet_id))
        .unwrap();
    bettor.try_bet(key_of_bet.0, market, key, stake).await.ok()
}

#[tokio::test]
async fn a_payout_that_waits_for_anothers_stake_is_made_in_the_same_run() {
    let app = start().await;
    let mut cup = Cup::of(&app).await;
    let game = cup.game().await;
    let (doran, oner) = (app.sign_up("doran").await, app.sign_up("oner").await);
    let loser = oner.bet(&game.winner, "GEN", 1_000).await;
    let winner = bet_listed_before(&doran, &loser, &game.winner, "T1", 400).await;
    app.db.lose_stake(loser.bet_id).await;
    settle_unpayable(&app.db, &cup, &game.winner, 2).await;

    // The winner's own books are whole, but the ledger refused to pay out of a pool that lacks a stake.
    let (clean, said) = reconcile(&app.db, &[]).await;
    let proposed = expected([("take_stake", loser.bet_id), ("pay", winner.bet_id)]);
    assert!(!clean);
    assert_eq!(proposals(&said), proposed, "{said:#}");
    let (clean, said) = reconcile(&app.db, &APPLY).await;
    assert!(clean, "{said:#}");
    cup.until(&game.winner, "settled").await;
    promises::all_hold(&app.db).await;
    assert_eq!((doran.me().await.points, oner.me().await.points), (1_500 + 1_000, 500));
}

/// The audit finds the one bet that lacks its stake and nothing else: it does not stop at the first difference.
async fn promises_but_for(app: &App, bet: &Uuid) {
    let (clean, said) = promises::audit(&app.db).await;
    assert!(!clean && said.contains(&bet.to_string()) && said.contains("\n1 differences"), "{said}");
}

#[tokio::test]
async fn a_bet_that_was_never_paid_and_cannot_be_is_voided_alone() {
    let app = start().await;
    let mut cup = Cup::of(&app).await;
    let game = cup.game().await;
    let (keria, faker) = (app.sign_up("keria").await, app.sign_up("faker").await);
    let free = keria.bet(&game.winner, "T1", 1_000).await;
    faker.bet(&game.winner, "GEN", 400).await;
    app.db.lose_stake(free.bet_id).await;
    spend_all(&keria, &game).await;
    // Another was cancelled without ever having been paid, and waits for a person since.
    let cancelled = faker.bet(&game.sets, "2", 300).await;
    app.db.lose_stake(cancelled.bet_id).await;
    faker.cancel(cancelled.bet_id).await.ok::<Value>();
    until_parked(&app.db, 1).await;

    let (clean, said) = reconcile(&app.db, &[]).await;
    let proposed = expected([("void_bet", free.bet_id), ("refuse_stake", cancelled.bet_id)]);
    assert!(!clean);
    assert_eq!(proposals(&said), proposed, "{said:#}");
    let (clean, said) = reconcile(&app.db, &APPLY).await;
    assert!(clean, "{said:#}");
    promises::all_hold(&app.db).await;
    assert_eq!(cup.look(&game.winner).await.pool, 400);
    assert_eq!((keria.me().await.points, faker.me().await.points), (0, 1_500 - 400));
    let steps = noted(&app.db.betting).await;
    assert!(steps.contains(&("void_bet".to_owned(), free.bet_id)), "{steps:?}");
    let (clean, said) = reconcile(&app.db, &APPLY).await;
    assert!(clean && proposals(&said).is_empty(), "{said:#}");
    cup.settle(&game.winner, "GEN").await;
    promises::all_hold(&app.db).await;
    assert_eq!(faker.me().await.points, 1_500);
}

#[tokio::test]
async fn nothing_is_done_without_a_reason_or_a_yes() {
    let app = start().await;
    let faker = app.sign_up("faker").await;
    plant(&app.db.account, "user_balances SET balance = balance", "account_id", faker.account_id, 7).await;
    let [account, _, betting] = app.db.urls();
    for (options, complaint) in [(&["--apply"][..], "--why"), (&["--apply", "--why", "a story"], "say --yes")]
    {
        let output = Command::new(env!("CARGO_BIN_EXE_loljoa"))
            .args(["admin", "reconcile", "--grace", "0"])
            .args(options)
            .envs([("LOLJOA_ACCOUNT_DATABASE", &account), ("LOLJOA_BETTING_DATABASE", &betting)])
            .output()
            .await
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(complaint), "{said}");
    }
    assert_eq!(faker.me().await.points, 1_507);
}
