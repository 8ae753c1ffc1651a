//! What anybody may ask about betting: every replica says the same, because it follows from the database.

use loljoa_proto::betting::v1::{GetStatusRequest, GetStatusResponse, MarketState};
use loljoa_service_kit::postgres;
use sqlx::PgPool;

use crate::harness::{Bet, Replica, World, eventually};

const DAY: i64 = 86_400;
const OLDEST: &str = "loljoa_settlement_oldest_timestamp_seconds";

async fn status(replica: &Replica) -> GetStatusResponse {
    replica.betting.clone().get_status(GetStatusRequest {}).await.unwrap().into_inner()
}

/// Waits until a replica says so.
async fn until(replica: &Replica, wanted: impl Fn(&GetStatusResponse) -> bool) -> GetStatusResponse {
    eventually(async || Some(status(replica).await).filter(&wanted)).await
}

async fn run(pool: &PgPool, statement: &'static str) {
    postgres::retrying(|| sqlx::query(statement).execute(pool)).await.unwrap();
}

#[sqlx::test]
async fn a_bet_is_counted_once_by_whichever_replica_took_it(pool: PgPool) {
    let mut world = World::start(&pool).await;
    world.add_replica(|_| ()).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    let bets: Vec<_> = (0..5).map(|_| Bet::on(&game.winner, "T1", account, 100)).collect();
    for bet in &bets[..3] {
        world.replica(0).bet(bet).await;
    }
    // Asked for again it is the same bet; and what is refused is none.
    world.replica(1).bet(&bets[0]).await;
    world.replica(1).place(&Bet::on(&game.winner, "T1", account, 5_000)).await.unwrap_err();
    let [one, other] = [&bets[3], &bets[4]];
    let placed = world.replica(1).place_all(vec![one.clone(), one.clone(), other.clone()]).await;
    assert!(placed.iter().all(Result::is_ok), "{placed:?}");
    for n in 0..2 {
        until(world.replica(n), |status| status.accepted == 5).await;
    }
    world.betting().bet(&Bet::on(&game.winner, "T1", account, 100)).await;
    // Who stops has written down what it has accepted.
    world.restart_replicas().await;
    assert_eq!(status(world.betting()).await.accepted, 6);
    world.end().await;
}

#[sqlx::test]
async fn counts_are_those_of_the_last_minute_and_the_last_day(pool: PgPool) {
    let mut world = World::start(&pool).await;
    let now = world.now().await;
    let begun = status(world.betting()).await;
    let age = now.timestamp() - begun.accepted_since.unwrap().seconds;
    assert!((0..600).contains(&age), "counting began {age} s ago");
    run(&pool, "DELETE FROM accepted_bets").await;
    run(
        &pool,
        "INSERT INTO accepted_bets SELECT date_bin('10 seconds', clock_timestamp() - ago, 'epoch'), bets
         FROM (VALUES (interval '30 seconds', 120), ('2 minutes', 1000), ('25 hours', 7), ('26 hours', 9)) AS v (ago, bets)",
    )
    .await;
    let counted = status(world.betting()).await;
    assert_eq!((counted.accepted_last_minute, counted.accepted), (120, 1_120));
    let since = now.timestamp() - counted.accepted_since.unwrap().seconds;
    assert!((DAY - 600..=DAY).contains(&since), "since {since} s");
    world.add_replica(|config| config.retention.interval_ms = 10).await;
    let left = async || {
        let counts: Vec<i64> = sqlx::query_scalar("SELECT bets FROM accepted_bets ORDER BY begins")
            .fetch_all(&pool)
            .await
            .unwrap();
        (counts == [7, 1_000, 120]).then_some(())
    };
    eventually(left).await;
    let swept = status(world.betting()).await;
    assert_eq!(swept.accepted, 1_120, "the day is whole");
    world.end().await;
}

