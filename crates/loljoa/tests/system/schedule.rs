//! What becomes of bets when a match is moved, cancelled or forfeited.

use chrono::{DateTime, TimeDelta, Utc};
use loljoa_service_kit::Clock;
use serde_json::{Value, json};

use crate::{
    promises,
    support::{
        App, Bettor, Cup, Game,
        api::{Account, Bet, Market, Match, Page, Standing, Tournament},
        eventually,
    },
};

#[tokio::test]
async fn a_start_that_moves_earlier_gives_later_bets_back_and_one_that_moves_later_opens_again() {
    let app = App::start().await;
    let mut cup = Cup::of(&app).await;
    let game = cup.game().await;
    let (early, late) = (app.sign_up("early").await, app.sign_up("late").await);
    let stands = early.bet(&game.winner, "T1", 500).await;
    let instant: DateTime<Utc> =
        sqlx::query_scalar("SELECT date_trunc('milliseconds', clock_timestamp()) + '1ms'")
            .fetch_one(&app.db.betting)
            .await
            .unwrap();
    eventually("the next millisecond", async || (Clock::system().now() > instant).then_some(())).await;
    let too_late = late.bet(&game.winner, "GEN", 700).await;

    cup.admin().update_match(game.match_id, &json!({ "startsAt": instant })).await.ok::<Match>();
    assert_eq!(cup.until(&game.winner, "locked").await.lock_at, instant);
    // What came too late goes back in pieces, after the lock.
    eventually("the pool without the late bet", async || {
        (cup.look(&game.winner).await.pool == 500).then_some(())
    })
    .await;
    assert_eq!(late.see(too_late.bet_id).await.ok::<Bet>().state, "refunded");
    assert_eq!(early.see(stands.bet_id).await.ok::<Bet>().state, "accepted");
    eventually("the refund", async || (late.me().await.points == 1_500).then_some(())).await;

    let tomorrow = instant + TimeDelta::days(1);
    cup.admin().update_match(game.match_id, &json!({ "startsAt": tomorrow })).await.ok::<Match>();
    cup.until(&game.winner, "open").await;
    eventually("the pre-check's notice", async || {
        let reply = late.try_bet(loljoa_service_kit::ids::fresh(), &game.winner, "GEN", 700).await;
        (reply.status == 201).then_some(())
    })
    .await;
    assert_eq!(cup.look(&game.winner).await.pool, 1_200);
    promises::all_hold(&app.db).await;
}

#[tokio::test]
async fn a_cancelled_match_gives_every_stake_back() {
    let app = App::start().await;
    let mut cup = Cup::of(&app).await;
    let game = cup.game().await;
    let bettors = bet_on_everything(&app, &game).await;
    cup.admin().update_match(game.match_id, &json!({ "cancel": true })).await.ok::<Match>();
    everything_is_void(&cup, &game, "cancelled").await;
    for bettor in &bettors {
        assert_eq!(bettor.me().await.points, 1_500);
    }
    promises::all_hold(&app.db).await;
}

#[tokio::test]
async fn a_forfeit_gives_every_stake_back_and_counts_in_the_table() {
    let app = App::start().await;
    let mut cup = Cup::of(&app).await;
    let game = cup.game().await;
    let bettors = bet_on_everything(&app, &game).await;
    let found: Match = app.http.get(&format!("/api/league/matches/{}", game.match_id)).await.ok();
    let forfeit =
        json!({ "team1Wins": 0, "team2Wins": 0, "forfeitedById": found.team1.as_ref().unwrap().team_id });
    let path = format!("/api/league/matches/{}/result", game.match_id);
    let over: Match = cup.admin().http.post(&path, &forfeit).await.ok();
    assert_eq!((over.state.as_str(), over.winner_id), ("forfeited", found.team2.map(|team| team.team_id)));
    everything_is_void(&cup, &game, "forfeit").await;
    for bettor in &bettors {
        let Account { points, staked, profit, .. } = bettor.me().await;
        assert_eq!((points, staked, profit), (1_500, 0, 0));
    }
    let tournaments: Page<Tournament> = app.http.get("/api/league/tournaments").await.ok();
    let path = format!("/api/league/standings?tournament={}", tournaments.items[0].tournament_id);
    let table: Page<Standing> = app.http.get(&path).await.ok();
    let table: Vec<_> =
        table.items.iter().map(|row| (row.team.code.as_str(), row.wins, row.losses)).collect();
    assert_eq!(table, [("GEN", 1, 0), ("T1", 0, 1)]);
    promises::all_hold(&app.db).await;
}

async fn bet_on_everything(app: &App, game: &Game) -> [Bettor; 2] {
    let bettors = [app.sign_up("faker").await, app.sign_up("chovy").await];
    for (bettor, answers) in bettors.iter().zip([["T1", "2-0", "2"], ["GEN", "1-2", "3"]]) {
        for (market, answer) in [&game.winner, &game.score, &game.sets].into_iter().zip(answers) {
            bettor.bet(market, answer, 300).await;
        }
    }
    bettors
}

async fn everything_is_void(cup: &Cup, game: &Game, reason: &str) {
    for market in [&game.winner, &game.score, &game.sets] {
        assert_eq!(cup.until(market, "void").await.void_reason.as_deref(), Some(reason));
    }
}

#[tokio::test]
async fn a_result_pays_every_market_of_its_match() {
    let app = App::start().await;
    let mut cup = Cup::of(&app).await;
    let game = cup.game().await;
    let [faker, chovy] = bet_on_everything(&app, &game).await;
    cup.admin().result(game.match_id, 2, 0).await.ok::<Value>();
    for (market, key) in [(&game.winner, "T1"), (&game.score, "2-0"), (&game.sets, "2")] {
        let settled: Market = cup.until(market, "settled").await;
        assert_eq!(settled.settled_outcome_id, Some(market.outcome(key).outcome_id));
    }
    promises::all_hold(&app.db).await;
    assert_eq!((faker.me().await.points, chovy.me().await.points), (2_400, 600));
    assert_eq!((faker.me().await.profit, chovy.me().await.profit), (900, -900));
}
