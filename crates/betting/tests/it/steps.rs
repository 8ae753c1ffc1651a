//! A process can die between any two commits. Whatever step fails, the same request again, or recovery, or the next run
//! reaches the one right state.

use loljoa_betting::failpoints::Step;
use loljoa_proto::betting::v1::{BetState, MarketState};
use loljoa_service_kit::ErrorCode;
use sqlx::PgPool;

use crate::harness::{Bet, World, eventually};

#[sqlx::test]
async fn a_bet_that_fails_at_any_step_is_completed_by_the_same_request(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    for (n, step) in Step::PLACEMENT.into_iter().enumerate() {
        let account = world.account(&format!("bettor_{n}")).await;
        let bet = Bet::on(&game.winner, "T1", account, 300);
        world.betting().failpoints.set(step, 2);
        for _ in 0..2 {
            let failed = world.betting().place(&bet).await.unwrap_err();
            assert_eq!(failed.code, ErrorCode::Unavailable);
        }
        let completed = world.betting().place(&bet).await.unwrap();
        assert_eq!(completed.replayed, step == Step::AfterRecord);
        let again = world.betting().place(&bet).await.unwrap();
        assert_eq!(again.bet.unwrap().bet_id, completed.bet.unwrap().bet_id);
        assert_eq!(world.points(account).await, 700, "{step:?}");
    }
    assert_eq!(world.betting().market(&game.winner.market_id).await.pool, 900);
    world.end().await;
}

/// Recovery begins once every bet has failed: without a grace period it would give back what is only slow.
#[sqlx::test]
async fn a_bet_that_fails_at_any_step_and_is_not_asked_for_again_comes_to_rest(pool: PgPool) {
    let mut world = World::start_with(&pool, |config| config.recovery.grace_ms = u32::MAX).await;
    let game = world.game().await;
    let mut failed = Vec::new();
    for (n, step) in Step::PLACEMENT.into_iter().enumerate() {
        let account = world.account(&format!("bettor_{n}")).await;
        let bet = Bet::on(&game.winner, "T1", account, 300);
        world.betting().failpoints.set(step, 1);
        world.betting().place(&bet).await.unwrap_err();
        failed.push((step, account, bet.id()));
    }
    world.add_replica(|config| config.recovery.grace_ms = 0).await;
    world.stop_first_replica().await;
    for (step, account, bet_id) in failed {
        let points = if step == Step::AfterRecord { 700 } else { 1_000 };
        eventually(async || (world.points(account).await == points).then_some(())).await;
        match (step, world.betting().get(account, &bet_id.to_string()).await) {
            (Step::BeforeDebit, Err(error)) => assert_eq!(error.reason, "bet_not_found"),
            (Step::AfterDebit, Ok(bet)) => assert_eq!(bet.state(), BetState::Refunded),
            (Step::AfterRecord, Ok(bet)) => assert_eq!(bet.state(), BetState::Accepted),
            (step, bet) => panic!("{step:?}: {bet:?}"),
        }
    }
    world.end().await;
}

#[sqlx::test]
async fn a_settlement_that_fails_at_any_step_pays_everybody_once(pool: PgPool) {
    let world = World::start_with(&pool, |config| config.settlement.chunk = 2).await;
    for (n, step) in Step::SETTLEMENT.into_iter().enumerate() {
        let game = world.game().await;
        let winner = world.account_with(&format!("winner_{n}"), 10_000).await;
        let loser = world.account_with(&format!("loser_{n}"), 10_000).await;
        for _ in 0..3 {
            world.betting().bet(&Bet::on(&game.winner, "T1", winner, 100)).await;
            world.betting().bet(&Bet::on(&game.winner, "GEN", loser, 1_000)).await;
        }
        world.betting().failpoints.set(step, 2);
        world.feed.say(game.fixture.completed(2, [2, 0]));
        world.until(&game.winner, MarketState::Settled).await;
        assert_eq!(world.betting().failpoints.left(step), 0, "{step:?} was passed");
        let (winner, loser) = (world.look(winner).await, world.look(loser).await);
        assert_eq!((winner.points, winner.staked, winner.profit), (13_000, 0, 3_000), "{step:?}");
        assert_eq!((loser.points, loser.staked, loser.profit), (7_000, 0, -3_000), "{step:?}");
    }
    world.end().await;
}

#[sqlx::test]
async fn a_void_that_fails_at_any_step_gives_every_stake_back_once(pool: PgPool) {
    let world = World::start_with(&pool, |config| config.settlement.chunk = 2).await;
    for (n, step) in Step::VOID.into_iter().enumerate() {
        let game = world.game().await;
        let account = world.account(&format!("bettor_{n}")).await;
        for _ in 0..5 {
            world.betting().bet(&Bet::on(&game.winner, "T1", account, 100)).await;
        }
        world.betting().failpoints.set(step, 2);
        world.feed.say(game.fixture.forfeited(2));
        let void = world.until(&game.winner, MarketState::Void).await;
        assert_eq!(void.void_reason, "forfeit");
        assert_eq!(world.betting().failpoints.left(step), 0, "{step:?} was passed");
        let account = world.look(account).await;
        assert_eq!((account.points, account.staked, account.profit), (1_000, 0, 0), "{step:?}");
    }
    world.end().await;
}

#[sqlx::test]
async fn while_the_ledger_cannot_be_reached_nothing_is_placed_and_nothing_owed_is_lost(pool: PgPool) {
    let mut world = World::start_with(&pool, |config| config.account.timeout_ms = 1_000).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let placed = world.betting().bet(&Bet::on(&game.winner, "T1", account, 300)).await;
    world.stop_account_service().await;

    let bet = Bet::on(&game.winner, "GEN", account, 200);
    assert_eq!(world.betting().place(&bet).await.unwrap_err().code, ErrorCode::Unavailable);
    let cancelled = world.betting().cancel(account, &placed.bet_id).await.unwrap();
    assert_eq!(cancelled.state(), BetState::Cancelled);
    assert_eq!(world.betting().market(&game.winner.market_id).await.pool, 0);

    world.start_account_service().await;
    let completed = eventually(async || world.betting().place(&bet).await.ok()).await;
    assert!(!completed.replayed);
    world.until_delivered().await;
    assert_eq!(world.points(account).await, 800);
    world.end().await;
}
