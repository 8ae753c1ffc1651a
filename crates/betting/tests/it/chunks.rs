//! What grows with the number of a market's bets is done in chunks, outside of the feed, and survives a death after any.

use chrono::TimeDelta;
use loljoa_betting::failpoints::Step;
use loljoa_proto::betting::v1::{BetState, Market, MarketState};
use loljoa_service_kit::{AccountId, postgres};
use sqlx::PgPool;

use crate::harness::{Bet, Game, World, eventually};

/// Bets these stakes on an answer of the market, and gives the bets' ids.
async fn bet_all(
    world: &World,
    market: &Market,
    key: &str,
    account: AccountId,
    stakes: &[i64],
) -> Vec<String> {
    let mut ids = Vec::new();
    for stake in stakes {
        ids.push(world.betting().bet(&Bet::on(market, key, account, *stake)).await.bet_id);
    }
    ids
}

/// What each of these stakes gets of the pool, by the book: shares rounded down, what is left over to the largest remainders,
/// ties to the earlier bet.
fn by_the_book(pool: i64, stakes: &[i64]) -> Vec<i64> {
    let total: i64 = stakes.iter().sum();
    let mut paid: Vec<_> = stakes.iter().map(|stake| pool * stake / total).collect();
    let mut order: Vec<_> = (0..stakes.len()).collect();
    order.sort_by_key(|n| (-(pool * stakes[*n] % total), *n));
    let left_over = usize::try_from(pool - paid.iter().sum::<i64>()).unwrap();
    order[..left_over].iter().for_each(|n| paid[*n] += 1);
    paid
}

async fn returned(world: &World, account: AccountId, bets: &[String]) -> Vec<i64> {
    let mut returned = Vec::new();
    for bet in bets {
        returned.push(world.betting().get(account, bet).await.unwrap().returned);
    }
    returned
}

/// A match whose only market that has not ended is the winner's.
async fn lone_winner(world: &World) -> Game {
    let game = world.game().await;
    for market in [&game.score, &game.sets] {
        world.betting().void(market).await.unwrap();
        world.until(market, MarketState::Void).await;
    }
    game
}

/// Whoever holds all bets holds up every statement that looks at one.
#[sqlx::test]
async fn the_feed_looks_at_no_bet(pool: PgPool) {
    let world = World::start(&pool).await;
    let (over, early, off) = (world.game().await, world.game().await, world.game().await);
    let account = world.account_with("faker", 10_000).await;
    let lock = world.now().await;
    for game in [&over, &early, &off] {
        world.betting().bet(&Bet::on(&game.winner, "T1", account, 100)).await;
    }
    let mut held = postgres::begin(&pool).await.unwrap();
    sqlx::query("LOCK TABLE bets IN ACCESS EXCLUSIVE MODE").execute(&mut *held).await.unwrap();
    world.feed.say(over.fixture.completed(2, [2, 0]));
    world.feed.say(early.fixture.moved(2, lock));
    world.feed.say(off.fixture.cancelled(2));
    let next = world.game().await;
    assert_eq!(next.winner.state(), MarketState::Open);
    assert_eq!(world.betting().market(&early.winner.market_id).await.state(), MarketState::Locked);
    held.rollback().await.unwrap();
    world.until(&over.winner, MarketState::Settled).await;
    world.until(&off.winner, MarketState::Void).await;
    world.until_delivered().await;
    assert_eq!(world.points(account).await, 10_000);
    world.end().await;
}

#[sqlx::test]
async fn a_market_that_cannot_go_on_holds_up_no_other(pool: PgPool) {
    let world = World::start_with(&pool, |config| config.database.lock_timeout_ms = 200).await;
    let (stuck, other) = (world.game().await, world.game().await);
    let account = world.account_with("faker", 10_000).await;
    let bet = world.betting().bet(&Bet::on(&stuck.winner, "T1", account, 100)).await;
    bet_all(&world, &other.winner, "T1", account, &[100; 5]).await;
    let mut held = postgres::begin(&pool).await.unwrap();
    sqlx::query("SELECT 1 FROM bets WHERE bet_id = $1::uuid FOR UPDATE")
        .bind(&bet.bet_id)
        .execute(&mut *held)
        .await
        .unwrap();
    world.feed.say(stuck.fixture.completed(2, [2, 0]));
    world.feed.say(other.fixture.completed(2, [2, 0]));
    world.until(&other.winner, MarketState::Settled).await;
    assert_eq!(world.betting().market(&stuck.winner.market_id).await.state(), MarketState::Settling);
    held.rollback().await.unwrap();
    world.until(&stuck.winner, MarketState::Settled).await;
    world.end().await;
}

