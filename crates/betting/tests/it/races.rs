//! Races that were found on paper, each forced: the market's row is held until everybody waits for it.

use chrono::TimeDelta;
use loljoa_betting::failpoints::Step;
use loljoa_proto::{
    account::v1::{Transfer, TransferKind, TransferOutcome},
    betting::v1::{BetState, MarketState},
};
use loljoa_service_kit::{AccountId, postgres};
use sqlx::PgPool;

use crate::harness::{Bet, Game, World, eventually, hold, record, until_blocked, while_held};

#[sqlx::test]
async fn a_bet_a_cancel_and_a_void_at_once_leave_every_point_accounted_for(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let (faker, chovy) = (world.account("faker").await, world.account("chovy").await);
    let first = world.betting().bet(&Bet::on(&game.winner, "T1", faker, 300)).await;
    let second = Bet::on(&game.winner, "GEN", chovy, 200);
    let race = async {
        tokio::join!(
            world.betting().cancel(faker, &first.bet_id),
            world.betting().place(&second),
            world.betting().void(&game.winner),
        )
    };
    let (cancelled, placed, voided) = while_held(&pool, &game.winner, 3, race).await;
    voided.unwrap();
    let market = world.until(&game.winner, MarketState::Void).await;
    let first = world.betting().get(faker, &first.bet_id).await.unwrap();
    let expected = if cancelled.is_ok() { BetState::Cancelled } else { BetState::Void };
    assert_eq!(first.state(), expected);
    let stood = if placed.is_ok() { 200 } else { 0 };
    assert_eq!(market.outcomes[1].pool, stood);
    world.until_delivered().await;
    assert_eq!((world.points(faker).await, world.points(chovy).await), (1_000, 1_000));
    world.end().await;
}

#[sqlx::test]
async fn a_bet_a_cancel_and_a_settlement_at_once_leave_every_point_accounted_for(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let (faker, chovy) = (world.account("faker").await, world.account("chovy").await);
    let first = world.betting().bet(&Bet::on(&game.winner, "T1", faker, 300)).await;
    let second = Bet::on(&game.winner, "GEN", chovy, 200);
    // The result is said once the row is held, and the feed waits for the row like the others.
    let race = async {
        world.feed.say(game.fixture.completed(2, [2, 0]));
        tokio::join!(world.betting().cancel(faker, &first.bet_id), world.betting().place(&second))
    };
    let (cancelled, _) = while_held(&pool, &game.winner, 3, race).await;
    let end = if cancelled.is_ok() { MarketState::Void } else { MarketState::Settled };
    world.until(&game.winner, end).await;
    world.end().await;
}

#[sqlx::test]
async fn of_two_settlements_with_different_outcomes_one_stands(pool: PgPool) {
    let world = World::start(&pool).await;
    let (game, admin) = (world.game().await, world.betting());
    let account = world.account("faker").await;
    admin.bet(&Bet::on(&game.winner, "T1", account, 300)).await;
    admin.bet(&Bet::on(&game.winner, "GEN", account, 300)).await;
    admin.lock(&game.winner).await.unwrap();
    let race = async { tokio::join!(admin.settle(&game.winner, "T1"), admin.settle(&game.winner, "GEN")) };
    let (one, two) = while_held(&pool, &game.winner, 2, race).await;
    assert!(one.is_ok() != two.is_ok());
    assert_eq!(one.and(two).unwrap_err().reason, "already_settled");
    world.until(&game.winner, MarketState::Settled).await;
    world.end().await;
}

#[sqlx::test]
async fn of_a_settlement_and_a_void_one_stands(pool: PgPool) {
    let world = World::start(&pool).await;
    let (game, admin) = (world.game().await, world.betting());
    let account = world.account("faker").await;
    admin.bet(&Bet::on(&game.winner, "T1", account, 300)).await;
    admin.lock(&game.winner).await.unwrap();
    let race = async { tokio::join!(admin.settle(&game.winner, "T1"), admin.void(&game.winner)) };
    let (settled, voided) = while_held(&pool, &game.winner, 2, race).await;
    assert!(settled.is_ok() != voided.is_ok());
    world.until_delivered().await;
    assert_eq!(world.points(account).await, 1_000);
    world.end().await;
}

/// A stake is taken and its bet is not recorded, and nobody looks for such stakes yet.
async fn orphaned(pool: &PgPool) -> (World, Game, AccountId, Bet) {
    let world = World::start_with(pool, |config| config.recovery.interval_ms = 3_600_000).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let bet = Bet::on(&game.winner, "T1", account, 300);
    world.betting().failpoints.set(Step::AfterDebit, 1);
    world.betting().place(&bet).await.unwrap_err();
    (world, game, account, bet)
}

