//! What the ledger refuses to take from betting waits for a person, and holds up nobody else.

use loljoa_proto::betting::v1::{BetState, Incident, MarketState};
use sqlx::PgPool;

use crate::harness::{Bet, World, eventually, record};

/// Waits until this many payments are set aside.
async fn until_parked(pool: &PgPool, count: i64) {
    eventually(async || {
        let parked: i64 =
            sqlx::query_scalar("SELECT count(*) FROM owed WHERE parked").fetch_one(pool).await.unwrap();
        (parked == count).then_some(())
    })
    .await;
}

/// What has been reported as refused by the ledger. The audit may report the same bets as well.
async fn refused(world: &World) -> Vec<Incident> {
    let mut incidents = world.betting().incidents().await;
    incidents.retain(|incident| incident.kind == "transfer_refused");
    incidents
}

#[sqlx::test]
async fn a_bet_that_stood_without_a_stake_is_reported_when_it_is_cancelled(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let free = Bet::on(&game.winner, "T1", account, 300);
    record(&pool, &free).await;
    let cancelled = world.betting().cancel(account, &free.id().to_string()).await.unwrap();
    assert_eq!(cancelled.state(), BetState::Cancelled);
    until_parked(&pool, 1).await;
    let incidents = refused(&world).await;
    assert_eq!(incidents.len(), 1);
    assert_eq!(world.points(account).await, 1_000);
    world.abandon().await;
}

#[sqlx::test]
async fn a_bet_that_lost_without_a_stake_is_reported_and_what_it_should_have_paid_is_not_paid(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let (faker, chovy) = (world.account("faker").await, world.account("chovy").await);
    let free = Bet::on(&game.winner, "T1", faker, 300);
    record(&pool, &free).await;
    for _ in 0..3 {
        world.betting().bet(&Bet::on(&game.winner, "T1", faker, 100)).await;
        world.betting().bet(&Bet::on(&game.winner, "GEN", chovy, 100)).await;
    }
    world.feed.say(game.fixture.completed(2, [0, 2]));
    // By the bets the pool is 900 points, by the stakes 600: two winners are paid, and the third waits for a person.
    until_parked(&pool, 2).await;
    eventually(async || (world.look(faker).await.profit == -300).then_some(())).await;
    eventually(async || (world.points(chovy).await == 1_300).then_some(())).await;
    let incidents = refused(&world).await;
    let of = |what: &str| incidents.iter().filter(|incident| incident.message.contains(what)).count();
    assert_eq!(
        (incidents.len(), of(&free.id().to_string()), of("INSUFFICIENT_POINTS")),
        (2, 1, 1),
        "{incidents:?}"
    );
    assert_eq!(world.betting().market(&game.winner.market_id).await.state(), MarketState::Settling);
    world.abandon().await;
}

#[sqlx::test]
async fn a_payment_that_was_refused_is_paid_once_a_person_has_it_tried_again(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    world.betting().bet(&Bet::on(&game.winner, "T1", account, 300)).await;
    world.tamper("UPDATE user_balances SET balance = balance + 9223372036854775000").await;
    world.feed.say(game.fixture.completed(2, [2, 0]));
    until_parked(&pool, 1).await;

    // Nothing has been mended: it is refused and set aside again, which is the same incident once more.
    assert_eq!(world.betting().retry_owed().await, 1);
    eventually(async || {
        let incidents = world.betting().incidents().await;
        assert_eq!((incidents.len(), incidents[0].kind.as_str()), (1, "transfer_refused"));
        (incidents[0].occurrences == 2).then_some(())
    })
    .await;
    until_parked(&pool, 1).await;

    world.tamper("UPDATE user_balances SET balance = balance - 9223372036854775000").await;
    assert_eq!(world.betting().retry_owed().await, 1);
    world.until(&game.winner, MarketState::Settled).await;
    assert_eq!(world.betting().retry_owed().await, 0);
    assert_eq!(world.points(account).await, 1_000);
    world.end().await;
}

#[sqlx::test]
async fn a_payout_of_any_size_is_paid_and_its_result_recorded(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let (whale, minnow) = (world.account("whale").await, world.account("minnow").await);
    let limit = 1_000_000_000_000;
    world.give(whale, limit).await;
    world.betting().bet(&Bet::on(&game.winner, "T1", whale, limit + 1_000)).await;
    world.betting().bet(&Bet::on(&game.score, "2-0", minnow, 300)).await;
    world.feed.say(game.fixture.completed(2, [2, 0]));
    world.until(&game.score, MarketState::Settled).await;
    world.until(&game.winner, MarketState::Settled).await;
    assert_eq!(world.look(minnow).await.staked, 0);
    let whale = world.look(whale).await;
    assert_eq!((whale.points, whale.staked, whale.profit), (limit + 1_000, 0, 0));
    world.end().await;
}

/// A refund of a bet that never stood may come before its stake. This one stood.
#[sqlx::test]
async fn a_bet_that_stood_without_a_stake_is_reported_when_a_moved_lock_refunds_it(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let lock = world.now().await;
    let free = Bet::on(&game.winner, "T1", account, 300);
    record(&pool, &free).await;
    let paid = world.betting().bet(&Bet::on(&game.winner, "T1", account, 200)).await;
    world.feed.say(game.fixture.moved(2, lock));
    until_parked(&pool, 1).await;
    eventually(async || (world.points(account).await == 1_000).then_some(())).await;
    for bet_id in [free.id().to_string(), paid.bet_id] {
        assert_eq!(world.betting().get(account, &bet_id).await.unwrap().state(), BetState::Refunded);
    }
    let incidents = refused(&world).await;
    assert_eq!(incidents.len(), 1);
    assert!(incidents[0].message.contains(&free.id().to_string()), "{}", incidents[0].message);
    world.abandon().await;
}
