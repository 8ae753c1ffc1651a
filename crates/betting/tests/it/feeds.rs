//! A feed that lags, and a feed that is shorter than what was read of it, are noticed.

use loljoa_service_kit::{page, postgres};
use sqlx::PgPool;

use crate::harness::{Bet, World, eventually};

const LAG: &str = "loljoa_feed_lag_seconds";
const SUCCESS: &str = "loljoa_audit_last_success_timestamp_seconds";
const AHEAD: &str = "loljoa_feed_cursor_ahead";

async fn run(pool: &PgPool, statement: &'static str) {
    sqlx::query(statement).execute(pool).await.unwrap();
}

#[sqlx::test]
async fn a_transaction_that_holds_up_the_ledgers_feed_is_seen_as_lag(pool: PgPool) {
    let world = World::start_with(&pool, |config| config.recovery.grace_ms = 1_000).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let mut stuck = postgres::begin(world.ledger_pool()).await.unwrap();
    sqlx::query("SELECT pg_current_xact_id()").execute(&mut *stuck).await.unwrap();
    world.betting().bet(&Bet::on(&game.winner, "T1", account, 300)).await;
    let lag = world.until_metric(LAG, "ledger", |lag| lag > 0.2).await;
    world.until_metric(LAG, "ledger", |later| later > lag).await;
    stuck.rollback().await.unwrap();
    world.until_metric(LAG, "ledger", |lag| lag < 0.2).await;
    world.end().await;
}

#[sqlx::test]
async fn a_feed_that_does_not_answer_lags(pool: PgPool) {
    let mut world = World::start_with(&pool, |config| config.account.timeout_ms = 1_000).await;
    world.until_metric(SUCCESS, "stakes", |at| at > 0.0).await;
    world.stop_account_service().await;
    let lag = world.until_metric(LAG, "ledger", |lag| lag > 0.2).await;
    world.until_metric(LAG, "ledger", |later| later > lag).await;
    world.start_account_service().await;
    world.until_metric(LAG, "ledger", |lag| lag < 0.2).await;
    world.end().await;
}

/// Waits for the one incident of a cursor that is ahead.
async fn until_reported(world: &World, feed: &str) {
    let incidents = eventually(async || {
        let incidents = world.betting().incidents().await;
        (!incidents.is_empty()).then_some(incidents)
    })
    .await;
    assert_eq!((incidents.len(), incidents[0].kind.as_str()), (1, "cursor_ahead"));
    assert!(incidents[0].message.contains(&format!("the feed of {feed} ")), "{}", incidents[0].message);
}

#[sqlx::test]
async fn a_cursor_ahead_of_the_feed_of_matches_is_reported_and_read_on_once_it_is_set_back(pool: PgPool) {
    let world = World::start(&pool).await;
    let game = world.game().await;
    world.feed.say(game.fixture.in_progress(2));
    world.until_heard().await;
    world.feed.forget_last();
    world.until_metric(AHEAD, "league_schedule", |ahead| ahead > 0.5).await;
    until_reported(&world, "league_schedule").await;
    run(&pool, "UPDATE feed_cursors SET cursor = '' WHERE consumer = 'league_schedule'").await;
    world.until_metric(AHEAD, "league_schedule", |ahead| ahead < 0.5).await;
    world.until_heard().await;
    world.end().await;
}

#[sqlx::test]
async fn a_cursor_ahead_of_the_ledgers_feed_is_reported_and_read_on_once_it_is_set_back(pool: PgPool) {
    let world = World::start_with(&pool, |config| config.recovery.grace_ms = 1_000).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let bet = world.betting().bet(&Bet::on(&game.winner, "T1", account, 300)).await;
    let lost = page::encode_cursor(&std::collections::BTreeMap::from([("xid", 1_i64 << 40), ("seq", 7)]));
    sqlx::query("UPDATE feed_cursors SET cursor = $1 WHERE consumer = 'ledger'")
        .bind(lost)
        .execute(&pool)
        .await
        .unwrap();
    world.until_metric(AHEAD, "ledger", |ahead| ahead > 0.5).await;
    until_reported(&world, "ledger").await;
    run(&pool, "UPDATE feed_cursors SET cursor = '' WHERE consumer = 'ledger'").await;
    world.until_metric(AHEAD, "ledger", |ahead| ahead < 0.5).await;
    // What was read before takes effect once.
    world.betting().cancel(account, &bet.bet_id).await.unwrap();
    world.until_delivered().await;
    assert_eq!(world.points(account).await, 1_000);
    world.end().await;
}

#[sqlx::test]
async fn an_audit_that_has_counted_what_was_restored_away_says_so(pool: PgPool) {
    let world = World::start(&pool).await;
    run(&pool, "INSERT INTO audit_cursors (name, xid) VALUES ('bets', '1000000000') ON CONFLICT (name) DO UPDATE SET xid = excluded.xid")
        .await;
    world.until_metric(AHEAD, "bets", |ahead| ahead > 0.5).await;
    until_reported(&world, "bets").await;
    run(&pool, "TRUNCATE audit_cursors, audit_markets, audit_outcomes, audit_positions, audit_findings")
        .await;
    world.until_metric(AHEAD, "bets", |ahead| ahead < 0.5).await;
    world.end().await;
}
