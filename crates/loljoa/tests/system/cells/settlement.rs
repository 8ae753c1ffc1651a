//! A market is paid out of several ledgers to the point.

use serde_json::{Value, json};

use super::{Story, all_is_accounted_for, number};
use crate::support::eventually;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn winners_get_what_was_staked_in_another_ledger() {
    let story = Story::begin().await;
    let [[one, two], [three, four]] = &story.bettors;
    for game in &story.games {
        // 700 of the first cell and 200 of the second; the first wins nothing.
        one.bet(&game.winner, "GEN", 400).await;
        two.bet(&game.winner, "GEN", 300).await;
        three.bet(&game.winner, "T1", 101).await;
        four.bet(&game.winner, "T1", 100).await;
    }
    for game in &story.games {
        story.cup.settle(&game.winner, "T1").await;
    }
    all_is_accounted_for(&story.app.db).await;
    for (bettor, points) in [(one, 700), (two, 900), (three, 1_500 + 2 * 352), (four, 1_500 + 2 * 348)] {
        // 901 × 101 ÷ 201 = 452.7…, 901 × 100 ÷ 201 = 448.2…: the point left over goes to the first.
        assert_eq!(bettor.me().await.points, points, "{}", bettor.username);
    }
    for (account, points) in story.app.db.accounts.iter().zip([-700, 700]) {
        let cleared = "SELECT coalesce(sum(points), 0)::bigint FROM clearings WHERE purpose = 'settlement'";
        assert_eq!(number(account, cleared).await, 2 * points);
        let left = "SELECT coalesce(sum(balance), 0)::bigint FROM system_balances WHERE ledger_id NOT IN (house(), clearing())";
        assert_eq!(number(account, left).await, 0, "settled means paid");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_void_gives_each_stake_back_and_clears_nothing() {
    let story = Story::begin().await;
    for (bettor, key) in story.everybody().zip(["T1", "GEN", "T1", "T1"]) {
        for game in &story.games {
            bettor.bet(&game.winner, key, 250).await;
        }
    }
    for game in &story.games {
        story.cup.admin().void(game.winner.market_id).await.ok::<Value>();
        story.cup.until(&game.winner, "void").await;
    }
    all_is_accounted_for(&story.app.db).await;
    for bettor in story.everybody() {
        assert_eq!(bettor.me().await.points, 1_500);
    }
    for account in &story.app.db.accounts {
        assert_eq!(number(account, "SELECT count(*) FROM clearings").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correction_is_paid_by_the_house_of_each_ledger() {
    let story = Story::begin().await;
    let [[one, two], [three, four]] = &story.bettors;
    let game = &story.games[1];
    one.bet(&game.winner, "T1", 700).await;
    two.bet(&game.winner, "T1", 100).await;
    // What the house owes here is more than was ever staked here.
    three.bet(&game.winner, "GEN", 100).await;
    story.cup.settle(&game.winner, "T1").await;
    let outcome = json!({ "outcomeId": game.winner.outcome("GEN").outcome_id });
    let path = format!("/api/betting/markets/{}/correct", game.winner.market_id);
    story.cup.admin().http.post(&path, &outcome).await.ok::<Value>();
    eventually("paying the correction", async || (three.me().await.points == 2_300).then_some(())).await;
    all_is_accounted_for(&story.app.db).await;
    assert_eq!(four.me().await.points, 1_500);
    let incidents = "SELECT count(*) FROM incidents";
    assert_eq!(number(&story.app.db.bettings[1], incidents).await, 0, "nothing was refused");
}
