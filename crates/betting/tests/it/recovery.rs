//! The ledger is compared with the bets, and what differs is found.

use loljoa_proto::{
    account::v1::{Transfer, TransferKind, TransferOutcome},
    betting::v1::{BetState, MarketState},
};
use loljoa_service_kit::{AccountId, BetId, Slot, ids};
use sqlx::{AssertSqlSafe, PgPool};

use crate::harness::{Bet, Game, World, eventually};

/// A stake behind betting's back, as a crash between debit and record leaves it.
fn orphan(game: &Game, account: AccountId, bet: BetId) -> Transfer {
    Transfer {
        transfer_id: bet.stake_transfer().to_string(),
        kind: TransferKind::Stake.into(),
        account_id: account.to_string(),
        market_id: game.winner.market_id.clone(),
        bet_id: bet.to_string(),
        points: 300,
        fingerprint: vec![7; 32],
        closes_transfer_id: String::new(),
    }
}

#[sqlx::test]
async fn a_stake_without_a_bet_is_given_back_and_its_bet_says_so(pool: PgPool) {
    let world = World::start_with(&pool, |config| config.recovery.grace_ms = 1_000).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let bet = BetId(ids::fresh());
    assert_eq!(world.transfer(orphan(&game, account, bet)).await, TransferOutcome::Applied);
    eventually(async || (world.points(account).await == 1_000).then_some(())).await;
    let tombstone = world.betting().get(account, &bet.to_string()).await.unwrap();
    assert_eq!((tombstone.state(), tombstone.returned), (BetState::Refunded, 300));
    assert_eq!(tombstone.outcome_id, "");
    assert_eq!(world.betting().market(&game.winner.market_id).await.pool, 0);
    world.end().await;
}

/// The case of a new database that is told of one cell where there are more: what it does not have, others do.
#[sqlx::test]
async fn stakes_on_a_market_of_another_cell_are_not_given_back(pool: PgPool) {
    let world = World::start_with(&pool, |config| config.recovery.grace_ms = 1_000).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let elsewhere = Slot::numbered(7).stamp(ids::fresh());
    let stake = Transfer { market_id: elsewhere.to_string(), ..orphan(&game, account, BetId(ids::fresh())) };
    assert_eq!(world.transfer(stake).await, TransferOutcome::Applied);
    let incident = eventually(async || world.betting().incidents().await.pop()).await;
    assert_eq!(incident.kind, "foreign_stakes");
    assert!(incident.message.contains(&elsewhere.to_string()), "{}", incident.message);

    // Nor is anything that comes later.
    world.transfer(orphan(&game, account, BetId(ids::fresh()))).await;
    world.until_metric("loljoa_feed_lag_seconds", "ledger", |lag| lag > 2.5).await;
    assert_eq!(world.points(account).await, 400);
    world.abandon().await;
}

#[sqlx::test]
async fn a_stake_that_is_younger_than_the_grace_period_is_left_alone(pool: PgPool) {
    let mut world = World::start_with(&pool, |config| config.recovery.grace_ms = u32::MAX).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let bet = BetId(ids::fresh());
    world.transfer(orphan(&game, account, bet)).await;
    // The feed is read to its end again and again: once the lease has been renewed, it was read after the stake.
    let lease = async || {
        sqlx::query_scalar::<_, chrono::DateTime<chrono::Utc>>(
            "SELECT leased_until FROM feed_cursors WHERE consumer = 'ledger'",
        )
        .fetch_one(&pool)
        .await
        .unwrap()
    };
    for _ in 0..2 {
        let before = lease().await;
        eventually(async || (lease().await > before).then_some(())).await;
    }
    assert_eq!(world.points(account).await, 700);
    world.add_replica(|config| config.recovery.grace_ms = 1_000).await;
    world.stop_first_replica().await;
    eventually(async || (world.points(account).await == 1_000).then_some(())).await;
    world.end().await;
}

