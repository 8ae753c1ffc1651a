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
async fn a_market_that_nobody_won_is_void_for_the_outcome_that_was_asked_for_alone(pool: PgPool) {
    let world = World::start(&pool).await;
    let (game, admin) = (world.game().await, world.betting());
    let account = world.account("faker").await;
    admin.bet(&Bet::on(&game.score, "2-1", account, 500)).await;
    admin.lock(&game.score).await.unwrap();
    admin.settle(&game.score, "2-0").await.unwrap();
    world.until(&game.score, MarketState::Void).await;
    assert_eq!(admin.settle(&game.score, "2-0").await.unwrap().state(), MarketState::Void);
    // Nobody had a stake on it either, but it is another outcome.
    assert_eq!(admin.settle(&game.score, "0-2").await.unwrap_err().reason, "already_void");
    assert_eq!(admin.settle(&game.score, "2-1").await.unwrap_err().reason, "already_void");
    world.feed.say(game.fixture.completed(2, [0, 2]));
    world.until_heard().await;
    let incidents = admin.incidents().await;
    let of_it = incidents.iter().filter(|incident| incident.market_id == game.score.market_id);
    assert_eq!(of_it.map(|incident| incident.kind.as_str()).collect::<Vec<_>>(), ["result_changed"]);
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
async fn a_market_that_was_voided_wrongly_is_corrected_by_what_goes_beyond_the_stakes(pool: PgPool) {
    let world = World::start(&pool).await;
    let (game, admin) = (world.game().await, world.betting());
    let (faker, chovy) = (world.account("faker").await, world.account("chovy").await);
    let won = admin.bet(&Bet::on(&game.winner, "T1", faker, 100)).await;
    admin.bet(&Bet::on(&game.winner, "T1", faker, 200)).await;
    let gone = admin.bet(&Bet::on(&game.winner, "T1", faker, 400)).await;
    admin.cancel(faker, &gone.bet_id).await.unwrap();
    admin.bet(&Bet::on(&game.winner, "GEN", chovy, 700)).await;
    admin.void(&game.winner).await.unwrap();
    world.until(&game.winner, MarketState::Void).await;
    assert_eq!((world.points(faker).await, world.points(chovy).await), (1_000, 1_000));

    // 1,000 over 300: 333 and 667, of which 100 and 200 have come back.
    assert_eq!(admin.correct(&game.winner, "T1").await.unwrap(), (2, 700));
    assert_eq!(admin.correct(&game.winner, "T1").await.unwrap(), (2, 700));
    assert_eq!(admin.correct(&game.winner, "GEN").await.unwrap_err().reason, "already_corrected");
    world.until_delivered().await;
    let (winner, loser) = (world.look(faker).await, world.look(chovy).await);
    assert_eq!((winner.points, winner.profit, winner.staked), (1_700, 700, 0));
    assert_eq!((loser.points, loser.profit), (1_000, 0));
    let won = admin.get(faker, &won.bet_id).await.unwrap();
    assert_eq!((won.state(), won.returned), (BetState::Void, 100));
    world.end().await;
}

#[sqlx::test]
async fn a_void_for_want_of_a_winner_is_corrected_to_another_outcome_alone(pool: PgPool) {
    let world = World::start(&pool).await;
    let (game, admin) = (world.game().await, world.betting());
    let (faker, chovy) = (world.account("faker").await, world.account("chovy").await);
    admin.bet(&Bet::on(&game.score, "2-1", faker, 500)).await;
    admin.bet(&Bet::on(&game.score, "0-2", chovy, 300)).await;
    world.feed.say(game.fixture.completed(2, [2, 0]));
    world.until(&game.score, MarketState::Void).await;
    assert_eq!(admin.correct(&game.score, "2-0").await.unwrap_err().reason, "already_void");
    assert_eq!(admin.correct(&game.score, "2-1").await.unwrap(), (1, 300));
    world.until_delivered().await;
    assert_eq!((world.points(faker).await, world.points(chovy).await), (1_300, 1_000));
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
