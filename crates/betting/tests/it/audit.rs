//! The continuous audit finds what is wrong, says so where it is looked for, and goes on saying so until it is mended.

use loljoa_proto::{
    account::v1::{Transfer, TransferKind, TransferOutcome},
    betting::v1::MarketState,
};
use loljoa_service_kit::{AccountId, BetId, ids, postgres};
use sqlx::{PgPool, Postgres, Transaction};

use crate::harness::{Bet, World, eventually, record};

const SUCCESS: &str = "loljoa_audit_last_success_timestamp_seconds";

/// Keeps everybody from reading the ledger's feed until the transaction ends.
async fn hold_ledger_feed(pool: &PgPool) -> Transaction<'static, Postgres> {
    let mut transaction = postgres::begin(pool).await.unwrap();
    sqlx::query("SELECT FROM feed_cursors WHERE consumer = 'ledger' FOR UPDATE")
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction
}

/// Runs what no service does, and what may therefore wait in a circle with one.
async fn run(pool: &PgPool, statement: &'static str) {
    postgres::retrying(|| sqlx::query(statement).execute(pool)).await.unwrap();
}

#[sqlx::test]
async fn a_bet_without_a_stake_is_named_while_the_feed_is_stuck_and_forgotten_once_it_is_mended(
    pool: PgPool,
) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let held = hold_ledger_feed(&pool).await;
    world.betting().bet(&Bet::on(&game.winner, "T1", account, 200)).await;
    let free = Bet::on(&game.winner, "T1", account, 300);
    let fingerprint = record(&pool, &free).await;
    world.until_differences("stake", 1).await;
    let incidents = world.betting().incidents().await;
    assert_eq!((incidents.len(), incidents[0].kind.as_str()), (1, "audit_difference"));
    assert!(incidents[0].message.contains(&free.id().to_string()), "{}", incidents[0].message);
    assert_eq!(world.findings().await, [("stake".to_owned(), free.id().to_string())]);
    held.rollback().await.unwrap();

    let stake = stake(account, &free, fingerprint);
    assert_eq!(world.transfer(stake).await, TransferOutcome::Applied);
    world.until_differences("stake", 0).await;
    world.end().await;
}

fn stake(account: AccountId, bet: &Bet, fingerprint: Vec<u8>) -> Transfer {
    Transfer {
        transfer_id: bet.id().stake_transfer().to_string(),
        kind: TransferKind::Stake.into(),
        account_id: account.to_string(),
        market_id: bet.0.market_id.clone(),
        bet_id: bet.id().to_string(),
        points: bet.0.stake,
        fingerprint,
        closes_transfer_id: String::new(),
    }
}

#[sqlx::test]
async fn a_closing_that_the_ledger_acknowledged_and_lost_is_named(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let bet = world.betting().bet(&Bet::on(&game.winner, "T1", account, 300)).await;
    world.betting().cancel(account, &bet.bet_id).await.unwrap();
    world.until_delivered().await;
    world.tamper("ALTER TABLE transfers DISABLE TRIGGER USER").await;
    world.tamper("DELETE FROM transfers WHERE kind = 'cancel'").await;
    world.until_differences("closing", 1).await;
    assert_eq!(world.findings().await, [("closing".to_owned(), bet.bet_id)]);
    world.abandon().await;
}

#[sqlx::test]
async fn what_was_changed_by_hand_is_shown_until_it_is_changed_back_and_on_any_replica(pool: PgPool) {
    let mut world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    for _ in 0..2 {
        world.betting().bet(&Bet::on(&game.winner, "T1", account, 200)).await;
    }
    world.until_audited().await;
    let held = hold_ledger_feed(&pool).await;
    for (check, change, back) in [
        ("market_pool", "UPDATE markets SET pool = pool + 1", "UPDATE markets SET pool = pool - 1"),
        (
            "outcome",
            "UPDATE outcomes SET bettors = 2 WHERE pool > 0",
            "UPDATE outcomes SET bettors = 1 WHERE pool > 0",
        ),
        ("position", "UPDATE positions SET bets = 3", "UPDATE positions SET bets = 2"),
        (
            "position",
            "UPDATE positions SET since_seq = since_seq + 1000",
            "UPDATE positions SET since_seq = since_seq - 1000",
        ),
        (
            "leader",
            "UPDATE outcomes SET top_stake = 399 WHERE pool > 0",
            "UPDATE outcomes SET top_stake = 400 WHERE pool > 0",
        ),
    ] {
        run(&pool, change).await;
        let shown = |count: f64| count > 0.5;
        world.until_metric("loljoa_audit_difference", check, shown).await;
        world.restart_replicas().await;
        assert!(world.metric("loljoa_audit_difference", check) < 0.5, "a replica that stops tells nothing");
        world.until_metric("loljoa_audit_difference", check, shown).await;
        run(&pool, back).await;
        world.until_differences(check, 0).await;
    }
    held.rollback().await.unwrap();
    assert!(!world.betting().incidents().await.is_empty());
    world.end().await;
}

