//! A market whose row somebody holds is its own trouble. The stranger of these stories holds it until the test lets go.

use std::time::Duration;

use chrono::TimeDelta;
use loljoa_betting::Config;
use loljoa_proto::betting::v1::BetState;
use loljoa_service_kit::{Error, ErrorCode, IdempotencyKey, MarketId, postgres};
use sqlx::PgPool;
use tokio::time;

use crate::harness::{Bet, Game, World, eventually, hold, until_blocked, while_held};

/// Tells a hang from work.
const PATIENCE: Duration = Duration::from_secs(8);

fn impatient(config: &mut Config) {
    config.placement.lock_timeout_ms = 100;
}

fn is_busy(error: &Error) -> bool {
    (error.code, &*error.reason) == (ErrorCode::Unavailable, "market_busy")
}

#[sqlx::test]
async fn a_market_that_is_held_is_its_own_trouble(pool: PgPool) {
    let world = World::start_with(&pool, impatient).await;
    let game = world.game().await;
    let (first, late) = (world.account("faker").await, world.account("chovy").await);
    let other = world.account_with("deft", 100_000).await;
    let old = world.betting().bet(&Bet::on(&game.winner, "GEN", other, 100)).await;
    let held = hold(&pool, &game.winner).await;

    // The batch that meets the stranger: its other bets stand, and the one on the held market is not decided.
    let pending = Bet::on(&game.winner, "T1", first, 300);
    let bets = vec![pending.clone(), Bet::on(&game.score, "2-0", other, 300)];
    let answers = time::timeout(PATIENCE, world.betting().place_all(bets)).await.unwrap();
    assert_eq!(answers[0].as_ref().unwrap_err().reason, "bet_pending");
    assert_eq!(answers[1].as_ref().unwrap().bet.as_ref().unwrap().state(), BetState::Accepted);
    assert_eq!(world.points(first).await, 700);

    // From then on no stake of the held market is taken, and everybody else is answered.
    let refused = Bet::on(&game.winner, "T1", late, 300);
    for _ in 0..20 {
        let bets = vec![refused.clone(), pending.clone(), Bet::on(&game.sets, "2", other, 100)];
        let answers = time::timeout(PATIENCE, world.betting().place_all(bets)).await.unwrap();
        assert!(is_busy(answers[0].as_ref().unwrap_err()));
        assert!(is_busy(answers[1].as_ref().unwrap_err()));
        assert!(answers[2].is_ok());
    }
    assert!(is_busy(&world.betting().cancel(other, &old.bet_id).await.unwrap_err()));
    assert_eq!((world.points(late).await, world.points(first).await), (1_000, 700));

    // The stake that was taken becomes the bet it was taken for, without anybody asking.
    held.commit().await.unwrap();
    let id = pending.id().to_string();
    eventually(async || world.betting().get(first, &id).await.ok()).await;
    let again = world.betting().place(&pending).await.unwrap();
    assert!(again.replayed);
    assert_eq!(again.bet.unwrap().state(), BetState::Accepted);
    let placed = eventually(async || world.betting().place(&refused).await.ok()).await;
    assert!(!placed.replayed);
    world.betting().cancel(other, &old.bet_id).await.unwrap();
    let market = world.betting().market(&game.winner.market_id).await;
    assert_eq!((market.pool, market.outcomes[0].pool), (600, 600));
    world.end().await;
}

#[sqlx::test]
async fn a_stake_of_a_held_market_is_given_back_when_its_replica_dies(pool: PgPool) {
    let configure = |config: &mut Config| {
        impatient(config);
        config.recovery.interval_ms = 3_600_000;
    };
    let mut world = World::start_with(&pool, configure).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let held = hold(&pool, &game.winner).await;
    let bet = Bet::on(&game.winner, "T1", account, 300);
    assert_eq!(world.betting().place(&bet).await.unwrap_err().reason, "bet_pending");
    world.stop_first_replica().await;
    assert_eq!(world.points(account).await, 700);

    held.commit().await.unwrap();
    world.release_ledger_feed().await;
    let recover = |config: &mut Config| {
        config.recovery.interval_ms = 10;
        config.recovery.grace_ms = 1_000;
    };
    world.add_replica(recover).await;
    eventually(async || (world.points(account).await == 1_000).then_some(())).await;
    let fate = world.betting().place(&bet).await.unwrap().bet.unwrap();
    assert_eq!(fate.state(), BetState::Refunded);
    world.end().await;
}

