//! Bets, payments and tombstones while one period ends and the next begins.

use futures::future::join_all;
use loljoa_proto::betting::v1::{BetState, MarketState};
use loljoa_service_kit::{ids, postgres};
use sqlx::PgPool;
use uuid::Uuid;

use super::{change, current, open_market};
use crate::harness::{Bet, World, until_blocked};

/// Records a bet, or gives its stake up, for one id.
async fn decide(db: impl sqlx::PgExecutor<'_>, bet: Uuid, market: Uuid, records: bool) {
    let statement = if records {
        "SELECT FROM record_bets(ARRAY[$1], ARRAY[$1], ARRAY[$2], ARRAY[$2], ARRAY[100::bigint], ARRAY[sha256('')])"
    } else {
        "SELECT tombstone_stakes(ARRAY[$1], ARRAY[$1], ARRAY[$2], ARRAY[100::bigint], ARRAY[sha256('')])"
    };
    sqlx::query(statement).bind(bet).bind(market).execute(db).await.unwrap();
}

async fn periods_of(pool: &PgPool, bet: Uuid) -> Vec<i32> {
    sqlx::query_scalar("SELECT period FROM bets WHERE bet_id = $1").bind(bet).fetch_all(pool).await.unwrap()
}

#[sqlx::test]
async fn an_id_that_no_market_has_is_decided_once_while_the_period_changes(pool: PgPool) {
    for [first, second] in [[false, true], [true, false], [false, false]] {
        let (bet, market, period) = (ids::fresh(), ids::fresh(), current(&pool).await);
        let mut earlier = postgres::begin(&pool).await.unwrap();
        decide(&mut *earlier, bet, market, first).await;
        // The period ends once the earlier one has, and the later one comes when it is about to.
        let changing = tokio::spawn({
            let pool = pool.clone();
            async move { change(&pool).await }
        });
        until_blocked(&pool, 1).await;
        let later = tokio::spawn({
            let pool = pool.clone();
            async move { decide(&pool, bet, market, second).await }
        });
        until_blocked(&pool, 2).await;
        earlier.commit().await.unwrap();
        assert_eq!(changing.await.unwrap(), period);
        later.await.unwrap();
        assert_eq!(periods_of(&pool, bet).await, [period]);
        // And again, when the market has come into being.
        sqlx::query("INSERT INTO matches VALUES ($1, 1, 'scheduled', clock_timestamp())")
            .bind(market)
            .execute(&pool)
            .await
            .unwrap();
        sqlx::query(
            "INSERT INTO markets (market_id, match_id, template, question_en, question_ko, lock_at)
             VALUES ($1, $1, 'custom', '', '', clock_timestamp())",
        )
        .bind(market)
        .execute(&pool)
        .await
        .unwrap();
        decide(&pool, bet, market, second).await;
        decide(&pool, bet, market, first).await;
        assert_eq!(periods_of(&pool, bet).await, [period]);
    }
}

#[sqlx::test]
async fn a_bet_and_its_tombstone_meet_in_the_markets_period_whatever_period_goes_on(pool: PgPool) {
    let market = open_market(&pool).await;
    let period = change(&pool).await;
    for [first, second] in [[false, true], [true, false]] {
        let bet = ids::fresh();
        let mut earlier = postgres::begin(&pool).await.unwrap();
        decide(&mut *earlier, bet, market, first).await;
        let later = tokio::spawn({
            let pool = pool.clone();
            async move { decide(&pool, bet, market, second).await }
        });
        // Neither sees the other; the partition's primary key has the second wait.
        until_blocked(&pool, 1).await;
        earlier.commit().await.unwrap();
        later.await.unwrap();
        assert_eq!(periods_of(&pool, bet).await, [period]);
    }
}

#[sqlx::test]
async fn bets_that_are_sent_again_and_again_across_a_change_of_period_are_applied_once(pool: PgPool) {
    let world = World::start(&pool).await;
    let old = world.game().await;
    let account = world.account_with("faker", 100_000).await;
    let side = |n: i64| if n % 2 == 0 { "T1" } else { "GEN" };
    let bets: Vec<_> = (0..40).map(|n| Bet::on(&old.winner, side(n), account, 100 + n)).collect();
    let send = |bets: &[Bet]| {
        let bets = bets.to_vec();
        join_all(bets.into_iter().map(|bet| async { world.betting().bet(&{ bet }).await }))
    };
    send(&bets[..20]).await;
    let (_, period) = tokio::join!(send(&bets), change(&pool));
    send(&bets).await;
    let staked: i64 = bets.iter().map(|bet| bet.0.stake).sum();
    assert_eq!(world.points(account).await, 100_000 - staked);

    let new = world.game().await;
    send(&[Bet::on(&new.winner, "T1", account, 300)]).await;
    let kept: Vec<(Uuid, i32, i64)> =
        sqlx::query_as("SELECT market_id, period, count(*) FROM bets GROUP BY 1, 2 ORDER BY 2")
            .fetch_all(&pool)
            .await
            .unwrap();
    let id = |market: &str| Uuid::parse_str(market).unwrap();
    assert_eq!(kept, [(id(&old.winner.market_id), period, 40), (id(&new.winner.market_id), period + 1, 1)]);

    // Everything that becomes of bets of the period before goes on in this one.
    let cancelled = bets[0].id().to_string();
    assert_eq!(world.betting().cancel(account, &cancelled).await.unwrap().state(), BetState::Cancelled);
    world.betting().lock(&old.winner).await.unwrap();
    world.betting().settle(&old.winner, "T1").await.unwrap();
    let market = world.until(&old.winner, MarketState::Settled).await;
    assert_eq!(market.pool, staked - 100);
    let (corrected, _) = world.betting().correct(&old.winner, "GEN").await.unwrap();
    assert_eq!(corrected, 20);
    world.until_delivered().await;
    assert_eq!(world.points(account).await, 100_000 - 300 + market.pool);
    world.end().await;
}

#[sqlx::test]
async fn a_service_that_starts_in_a_later_year_begins_its_period(pool: PgPool) {
    // As if the database had been migrated a year ago.
    let due = current(&pool).await;
    for statement in [
        "CREATE TABLE bets_last (LIKE bets INCLUDING DEFAULTS INCLUDING CONSTRAINTS, PRIMARY KEY (bet_id))",
        "DO $$ BEGIN EXECUTE format('ALTER TABLE bets ATTACH PARTITION bets_last FOR VALUES IN (%s)',
            (SELECT period - 1 FROM periods)); END $$",
        "UPDATE periods SET period = period - 1",
    ] {
        super::run(&pool, statement).await;
    }
    let world = World::start(&pool).await;
    world
        .until_metric("loljoa_current_period", "betting", |period| (period - f64::from(due)).abs() < 0.5)
        .await;
    assert_eq!(current(&pool).await, due);
    world.end().await;
}