#[sqlx::test]
async fn a_closing_that_does_not_follow_from_its_bet_is_reported(pool: PgPool) {
    let mut world = World::start_with(&pool, |config| config.recovery.grace_ms = u32::MAX).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let bet = world.betting().bet(&Bet::on(&game.winner, "T1", account, 300)).await;
    let bet_id = BetId::parse(&bet.bet_id).unwrap();
    let forged = Transfer {
        transfer_id: bet_id.closing_transfer().to_string(),
        kind: TransferKind::Void.into(),
        closes_transfer_id: bet_id.stake_transfer().to_string(),
        ..orphan(&game, account, bet_id)
    };
    assert_eq!(world.transfer(forged).await, TransferOutcome::Applied);
    // Without a grace period recovery would give back a bet that is only slow: it begins now.
    world.add_replica(|config| config.recovery.grace_ms = 1_000).await;
    world.stop_first_replica().await;
    let incidents = eventually(async || {
        let incidents = world.betting().incidents().await;
        (!incidents.is_empty()).then_some(incidents)
    })
    .await;
    assert_eq!((incidents.len(), incidents[0].kind.as_str()), (1, "audit_difference"));

    // What betting owes by right is refused now, and waits for a person.
    world.feed.say(game.fixture.cancelled(2));
    let incidents = eventually(async || {
        let incidents = world.betting().incidents().await;
        (incidents.len() == 2).then_some(incidents)
    })
    .await;
    assert_eq!(incidents[0].kind, "transfer_refused");
    let market = world.betting().market(&game.winner.market_id).await;
    assert_eq!(market.state(), MarketState::Voiding);
    world.abandon().await;
}

#[sqlx::test]
async fn a_correction_of_other_points_than_the_bets_is_reported(pool: PgPool) {
    let mut world = World::start_with(&pool, |config| config.recovery.grace_ms = u32::MAX).await;
    let (game, other) = (world.game().await, world.game().await);
    let [faker, chovy, canyon] = ["faker", "chovy", "canyon"].map(|name| world.account(name));
    let (faker, chovy, canyon) = (faker.await, chovy.await, canyon.await);
    for game in [&game, &other] {
        world.betting().bet(&Bet::on(&game.score, "2-0", faker, 300)).await;
        world.betting().bet(&Bet::on(&game.score, "2-1", canyon, 100)).await;
    }
    let wronged = world.betting().bet(&Bet::on(&game.score, "2-1", chovy, 200)).await;
    for game in [&game, &other] {
        world.feed.say(game.fixture.completed(2, [2, 0]));
        world.until(&game.score, MarketState::Settled).await;
        world.betting().correct(&game.score, "2-1").await.unwrap();
    }
    world.until_delivered().await;
    let tampering = format!(
        "ALTER TABLE transfers DISABLE TRIGGER transfers_append_only;
        UPDATE transfers SET points = points - 1 WHERE kind = 'correction' AND bet_id = '{}';
        ALTER TABLE transfers ENABLE TRIGGER transfers_append_only",
        wronged.bet_id
    );
    sqlx::raw_sql(AssertSqlSafe(tampering)).execute(world.ledger_pool()).await.unwrap();
    // The ledger's feed is read from now on.
    world.add_replica(|config| config.recovery.grace_ms = 1_000).await;
    world.stop_first_replica().await;
    world.until_differences("transfer", 1).await;
    let subject = format!("{}/TRANSFER_KIND_CORRECTION", wronged.bet_id);
    assert_eq!(world.findings().await, [("transfer".to_owned(), subject)], "the other corrections are right");
    world.abandon().await;
}

#[sqlx::test]
async fn a_transfer_that_is_not_bettings_is_reported_and_holds_up_nothing(pool: PgPool) {
    let world = World::start_with(&pool, |config| config.recovery.grace_ms = 1_000).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let strange = Transfer { fingerprint: vec![7; 3], ..orphan(&game, account, BetId(ids::fresh())) };
    assert_eq!(world.transfer(strange).await, TransferOutcome::Applied);
    let bet = BetId(ids::fresh());
    assert_eq!(world.transfer(orphan(&game, account, bet)).await, TransferOutcome::Applied);
    eventually(async || (world.points(account).await == 700).then_some(())).await;
    let incidents = world.betting().incidents().await;
    assert_eq!((incidents.len(), incidents[0].kind.as_str()), (1, "audit_difference"));
    world.abandon().await;
}

#[sqlx::test]
async fn an_audit_finds_what_was_changed_by_hand(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    world.betting().bet(&Bet::on(&game.winner, "T1", account, 300)).await;
    assert_eq!(loljoa_betting::audit::full(&pool).await.unwrap(), []);
    for statement in [
        "UPDATE markets SET pool = pool + 1 WHERE pool > 0",
        "UPDATE outcomes SET bettors = 2 WHERE pool > 0",
        "UPDATE positions SET stake = stake + 1",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    let found = loljoa_betting::audit::full(&pool).await.unwrap();
    let checks: Vec<_> = found.iter().map(|difference| difference.check.as_str()).collect();
    assert_eq!(checks, ["market_pool", "outcome", "position"]);
    assert_eq!((found[0].expected.as_str(), found[0].found.as_str()), ("300", "301"));
    world.abandon().await;
}
