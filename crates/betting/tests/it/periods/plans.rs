//! No path reads through a partition that it has no business in.

use loljoa_betting::{audit, periods};
use loljoa_service_kit::{BetId, MarketId, ids};
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use uuid::Uuid;

use super::{bet, change, open_market, run};

/// Rows of partitions that have been read from one end to the other.
async fn read_through(pool: &PgPool) -> i64 {
    run(pool, "SELECT pg_stat_force_next_flush()").await;
    let rows = "SELECT coalesce(sum(seq_tup_read), 0)::bigint FROM pg_stat_user_tables WHERE relname LIKE 'bets\\_%'";
    sqlx::query_scalar(rows).fetch_one(pool).await.unwrap()
}

#[sqlx::test]
async fn with_several_periods_every_function_finds_its_bets_by_index(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    // One connection, because each has counts of its own.
    let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    let mut markets = Vec::new();
    for _ in 0..2 {
        let market = open_market(&pool).await;
        for _ in 0..20 {
            bet(&pool, market, 500).await;
        }
        markets.push(market);
        change(&pool).await;
    }
    run(&pool, "ANALYZE").await;
    let some: Vec<Uuid> =
        sqlx::query_scalar("SELECT bet_id FROM bets WHERE seq IN (5, 15, 25, 15005, 15015)")
            .fetch_all(&pool)
            .await
            .unwrap();
    let before = read_through(&pool).await;
    for market in &markets {
        bet(&pool, *market, 10).await;
        for statement in [
            "SELECT tombstone_stakes(array_agg(id), array_agg(id), array_agg($1), array_agg(100::bigint), array_agg(sha256('')))
             FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, 5)) i",
            "SELECT audit_fold($1, 3)",
            "SELECT audit_compare($1, '{}', '{}')",
            "SELECT next_market_of_period((SELECT period FROM markets WHERE market_id = $1), $1)",
            "SELECT period_obstacles((SELECT period FROM markets WHERE market_id = $1))",
        ] {
            sqlx::query(statement).bind(market).execute(&pool).await.unwrap();
        }
    }
    for statement in [
        "SELECT cancel_bets($1, (SELECT array_agg(account_id) FROM bets WHERE bet_id = ANY ($1)), '0', 0)",
        "SELECT withdraw_bets($1, 'refunded', 'tombstone', clock_timestamp())",
        "SELECT audit_pass('0', 0, (SELECT changed_xid FROM bets WHERE bet_id = ANY ($1) ORDER BY seq LIMIT 1), 9)",
    ] {
        sqlx::query(statement).bind(&some).execute(&pool).await.unwrap();
    }
    let bets: Vec<_> = some.iter().copied().map(BetId).collect();
    audit::bets(&pool, &bets).await.unwrap();
    audit::known_bets(&pool, &bets).await.unwrap();
    audit::bets_after(&pool, Some((MarketId(markets[0]), 3)), 10).await.unwrap();
    loljoa_betting::reconcile::cases(&pool, &bets).await.unwrap();
    periods::archived_markets(&pool, &[MarketId(ids::fresh())]).await.unwrap();
    assert_eq!(read_through(&pool).await - before, 0);
    // The same count sees one that does.
    run(&pool, "SELECT count(stake) FROM bets WHERE stake > 1").await;
    assert!(read_through(&pool).await - before > 20_000);
}
