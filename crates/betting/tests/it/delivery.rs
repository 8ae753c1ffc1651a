//! What the ledger does not take, or does not answer for, holds up nobody else.

use loljoa_proto::betting::v1::MarketState;
use sqlx::PgPool;

use crate::harness::{Bet, World, eventually};

/// Has the ledger's database fail on every payout of this many points.
async fn poison(world: &World) {
    for statement in [
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'poison'; END $$",
        "CREATE TRIGGER poison BEFORE INSERT ON transfers FOR EACH ROW
         WHEN (NEW.kind = 'payout' AND NEW.points % 1000 = 333) EXECUTE FUNCTION fail()",
    ] {
        world.tamper(statement).await;
    }
}

async fn most_attempts(pool: &PgPool) -> i32 {
    sqlx::query_scalar("SELECT coalesce(max(attempts), 0) FROM owed").fetch_one(pool).await.unwrap()
}

#[sqlx::test]
async fn a_payment_that_the_ledger_fails_on_is_tried_later_and_later_and_set_aside(pool: PgPool) {
    let world = World::start_with(&pool, |config| {
        config.settlement.attempts = 3;
        config.settlement.backoff_ms = 10;
    })
    .await;
    poison(&world).await;
    let game = world.game().await;
    let (unlucky, others) = (world.account("unlucky").await, world.account_with("others", 100_000).await);
    world.betting().bet(&Bet::on(&game.winner, "T1", unlucky, 333)).await;
    for stake in 100..120 {
        world.betting().bet(&Bet::on(&game.winner, "T1", others, stake)).await;
    }
    world.feed.say(game.fixture.completed(2, [2, 0]));
    let incident = eventually(async || world.betting().incidents().await.pop()).await;
    assert_eq!(incident.kind, "transfer_refused");
    assert!(incident.message.contains("3 times"), "{}", incident.message);
    eventually(async || (world.points(others).await == 100_000).then_some(())).await;
    assert_eq!(world.points(unlucky).await, 667);
    let left: Vec<(i32, bool)> =
        sqlx::query_as("SELECT attempts, parked FROM owed").fetch_all(&pool).await.unwrap();
    assert_eq!(left, [(3, true)]);

    world.tamper("DROP TRIGGER poison ON transfers").await;
    assert_eq!(world.betting().retry_owed().await, 1);
    world.until(&game.winner, MarketState::Settled).await;
    assert_eq!(world.points(unlucky).await, 1_000);
    world.end().await;
}

#[sqlx::test]
async fn a_ledger_that_fails_on_everything_is_waited_for(pool: PgPool) {
    let world = World::start_with(&pool, |config| config.settlement.backoff_ms = 10).await;
    let game = world.game().await;
    let account = world.account_with("faker", 100_000).await;
    for _ in 0..40 {
        world.betting().bet(&Bet::on(&game.winner, "T1", account, 333)).await;
    }
    poison(&world).await;
    world.feed.say(game.fixture.completed(2, [2, 0]));
    eventually(async || (most_attempts(&pool).await > 1).then_some(())).await;
    let untouched: i64 =
        sqlx::query_scalar("SELECT count(*) FROM owed WHERE attempts = 0").fetch_one(&pool).await.unwrap();
    assert!(untouched > 0, "not each row was asked for");
    world.tamper("DROP TRIGGER poison ON transfers").await;
    world.until(&game.winner, MarketState::Settled).await;
    assert_eq!(world.points(account).await, 100_000);
    assert_eq!(world.betting().incidents().await, []);
    world.end().await;
}

#[sqlx::test]
async fn a_ledger_that_was_away_for_a_moment_is_told_again_at_once(pool: PgPool) {
    let world = World::start_with(&pool, |config| {
        // Whatever has to wait for its next attempt is not paid in this story.
        (config.settlement.backoff_ms, config.settlement.backoff_max_ms) = (3_600_000, 3_600_000);
    })
    .await;
    for statement in [
        "CREATE SEQUENCE attempts",
        "CREATE FUNCTION be_away_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('attempts') = 1 THEN RAISE EXCEPTION 'away' USING ERRCODE = '57014'; END IF;
            RETURN NEW;
        END $$",
        "CREATE TRIGGER away BEFORE INSERT ON transfers FOR EACH ROW
         WHEN (NEW.kind = 'payout') EXECUTE FUNCTION be_away_once()",
    ] {
        world.tamper(statement).await;
    }
    let game = world.game().await;
    let account = world.account("faker").await;
    world.betting().bet(&Bet::on(&game.winner, "T1", account, 300)).await;
    world.feed.say(game.fixture.completed(2, [2, 0]));
    world.until(&game.winner, MarketState::Settled).await;
    assert_eq!(world.points(account).await, 1_000);
    world.end().await;
}

#[sqlx::test]
async fn a_stake_that_goes_back_does_not_wait_behind_payouts(pool: PgPool) {
    let mut world = World::start_with(&pool, |config| {
        config.settlement.chunk = 1;
        config.account.timeout_ms = 1_000;
    })
    .await;
    let (game, later) = (world.game().await, world.game().await);
    let (winner, leaver) = (world.account_with("faker", 10_000).await, world.account("chovy").await);
    for _ in 0..60 {
        world.betting().bet(&Bet::on(&game.winner, "T1", winner, 100)).await;
    }
    let bet = world.betting().bet(&Bet::on(&later.winner, "T1", leaver, 300)).await;
    world.stop_account_service().await;
    world.feed.say(game.fixture.completed(2, [2, 0]));
    eventually(async || {
        let owed: i64 = sqlx::query_scalar("SELECT count(*) FROM owed_bets").fetch_one(&pool).await.unwrap();
        (owed == 60).then_some(())
    })
    .await;
    world.betting().cancel(leaver, &bet.bet_id).await.unwrap();
    world.start_account_service().await;
    world.until_delivered().await;
    let closings = world.closings().await;
    // One payout may have been under way.
    let place = closings.iter().position(|kind| kind == "cancel").unwrap();
    assert!(place <= 1, "the cancelled stake came back as number {place} of {}", closings.len());
    world.end().await;
}

#[sqlx::test]
async fn a_payment_whose_answer_comes_too_late_is_paid_once(pool: PgPool) {
    let world = World::start_with(&pool, |config| {
        config.account.timeout_ms = 800;
        config.settlement.backoff_ms = 10;
    })
    .await;
    let game = world.game().await;
    let (slow, quick) = (world.account("slow").await, world.account("quick").await);
    for account in [slow, quick] {
        world.betting().bet(&Bet::on(&game.winner, "T1", account, 300)).await;
    }
    let held = world.hold_balance(slow).await;
    world.feed.say(game.fixture.completed(2, [2, 0]));
    // Nobody waits any more for the answers to the first attempts, which have yet to take effect.
    eventually(async || (most_attempts(&pool).await >= 1).then_some(())).await;
    held.rollback().await.unwrap();
    world.until(&game.winner, MarketState::Settled).await;
    assert_eq!(world.closings().await, ["payout", "payout"]);
    assert_eq!((world.points(slow).await, world.points(quick).await), (1_000, 1_000));
    world.end().await;
}