#[sqlx::test]
async fn whoever_dies_at_any_step_of_a_settlement_everybody_is_paid_by_the_book(pool: PgPool) {
    // Late bets, winners and losers, over many chunks and more than one page of winners.
    let (early, late) = ([101, 103, 107, 109, 113, 127, 131, 137, 139, 149], [151; 30]);
    let mut world = World::start_with(&pool, |config| config.settlement.chunk = 1).await;
    let steps = [Step::AfterRefund, Step::AfterCount].into_iter().chain(Step::SETTLEMENT);
    for (n, step) in steps.enumerate() {
        let game = lone_winner(&world).await;
        let winner = world.account_with(&format!("winner_{n}"), 10_000).await;
        let loser = world.account_with(&format!("loser_{n}"), 10_000).await;
        let bets = bet_all(&world, &game.winner, "T1", winner, &early).await;
        bet_all(&world, &game.winner, "GEN", loser, &[997, 1_001]).await;
        let start = world.now().await;
        let late = bet_all(&world, &game.winner, "T1", winner, &late).await;
        world.betting().failpoints.kill(step);
        let mut over = game.fixture.clone();
        over.starts_at = start;
        world.feed.say(over.completed(2, [2, 1]));
        world.outlive_the_first_replica().await;
        let market = world.until(&game.winner, MarketState::Settled).await;
        assert_eq!(market.pool, early.iter().sum::<i64>() + 1_998);
        assert_eq!(returned(&world, winner, &bets).await, by_the_book(market.pool, &early), "{step:?}");
        let refunded = world.betting().get(winner, &late[29]).await.unwrap();
        assert_eq!((refunded.state(), refunded.returned), (BetState::Refunded, 151), "{step:?}");
        let (winner, loser) = (world.look(winner).await, world.look(loser).await);
        assert_eq!((winner.points, winner.staked, winner.profit), (11_998, 0, 1_998), "{step:?}");
        assert_eq!((loser.points, loser.staked, loser.profit), (8_002, 0, -1_998), "{step:?}");
    }
    world.end().await;
}

#[sqlx::test]
async fn whoever_dies_at_any_step_of_a_void_everybody_has_the_stake_back(pool: PgPool) {
    let mut world = World::start_with(&pool, |config| config.settlement.chunk = 1).await;
    for (n, step) in Step::VOID.into_iter().enumerate() {
        let game = lone_winner(&world).await;
        let account = world.account_with(&format!("bettor_{n}"), 10_000).await;
        bet_all(&world, &game.winner, "T1", account, &[100, 200, 300]).await;
        world.betting().failpoints.kill(step);
        world.feed.say(game.fixture.forfeited(2));
        world.outlive_the_first_replica().await;
        world.until(&game.winner, MarketState::Void).await;
        let account = world.look(account).await;
        assert_eq!((account.points, account.staked, account.profit), (10_000, 0, 0), "{step:?}");
    }
    world.end().await;
}

#[sqlx::test]
async fn whoever_dies_while_corrections_are_owed_everybody_is_paid_by_the_book(pool: PgPool) {
    // More than two pages: the admin's request counts one of them.
    let primes = [101, 103, 107, 109, 113, 127, 131, 137, 139, 149];
    let stakes: Vec<i64> = primes.into_iter().chain([100; 24]).collect();
    let mut world = World::start_with(&pool, |config| config.settlement.chunk = 1).await;
    let mut expected = 100_000;
    let account = world.account_with("chovy", expected).await;
    let other = world.account_with("faker", 100_000).await;
    for step in [Step::AfterCount, Step::AfterFreeze, Step::AfterCorrection, Step::AfterLease] {
        let game = lone_winner(&world).await;
        bet_all(&world, &game.winner, "T1", other, &[1_000]).await;
        bet_all(&world, &game.winner, "GEN", account, &stakes).await;
        world.feed.say(game.fixture.completed(2, [2, 0]));
        let market = world.until(&game.winner, MarketState::Settled).await;
        expected += market.pool - stakes.iter().sum::<i64>();
        world.betting().failpoints.kill(step);
        // How many bets there are is known once all are counted.
        let (bets, points) = world.betting().correct(&game.winner, "GEN").await.unwrap();
        assert!([0, 34].contains(&bets) && points == market.pool, "{bets} bets, {points} points");
        world.outlive_the_first_replica().await;
        world.until_delivered().await;
        assert_eq!(world.betting().correct(&game.winner, "GEN").await.unwrap(), (34, market.pool));
        assert_eq!(world.points(account).await, expected, "{step:?}");
    }
    world.end().await;
}

#[sqlx::test]
async fn a_market_that_opens_again_keeps_what_is_bet_from_then_on(pool: PgPool) {
    // This replica does not go on for an hour once it has failed.
    let mut world = World::start_with(&pool, |config| {
        config.settlement.chunk = 1;
        config.settlement.interval_ms = 3_600_000;
    })
    .await;
    let game = lone_winner(&world).await;
    let account = world.account_with("faker", 10_000).await;
    let lock = world.now().await;
    let late = bet_all(&world, &game.winner, "T1", account, &[100, 101, 102]).await;
    world.betting().failpoints.set(Step::AfterRefund, 1);
    world.feed.say(game.fixture.moved(2, lock));
    eventually(async || (world.betting().failpoints.left(Step::AfterRefund) == 0).then_some(())).await;
    let opens_until = world.now().await + TimeDelta::hours(2);
    world.feed.say(game.fixture.moved(3, opens_until));
    world.until(&game.winner, MarketState::Open).await;
    let kept = bet_all(&world, &game.winner, "T1", account, &[200]).await;
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM late_refunds").fetch_one(&pool).await.unwrap();
    assert_eq!(left, 1, "late bets are still to be refunded");

    world.add_replica(|config| config.settlement.interval_ms = 50).await;
    world.until_delivered().await;
    for bet in &late {
        assert_eq!(world.betting().get(account, bet).await.unwrap().state(), BetState::Refunded);
    }
    assert_eq!(world.betting().get(account, &kept[0]).await.unwrap().state(), BetState::Accepted);
    assert_eq!(world.betting().market(&game.winner.market_id).await.pool, 200);
    world.end().await;
}