#[sqlx::test]
async fn a_settlement_is_late_since_it_began(pool: PgPool) {
    let mut world = World::start(&pool).await;
    world.add_replica(|_| ()).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    world.betting().bet(&Bet::on(&game.winner, "T1", account, 200)).await;
    assert_eq!(status(world.betting()).await.settling_markets, 0);
    world.until_delivered().await;
    world.stop_account_service().await;
    world.feed.say(game.fixture.completed(2, [2, 0]));
    // Nobody can be paid: the market stays on its way. Those without bets are over at once.
    world.until(&game.winner, MarketState::Settling).await;
    world.until(&game.score, MarketState::Void).await;
    world.until(&game.sets, MarketState::Void).await;
    run(
        &pool,
        "UPDATE markets SET ending_since = ending_since - interval '2 minutes' WHERE state = 'settling'",
    )
    .await;
    for n in 0..2 {
        let late = status(world.replica(n)).await;
        assert_eq!(late.settling_markets, 1);
        assert!((120_000..240_000).contains(&late.settling_ms), "{late:?}");
    }
    // In whole seconds, of which the last has not passed.
    let now = f64::from(u32::try_from(world.now().await.timestamp()).unwrap());
    let is_late = |since: f64| (119.0..240.0).contains(&(now - since));
    // Whoever goes on with it knows when it began.
    world.restart_replicas().await;
    world.until_metric(OLDEST, "betting", is_late).await;
    world.start_account_service().await;
    world.until(&game.winner, MarketState::Settled).await;
    let paid = until(world.betting(), |status| status.settling_markets == 0).await;
    assert_eq!(paid.settling_ms, 0);
    world.until_metric(OLDEST, "betting", |since| since < 0.5).await;
    let took = world.metric("loljoa_settlement_seconds_sum", "betting");
    assert!((120.0..240.0).contains(&took), "the time from its decision is told: {took} s");
    let began: i64 = sqlx::query_scalar("SELECT count(*) FROM markets WHERE ending_since <= closed_at")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(began, 3, "each is known to have begun before it ended");
    world.end().await;
}

#[sqlx::test]
async fn a_difference_is_told_by_every_replica_until_it_is_mended(pool: PgPool) {
    let mut world = World::start(&pool).await;
    world.add_replica(|_| ()).await;
    let game = world.game().await;
    let account = world.account("faker").await;
    world.betting().bet(&Bet::on(&game.winner, "T1", account, 200)).await;
    world.until_audited().await;
    for n in 0..2 {
        let clean = until(world.replica(n), |status| status.audited_at.is_some()).await;
        assert_eq!(clean.differences, 0);
    }
    run(&pool, "UPDATE markets SET pool = pool + 1").await;
    for n in 0..2 {
        until(world.replica(n), |status| status.differences > 0).await;
    }
    run(&pool, "UPDATE markets SET pool = pool - 1").await;
    for n in 0..2 {
        until(world.replica(n), |status| status.differences == 0).await;
    }
    world.end().await;
}

#[sqlx::test]
async fn an_audit_is_as_old_as_its_oldest_check(pool: PgPool) {
    let world = World::start(&pool).await;
    until(world.betting(), |status| status.audited_at.is_some()).await;
    run(
        &pool,
        "UPDATE feed_cursors SET holder = gen_random_uuid(), leased_until = 'infinity' WHERE consumer = 'audit'",
    )
    .await;
    // A look that was under way still ends.
    eventually(async || {
        run(
            &pool,
            "UPDATE audit_cursors SET succeeded_at = clock_timestamp() - interval '10 minutes' WHERE name = 'finals'",
        )
        .await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let age_ms = status(world.betting()).await.audit_age_ms;
        (600_000..660_000).contains(&age_ms).then_some(())
    })
    .await;
    run(&pool, "UPDATE audit_cursors SET succeeded_at = NULL WHERE name = 'finals'").await;
    let never = status(world.betting()).await;
    assert_eq!((never.audited_at, never.audit_age_ms), (None, 0));
    run(&pool, "UPDATE feed_cursors SET leased_until = '-infinity' WHERE consumer = 'audit'").await;
    world.end().await;
}
