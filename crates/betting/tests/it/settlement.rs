//! Payouts to the point, corrections, and what needs a person.

use loljoa_proto::betting::v1::{BetState, MarketState};
use sqlx::PgPool;

use crate::harness::{Bet, World};

#[sqlx::test]
async fn payouts_over_several_chunks_equal_the_pool_to_the_point(pool: PgPool) {
    let world = World::start_with(&pool, |config| config.settlement.chunk = 3).await;
    let game = world.game().await;
    let account = world.account_with("faker", 100_000).await;
    let loser = world.account("chovy").await;
    let mut bets = Vec::new();
    for stake in [101, 103, 107, 109, 113, 127, 131, 137, 139, 149] {
        bets.push(world.betting().bet(&Bet::on(&game.winner, "T1", account, stake)).await);
    }
    world.betting().bet(&Bet::on(&game.winner, "GEN", loser, 997)).await;
    world.feed.say(game.fixture.completed(2, [2, 1]));
    let market = world.until(&game.winner, MarketState::Settled).await;
    let mut paid = 0;
    for bet in bets {
        let bet = world.betting().get(account, &bet.bet_id).await.unwrap();
        assert!(bet.returned > bet.stake);
        paid += bet.returned;
    }
    assert_eq!(paid, market.pool);
    assert_eq!(world.points(account).await, 100_997);
    world.end().await;
}

#[sqlx::test]
async fn a_market_that_nobody_won_gives_every_stake_back(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    world.betting().bet(&Bet::on(&game.winner, "GEN", account, 500)).await;
    world.feed.say(game.fixture.completed(2, [2, 0]));
    let market = world.until(&game.winner, MarketState::Void).await;
    assert_eq!(market.void_reason, "no_winning_stake");
    let account = world.look(account).await;
    assert_eq!((account.points, account.profit), (1_000, 0));
    world.end().await;
}

#[sqlx::test]
async fn betting_both_sides_earns_nothing(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    for key in ["T1", "GEN"] {
        world.betting().bet(&Bet::on(&game.winner, key, account, 500)).await;
    }
    world.feed.say(game.fixture.completed(2, [2, 0]));
    world.until(&game.winner, MarketState::Settled).await;
    let account = world.look(account).await;
    assert_eq!((account.points, account.profit), (1_000, 0));
    world.end().await;
}

#[sqlx::test]
async fn a_correction_is_paid_by_the_house_once_and_nobody_is_clawed_back(pool: PgPool) {
    let world = World::start(&pool).await;
    let (game, admin) = (world.game().await, world.betting());
    let (faker, chovy) = (world.account("faker").await, world.account("chovy").await);
    admin.bet(&Bet::on(&game.score, "2-0", faker, 300)).await;
    let lost = admin.bet(&Bet::on(&game.score, "2-1", chovy, 200)).await;
    let refused = admin.correct(&game.score, "2-1").await.unwrap_err();
    assert_eq!(refused.reason, "market_not_settled");
    world.feed.say(game.fixture.completed(2, [2, 0]));
    world.until(&game.score, MarketState::Settled).await;

    assert_eq!(admin.correct(&game.score, "2-0").await.unwrap_err().reason, "already_settled");
    assert_eq!(admin.correct(&game.score, "2-1").await.unwrap(), (1, 500));
    assert_eq!(admin.correct(&game.score, "2-1").await.unwrap(), (1, 500));
    assert_eq!(admin.correct(&game.score, "1-2").await.unwrap_err().reason, "already_corrected");
    world.until_delivered().await;
    assert_eq!((world.points(faker).await, world.points(chovy).await), (1_200, 1_300));
    assert_eq!(admin.get(chovy, &lost.bet_id).await.unwrap().state(), BetState::Lost);
    world.end().await;
}

#[sqlx::test]
async fn a_custom_market_is_left_to_its_admin(pool: PgPool) {
    let world = World::start(&pool).await;
    let (game, admin) = (world.game().await, world.betting());
    let account = world.account("faker").await;
    let custom = world.ask(&game, "first blood?", &["T1", "GEN"]).await;
    admin.bet(&Bet::on(&custom, "1", account, 100)).await;
    world.feed.say(game.fixture.completed(2, [2, 0]));
    world.until(&game.winner, MarketState::Void).await;
    world.until(&custom, MarketState::Locked).await;
    admin.settle(&custom, "1").await.unwrap();
    world.until(&custom, MarketState::Settled).await;
    world.end().await;
}
