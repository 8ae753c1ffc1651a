//! Whose stakes a change of a match would touch.

use loljoa_proto::betting::v1::{Market, MarketState, TouchedMarket};
use loljoa_service_kit::AccountId;
use sqlx::PgPool;

use crate::harness::{Bet, Game, World};

impl World {
    async fn stake(&self, market: &Market, key: &str, account: AccountId, points: i64) -> String {
        self.betting().bet(&Bet::on(market, key, account, points)).await.bet_id
    }

    /// What cancelling the match would do to one of its markets.
    async fn ahead(&self, game: &Game, market: &Market) -> TouchedMarket {
        let touched = self.betting().preview(&[game.fixture.cancelled(9)]).await.unwrap();
        touched.into_iter().find(|touched| touched.market_id == market.market_id).unwrap()
    }

    /// How many have staked on a market, and the first of them.
    async fn bettors(&self, game: &Game, market: &Market) -> (i64, Vec<(String, i64)>) {
        let touched = self.ahead(game, market).await;
        (touched.bettors, touched.stakes.into_iter().map(|stake| (stake.account_id, stake.points)).collect())
    }
}

fn told(stakes: &[(AccountId, i64)]) -> Vec<(String, i64)> {
    stakes.iter().map(|(account, points)| (account.to_string(), *points)).collect()
}

#[sqlx::test]
async fn a_preview_tells_whose_stakes_it_touches_the_largest_first(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let winner = &game.winner;
    let (faker, chovy) = (world.account("faker").await, world.account("chovy").await);
    let mut even = [world.account("zeus").await, world.account("peyz").await];
    even.sort_unstable();
    assert_eq!(world.bettors(&game, winner).await, (0, vec![]));

    world.stake(winner, "T1", faker, 100).await;
    world.stake(winner, "GEN", chovy, 400).await;
    world.stake(winner, "T1", faker, 100).await;
    assert_eq!(world.bettors(&game, winner).await, (2, told(&[(chovy, 400), (faker, 200)])));
    // Who has bet on both is one, with both stakes.
    let hedge = world.stake(winner, "GEN", faker, 300).await;
    for account in [even[1], even[0]] {
        world.stake(winner, "T1", account, 120).await;
    }
    let all = [(faker, 500), (chovy, 400), (even[0], 120), (even[1], 120)];
    assert_eq!(world.bettors(&game, winner).await, (4, told(&all)));
    let touched = world.ahead(&game, winner).await;
    assert_eq!((touched.pool, touched.given_back), (1_140, 1_140));
    assert_eq!(world.bettors(&game, &game.score).await, (0, vec![]), "another market has no stakes");

    // What was taken back touches nobody.
    world.betting().cancel(faker, &hedge).await.unwrap();
    let all = [(chovy, 400), (faker, 200), (even[0], 120), (even[1], 120)];
    assert_eq!(world.bettors(&game, winner).await, (4, told(&all)));

    // Nor does the stake on one match in another.
    let other = world.game().await;
    world.stake(&other.winner, "T1", chovy, 100).await;
    let both = [game.fixture.cancelled(9), other.fixture.cancelled(9), game.fixture.cancelled(9)];
    let touched = world.betting().preview(&both).await.unwrap();
    let bettors: Vec<_> =
        touched.iter().map(|touched| touched.bettors).filter(|bettors| *bettors > 0).collect();
    assert_eq!(bettors, [4, 1, 4]);
    world.end().await;
}

#[sqlx::test]
async fn of_many_bettors_the_first_ten_are_told_and_the_others_counted(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let mut stakes = Vec::new();
    for n in 1..=12 {
        let account = world.account(&format!("fan{n}")).await;
        world.stake(&game.winner, if n % 2 == 0 { "T1" } else { "GEN" }, account, 100 + n).await;
        stakes.insert(0, (account, 100 + n));
    }
    assert_eq!(world.bettors(&game, &game.winner).await, (12, told(&stakes[..10])));

    // Paid, they are looked at when the result turns out to be another, until nobody needs what each has on each answer.
    world.feed.say(game.fixture.completed(2, [2, 0]));
    world.until(&game.winner, MarketState::Settled).await;
    world.until_delivered().await;
    let touched = world.betting().preview(&[game.fixture.completed(3, [0, 2])]).await.unwrap();
    let paid = touched.iter().find(|touched| touched.market_id == game.winner.market_id).unwrap();
    assert_eq!((paid.bettors, paid.stakes.len()), (12, 10));
    let sweep = "SELECT sweep_positions('0', 1000) FROM generate_series(1, 3)";
    sqlx::query(sweep).execute(&pool).await.unwrap();
    let touched = world.betting().preview(&[game.fixture.completed(3, [0, 2])]).await.unwrap();
    let swept = touched.iter().find(|touched| touched.market_id == game.winner.market_id).unwrap();
    assert_eq!((swept.bettors, swept.stakes.len()), (12, 0));
    world.end().await;
}

#[sqlx::test]
async fn of_an_answer_with_more_bettors_than_are_kept_as_leaders_only_these_are_looked_at(pool: PgPool) {
    let world = World::start(&pool).await;
    sqlx::query("CREATE OR REPLACE FUNCTION leaders_kept() RETURNS int LANGUAGE sql IMMUTABLE RETURN 2")
        .execute(&pool)
        .await
        .unwrap();
    let game = world.game().await;
    let mut stakes = Vec::new();
    for n in 1..=5 {
        let account = world.account(&format!("fan{n}")).await;
        world.stake(&game.winner, "T1", account, n * 100).await;
        stakes.insert(0, (account, n * 100));
    }
    // The smallest leads the other answer, and what it has on this one is not forgotten.
    let smallest = stakes[4].0;
    world.stake(&game.winner, "GEN", smallest, 150).await;
    let (count, largest) = world.bettors(&game, &game.winner).await;
    assert_eq!((count, largest), (5, told(&[stakes[0], stakes[1], (smallest, 250)])));
    world.end().await;
}
