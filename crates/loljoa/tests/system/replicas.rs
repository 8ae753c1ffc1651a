//! Two replicas of every service over the same databases: what one knows, the other does.

use std::time::Duration;

use futures::future::join_all;
use loljoa::system::{Options, Replay};
use loljoa_service_kit::ids;

use crate::{
    promises::{self, Sampler},
    support::{
        App, Bettor, Cup, Http,
        api::{Bet, Market, Page},
        eventually,
    },
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bets_through_two_gateways_settle_once() {
    let one = App::start().await;
    let two = one.replica(|_| ()).await;
    let mut cup = Cup::of(&one).await;
    let game = cup.game().await;
    let bettors = join_all((0..40).map(|n| sign_up(if n % 2 == 0 { &one } else { &two }, n))).await;
    let sampler = Sampler::start(&one.db);

    let bets = join_all(bettors.iter().enumerate().map(|(n, bettor)| {
        let (one, two, game) = (bettor.at(&one.http), bettor.at(&two.http), &game);
        async move {
            let key = ids::fresh();
            let outcome = if n % 3 == 0 { "T1" } else { "GEN" };
            let stake = 100 + i64::try_from(n).unwrap();
            let (first, second) = tokio::join!(
                one.try_bet(key, &game.winner, outcome, stake),
                two.try_bet(key, &game.winner, outcome, stake)
            );
            assert_eq!(
                first.ok::<Bet>().bet_id,
                second.ok::<Bet>().bet_id,
                "one key is one bet at any replica"
            );
            first.ok::<Bet>()
        }
    }))
    .await;

    cup.admin().lock(game.winner.market_id).await.ok::<serde_json::Value>();
    let outcome_id = game.winner.outcome("T1").outcome_id;
    let other = two.admin().await;
    let (first, second) = tokio::join!(
        cup.admin().settle(game.winner.market_id, outcome_id),
        other.settle(game.winner.market_id, outcome_id)
    );
    assert_eq!((first.status, second.status), (200, 200), "{} {}", first.text, second.text);
    cup.until(&game.winner, "settled").await;
    sampler.stop().await;
    let books = promises::all_hold(&one.db).await;
    assert_eq!(books.bets.len(), bets.len());
}

async fn sign_up(app: &App, number: usize) -> Bettor {
    app.sign_up(&format!("bettor_{number}")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_is_driven_once_and_its_feed_is_consumed_once() {
    let replay = |options: &mut Options| {
        options.replay = Some(Replay { interval: Duration::from_millis(300), start_week: Some(9) });
        options.cancel_window = Duration::ZERO;
    };
    let one = App::start_with(replay).await;
    let two = one.replica(replay).await;
    let bettor = one.sign_up("keria").await;
    bet_on_what_is_open(&bettor, &two.http).await;
    eventually("the end of the season", async || {
        let over = "SELECT NOT EXISTS (SELECT FROM markets WHERE state NOT IN ('settled', 'void'))
            AND (SELECT count(*) = 96 AND bool_and(state IN ('completed', 'forfeited'))
                FROM matches WHERE team1_id IS NOT NULL)";
        let over: bool = sqlx::query_scalar(over).fetch_one(&one.db.betting).await.unwrap();
        let finished: Option<bool> = sqlx::query_scalar("SELECT finished FROM replays")
            .fetch_optional(&one.db.league_schedule)
            .await
            .unwrap();
        (over && finished == Some(true)).then_some(())
    })
    .await;
    promises::all_hold(&one.db).await;

    let incidents: i64 =
        sqlx::query_scalar("SELECT count(*) FROM incidents").fetch_one(&one.db.betting).await.unwrap();
    assert_eq!(incidents, 0);
    // Scheduled, under way, over; the games in between; and never back.
    let backwards: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM match_revisions later JOIN match_revisions earlier USING (match_id)
            WHERE later.revision > earlier.revision AND earlier.winner_id IS NOT NULL",
    )
    .fetch_one(&one.db.league_schedule)
    .await
    .unwrap();
    assert_eq!(backwards, 0, "a match that is over stays so");
}

/// Bets on as many markets as are open still.
async fn bet_on_what_is_open(bettor: &Bettor, other: &Http) {
    let path = "/api/betting/markets?limit=100";
    let open: Page<Market> = other.get(path).await.ok();
    let bettor = bettor.at(other);
    for market in open.items.iter().filter(|market| market.state == "open").take(10) {
        let reply = bettor.try_bet(ids::fresh(), market, &market.outcomes[0].key, 100).await;
        assert!(reply.status == 201 || reply.refusal().1 == "market_locked", "{}", reply.text);
    }
}