/// From now on recovery looks for stakes without a bet.
async fn recover(world: &mut World) {
    world.release_ledger_feed().await;
    world
        .add_replica(|config| {
            config.recovery.interval_ms = 10;
            config.recovery.grace_ms = 1_000;
        })
        .await;
}

#[sqlx::test]
async fn a_retry_that_comes_before_recovery_completes_the_bet(pool: PgPool) {
    let (mut world, _, account, bet) = orphaned(&pool).await;
    assert_eq!(world.betting().place(&bet).await.unwrap().bet.unwrap().state(), BetState::Accepted);
    recover(&mut world).await;
    eventually(async || {
        let cursor = "SELECT cursor <> '' FROM feed_cursors WHERE consumer = 'ledger'";
        let has_read: bool = sqlx::query_scalar(cursor).fetch_one(&pool).await.unwrap();
        has_read.then_some(())
    })
    .await;
    assert_eq!(world.betting().place(&bet).await.unwrap().bet.unwrap().state(), BetState::Accepted);
    assert_eq!(world.points(account).await, 700);
    world.end().await;
}

/// Whoever holds a market keeps no stake from going back, and no retry from learning of it.
#[sqlx::test]
async fn a_retry_that_comes_after_recovery_learns_of_the_refund(pool: PgPool) {
    let (mut world, game, account, bet) = orphaned(&pool).await;
    let held = hold(&pool, &game.winner).await;
    recover(&mut world).await;
    eventually(async || (world.points(account).await == 1_000).then_some(())).await;
    held.commit().await.unwrap();
    let known = world.betting().place(&bet).await.unwrap().bet.unwrap();
    assert_eq!(known.state(), BetState::Refunded);
    world.until_delivered().await;
    assert_eq!(world.points(account).await, 1_000);
    world.end().await;
}

#[sqlx::test]
async fn two_replicas_that_settle_one_market_pay_once(pool: PgPool) {
    let mut world = World::start_with(&pool, |config| config.settlement.chunk = 1).await;
    world.add_replica(|_| {}).await;
    let game = world.game().await;
    let account = world.account_with("faker", 10_000).await;
    for n in 0..20 {
        let key = if n % 3 == 0 { "GEN" } else { "T1" };
        world.replica(n % 2).bet(&Bet::on(&game.winner, key, account, 100)).await;
    }
    world.feed.say(game.fixture.completed(2, [0, 2]));
    world.until(&game.winner, MarketState::Settled).await;
    assert_eq!(world.points(account).await, 10_000);
    world.end().await;
}

#[sqlx::test]
async fn when_a_replica_stops_another_takes_its_work_over(pool: PgPool) {
    let mut world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    world.betting().bet(&Bet::on(&game.winner, "T1", account, 300)).await;
    world.add_replica(|_| {}).await;
    world.stop_first_replica().await;
    world.feed.say(game.fixture.completed(2, [2, 0]));
    world.until(&game.winner, MarketState::Settled).await;
    world.end().await;
}

/// A bet that found its market open is not on the disk yet when its lock comes, and its client asks again.
#[sqlx::test]
async fn a_retry_over_the_lock_waits_for_the_bet_that_is_being_recorded(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game_in(TimeDelta::milliseconds(1_500)).await;
    let account = world.account("faker").await;
    let bet = Bet::on(&game.winner, "T1", account, 300);
    let bet_id = bet.id();
    let mut recorder = postgres::begin(&pool).await.unwrap();
    let fingerprint = record(&mut *recorder, &bet).await;
    let stake = Transfer {
        transfer_id: bet_id.stake_transfer().to_string(),
        kind: TransferKind::Stake.into(),
        account_id: account.to_string(),
        market_id: bet.0.market_id.clone(),
        bet_id: bet_id.to_string(),
        points: 300,
        fingerprint,
        closes_transfer_id: String::new(),
    };
    assert_eq!(world.transfer(stake).await, TransferOutcome::Applied);
    let lock_at = game.fixture.starts_at;
    eventually(async || (world.now().await > lock_at).then_some(())).await;

    let commit = async {
        until_blocked(&pool, 1).await;
        recorder.commit().await.unwrap();
    };
    let (retried, ()) = tokio::join!(world.betting().place(&bet), commit);
    let retried = retried.unwrap();
    assert!(retried.replayed);
    assert_eq!(retried.bet.unwrap().state(), BetState::Accepted);
    world.end().await;
}