#[sqlx::test]
async fn a_stake_that_was_let_go_is_completed_by_the_same_request(pool: PgPool) {
    let configure = |config: &mut Config| {
        impatient(config);
        // Given up as soon as the market counts as stuck.
        config.placement.record_within_ms = config.placement.lock_timeout_ms;
        config.recovery.interval_ms = 3_600_000;
    };
    let world = World::start_with(&pool, configure).await;
    let game = world.game().await;
    let (account, other) = (world.account("faker").await, world.account("chovy").await);
    let held = hold(&pool, &game.winner).await;
    let bet = Bet::on(&game.winner, "T1", account, 300);
    assert_eq!(world.betting().place(&bet).await.unwrap_err().reason, "bet_pending");
    held.commit().await.unwrap();
    let after = Bet::on(&game.winner, "GEN", other, 100);
    eventually(async || world.betting().place(&after).await.ok()).await;
    let id = bet.id().to_string();
    assert_eq!(world.betting().get(account, &id).await.unwrap_err().reason, "bet_not_found");
    assert_eq!(world.points(account).await, 700);
    let completed = world.betting().place(&bet).await.unwrap();
    assert!(!completed.replayed);
    assert_eq!(completed.bet.unwrap().state(), BetState::Accepted);
    assert_eq!(world.points(account).await, 700);
    world.end().await;
}

#[sqlx::test]
async fn an_outcome_that_is_held_is_its_markets_own_trouble(pool: PgPool) {
    let world = World::start_with(&pool, impatient).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let mut held = postgres::begin(&pool).await.unwrap();
    sqlx::query("SELECT FROM outcomes WHERE outcome_id = $1::uuid FOR UPDATE")
        .bind(&game.winner.outcomes[0].outcome_id)
        .execute(&mut *held)
        .await
        .unwrap();
    let bets = vec![Bet::on(&game.winner, "T1", account, 300), Bet::on(&game.score, "2-0", account, 100)];
    let answers = time::timeout(PATIENCE, world.betting().place_all(bets.clone())).await.unwrap();
    assert_eq!(answers[0].as_ref().unwrap_err().reason, "bet_pending");
    assert!(answers[1].is_ok());
    held.commit().await.unwrap();
    let placed = eventually(async || world.betting().place(&bets[0]).await.ok()).await;
    assert!(placed.replayed);
    world.end().await;
}

/// Somebody holds a market's row while its lock comes.
async fn hold_over_lock(world: &World, pool: &PgPool) -> (Game, sqlx::Transaction<'static, sqlx::Postgres>) {
    let game = world.game_in(TimeDelta::milliseconds(1_500)).await;
    let held = hold(pool, &game.winner).await;
    eventually(async || (world.now().await > game.fixture.starts_at).then_some(())).await;
    (game, held)
}

#[sqlx::test]
async fn a_market_at_its_lock_holds_up_no_other(pool: PgPool) {
    let world = World::start(&pool).await;
    let account = world.account("faker").await;
    let later = world.game().await;
    let (game, held) = hold_over_lock(&world, &pool).await;
    let late = Bet::on(&game.winner, "T1", account, 100);
    let story = async {
        until_blocked(&pool, 1).await;
        let bet = Bet::on(&later.winner, "T1", account, 100);
        time::timeout(PATIENCE, world.betting().place(&bet)).await.unwrap().unwrap();
        held.commit().await.unwrap();
    };
    let (refused, ()) = tokio::join!(world.betting().place(&late), story);
    assert_eq!(refused.unwrap_err().reason, "market_locked");
    world.end().await;
}

#[sqlx::test]
async fn a_market_that_is_held_over_its_lock_is_busy_until_it_is_certain(pool: PgPool) {
    let world = World::start_with(&pool, impatient).await;
    let account = world.account("faker").await;
    let (game, held) = hold_over_lock(&world, &pool).await;
    let late = Bet::on(&game.winner, "T1", account, 100);
    for _ in 0..3 {
        let refused = time::timeout(PATIENCE, world.betting().place(&late)).await.unwrap().unwrap_err();
        assert!(is_busy(&refused));
    }
    held.commit().await.unwrap();
    let certain = async || {
        let refused = world.betting().place(&late).await.unwrap_err();
        (refused.reason == "market_locked").then_some(())
    };
    eventually(certain).await;
    assert_eq!(world.points(account).await, 1_000);
    world.end().await;
}

#[sqlx::test]
async fn a_market_that_does_not_exist_is_remembered_for_a_moment(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let mut bet = Bet::on(&game.winner, "T1", account, 100);
    bet.0.market_id = MarketId::fresh().to_string();
    let ask = async || {
        let mut bet = bet.clone();
        bet.0.idempotency_key = IdempotencyKey::fresh().to_string();
        world.betting().place(&bet).await.unwrap_err().reason
    };
    eventually(async || {
        assert_eq!(ask().await, "market_not_found");
        // Nobody can read a market now. Whoever asks again soon enough need not.
        let mut closed = postgres::begin(&pool).await.unwrap();
        sqlx::query("LOCK TABLE markets").execute(&mut *closed).await.unwrap();
        let answered = time::timeout(Duration::from_secs(1), ask()).await;
        closed.rollback().await.unwrap();
        answered.ok().map(|reason| assert_eq!(reason, "market_not_found"))
    })
    .await;
    world.end().await;
}

#[sqlx::test]
async fn a_market_that_is_only_busy_is_waited_for(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let bet = Bet::on(&game.winner, "T1", account, 100);
    let placed = while_held(&pool, &game.winner, 1, world.betting().place(&bet)).await.unwrap();
    assert!(!placed.replayed);
    world.end().await;
}