#[sqlx::test]
async fn a_transfer_that_is_not_bettings_is_shown_after_a_restart_although_it_was_read_before(pool: PgPool) {
    let mut world = World::start_with(&pool, |config| config.recovery.grace_ms = 1_000).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let strange = Bet::on(&game.winner, "T1", account, 300);
    let strange = Transfer { bet_id: ids::fresh().to_string(), ..stake(account, &strange, vec![7; 3]) };
    assert_eq!(world.transfer(strange).await, TransferOutcome::Applied);
    world.until_differences("transfer", 1).await;
    world.restart_replicas().await;
    world.until_differences("transfer", 1).await;
    world.abandon().await;
}

#[sqlx::test]
async fn an_audit_that_fails_is_told_from_one_that_finds_nothing(pool: PgPool) {
    let mut world = World::start_with(&pool, |config| config.account.timeout_ms = 1_000).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    world.betting().bet(&Bet::on(&game.winner, "T1", account, 300)).await;
    world.until_metric(SUCCESS, "stakes", |at| at > 0.0).await;
    world.stop_account_service().await;
    let failed = world.metric("loljoa_audit_failures_total", "stakes_in_turn");
    world
        .until_metric("loljoa_audit_failures_total", "stakes_in_turn", |failures| failures > failed + 0.5)
        .await;
    let (stakes, books) = (world.metric(SUCCESS, "stakes_in_turn"), world.metric(SUCCESS, "books"));
    // The other checks go on; this one stays where it was.
    world.until_metric(SUCCESS, "books", |at| at > books).await;
    assert!((world.metric(SUCCESS, "stakes_in_turn") - stakes).abs() < 0.001);
    world.start_account_service().await;
    world.until_metric(SUCCESS, "stakes_in_turn", |at| at > stakes).await;
    world.end().await;
}

#[sqlx::test]
async fn a_replica_that_loses_the_lease_shows_nothing_and_leaves_the_finding_to_the_next(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    record(&pool, &Bet::on(&game.winner, "T1", account, 300)).await;
    world.until_differences("stake", 1).await;
    run(
        &pool,
        "UPDATE feed_cursors SET holder = gen_random_uuid(), leased_until = 'infinity' WHERE consumer = 'audit'",
    )
    .await;
    world.until_differences("stake", 0).await;
    assert!(world.metric(SUCCESS, "stakes") < 0.5);
    assert_eq!(world.findings().await.len(), 1);
    run(&pool, "UPDATE feed_cursors SET leased_until = '-infinity' WHERE consumer = 'audit'").await;
    world.until_differences("stake", 1).await;
    world.abandon().await;
}

#[sqlx::test]
async fn points_left_in_the_pool_of_a_final_market_are_shown_however_long_ago_it_ended(pool: PgPool) {
    let world = World::start_with(&pool, |config| config.recovery.grace_ms = 2_000).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    world.betting().bet(&Bet::on(&game.winner, "T1", account, 300)).await;
    world.tamper("UPDATE system_balances SET balance = balance + 5 WHERE balance = 300").await;
    world.betting().void(&game.winner).await.unwrap();
    world.until(&game.winner, MarketState::Void).await;
    world.until_differences("final_pool", 1).await;
    assert_eq!(world.findings().await, [("final_pool".to_owned(), game.winner.market_id.clone())]);
    run(&pool, "UPDATE markets SET closed_at = closed_at - interval '2 hours' WHERE closed_at IS NOT NULL")
        .await;
    let finals = world.metric(SUCCESS, "finals");
    world.until_metric(SUCCESS, "finals", |at| at > finals).await;
    world.until_differences("final_pool", 1).await;
    world.tamper("UPDATE system_balances SET balance = balance - 5 WHERE balance > 0").await;
    world.until_differences("final_pool", 0).await;
    world.end().await;
}

#[sqlx::test]
async fn the_bets_of_a_final_market_with_points_left_are_looked_through_and_named(pool: PgPool) {
    let world = World::start_with(&pool, |config| {
        // Shorter than usual, and long enough for a bet: recovery is not to come first.
        config.recovery.grace_ms = 2_000;
        config.recovery.audit_sample = 1;
    })
    .await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let mut bets = Vec::new();
    for _ in 0..8 {
        bets.push(world.betting().bet(&Bet::on(&game.winner, "T1", account, 100)).await);
    }
    world.until_audited().await;
    // The ledger loses a payment, as a commit that never was: nothing of it is left, and the points are in the pool.
    world.tamper("ALTER TABLE transfers DISABLE TRIGGER USER").await;
    world
        .tamper(
            "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                DELETE FROM transfers WHERE transfer_id = NEW.transfer_id;
                UPDATE system_balances SET balance = balance + NEW.points
                WHERE ledger_id = NEW.market_id AND stripe = (
                    SELECT min(stripe) FROM system_balances WHERE ledger_id = NEW.market_id);
                RETURN NULL;
            END $$",
        )
        .await;
    let lost = BetId::parse(&bets[3].bet_id).unwrap();
    let trigger = format!(
        "CREATE TRIGGER lose AFTER INSERT ON transfers FOR EACH ROW
         WHEN (NEW.kind = 'void' AND NEW.bet_id = '{lost}') EXECUTE FUNCTION lose()"
    );
    sqlx::query(sqlx::AssertSqlSafe(trigger)).execute(world.ledger_pool()).await.unwrap();
    world.betting().void(&game.winner).await.unwrap();
    world.until(&game.winner, MarketState::Void).await;
    eventually(async || {
        let found = world.findings().await;
        found.contains(&("closing".to_owned(), lost.to_string())).then_some(())
    })
    .await;
    world.abandon().await;
}
