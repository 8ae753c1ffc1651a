//! What a market shows while people bet, and what winning makes of them.

use crate::{
    promises,
    support::{
        App, Cup,
        api::{Bet, Market},
    },
};

/// Of an outcome: pool, odds, bettors, and the leader's name and stake.
fn row<'a>(market: &'a Market, key: &str) -> (i64, Option<f64>, i64, Option<(&'a str, i64)>) {
    let outcome = market.outcome(key);
    let top = outcome.top_bettor.as_ref().map(|top| (top.username.as_deref().unwrap_or_default(), top.stake));
    (outcome.pool, outcome.odds, outcome.bettors, top)
}

#[tokio::test]
async fn pool_odds_bettors_and_leader_follow_every_bet_and_cancel() {
    let app = App::start().await;
    let mut cup = Cup::of(&app).await;
    let game = cup.game().await;
    let (faker, chovy) = (app.sign_up("faker").await, app.sign_up("chovy").await);
    assert_eq!(row(&cup.look(&game.winner).await, "T1"), (0, None, 0, None));

    faker.bet(&game.winner, "T1", 200).await;
    let much = chovy.bet(&game.winner, "T1", 500).await;
    faker.bet(&game.winner, "T1", 200).await;
    faker.bet(&game.winner, "GEN", 100).await;
    let market = cup.look(&game.winner).await;
    assert_eq!(market.match_id, game.match_id);
    assert_eq!(row(&market, "T1"), (900, Some(1.11), 2, Some(("chovy", 500))));
    assert_eq!(row(&market, "GEN"), (100, Some(10.0), 1, Some(("faker", 100))));

    chovy.cancel(much.bet_id).await.ok::<Bet>();
    // Whoever cancels sees the points at once.
    assert_eq!(chovy.me().await.points, 1_500);
    let market = cup.look(&game.winner).await;
    assert_eq!(row(&market, "T1"), (400, Some(1.25), 1, Some(("faker", 400))));
    assert_eq!(market.pool, 500);
    promises::all_hold(&app.db).await;
}

#[tokio::test]
async fn profit_over_settled_markets_makes_the_tier() {
    let app = App::start().await;
    let mut cup = Cup::of(&app).await;
    let game = cup.game().await;
    let (faker, chovy) = (app.sign_up("faker").await, app.sign_up("chovy").await);
    app.fund(chovy.account_id, 20_000).await;
    faker.bet(&game.winner, "T1", 100).await;
    chovy.bet(&game.winner, "GEN", 15_000).await;
    assert_eq!(faker.me().await.tier, "bronze");
    cup.settle(&game.winner, "T1").await;
    let (winner, loser) = (faker.me().await, chovy.me().await);
    assert_eq!((winner.tier.as_str(), winner.profit, winner.rank), ("gold", 15_000, 1));
    assert_eq!((loser.tier.as_str(), loser.profit), ("bronze", -15_000));

    let both = cup.game().await;
    chovy.bet(&both.winner, "T1", 2_000).await;
    chovy.bet(&both.winner, "GEN", 2_000).await;
    cup.settle(&both.winner, "GEN").await;
    assert_eq!(chovy.me().await.profit, -15_000, "betting both sides earns nothing");
    promises::all_hold(&app.db).await;
}
