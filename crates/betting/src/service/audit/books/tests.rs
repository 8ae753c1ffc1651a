use loljoa_service_kit::ids;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::*;
use crate::store::audit::changes;

const NEW: i64 = 100;

/// Rows of betting's tables that have been read so far, by whatever plan.
async fn rows_read(pool: &PgPool) -> i64 {
    sqlx::query("SELECT pg_stat_force_next_flush()").execute(pool).await.unwrap();
    let read =
        "SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint FROM pg_stat_user_tables";
    sqlx::query_scalar(read).fetch_one(pool).await.unwrap()
}

/// An open market with one outcome.
async fn open_market(pool: &PgPool) -> MarketId {
    let market = MarketId(ids::fresh());
    for statement in [
        "INSERT INTO matches VALUES ($1, 1, 'scheduled', clock_timestamp() + interval '1 day')",
        "INSERT INTO markets (market_id, match_id, template, question_en, question_ko, lock_at)
         VALUES ($1, $1, 'custom', '', '', clock_timestamp() + interval '1 day')",
        "INSERT INTO outcomes (outcome_id, market_id, ordinal, key, label_en, label_ko) VALUES ($1, $1, 0, '0', '', '')",
    ] {
        sqlx::query(statement).bind(market).execute(pool).await.unwrap();
    }
    market
}

/// Adds bets of a thousand accounts, with all that follows from them.
async fn add_bets(pool: &PgPool, market: MarketId, bets: i64) {
    for statement in [
        "INSERT INTO bets (bet_id, account_id, market_id, outcome_id, stake, state, placed_odds_hundredths, fingerprint,
            recorded_at, period)
         SELECT gen_random_uuid(), md5((n % 1000)::text)::uuid, $1, $1, 100, 'accepted', 100, sha256(''), clock_timestamp(),
            (SELECT period FROM markets WHERE market_id = $1)
         FROM generate_series(1, $2) n",
        "INSERT INTO positions AS p (outcome_id, account_id, stake, bets, since_seq)
         SELECT outcome_id, account_id, sum(stake), count(*), min(seq) FROM bets
         WHERE market_id = $1 AND changed_xid = (SELECT max(changed_xid) FROM bets) AND $2 > 0 GROUP BY 1, 2
         ON CONFLICT (outcome_id, account_id) DO UPDATE SET
            stake = p.stake + excluded.stake, bets = p.bets + excluded.bets,
            since_seq = CASE WHEN p.bets = 0 THEN excluded.since_seq ELSE p.since_seq END",
        "UPDATE outcomes o SET pool = o.pool + 100 * $2, bettors = s.bettors, top_account_id = s.account_id,
            top_stake = s.stake, top_seq = s.since_seq
         FROM (SELECT account_id, stake, since_seq, count(*) OVER () AS bettors FROM positions WHERE outcome_id = $1
            AND bets > 0 ORDER BY stake DESC, since_seq LIMIT 1) s
         WHERE outcome_id = $1",
        "UPDATE markets SET pool = pool + 100 * $2, revision = revision + 1 WHERE market_id = $1",
    ] {
        sqlx::query(statement).bind(market).bind(bets).execute(pool).await.unwrap();
    }
}

/// Waits until every change can be read: transactions of other stories on the same server hold the watermark back.
async fn until_readable(pool: &PgPool) {
    let readable =
        "SELECT NOT EXISTS (SELECT FROM bets WHERE changed_xid >= pg_snapshot_xmin(pg_current_snapshot()))";
    while !sqlx::query_scalar::<_, bool>(readable).fetch_one(pool).await.unwrap() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Looks at all that is new, as the auditor does, but for asking the ledger.
async fn look(pool: &PgPool, market: MarketId) {
    loop {
        let from = changes::place(pool).await.unwrap();
        let page = changes::page(pool, from, 1_000).await.unwrap();
        let Some(last) = page.last() else { break };
        assert!(changes::pass(&mut pool.acquire().await.unwrap(), from, last.place()).await.unwrap());
    }
    while step(pool, market, &[], CHUNK).await.unwrap() == Step::Behind {}
}

/// The rows that are read to take a hundred new bets into account.
async fn cost(pool: &PgPool, market: MarketId) -> i64 {
    add_bets(pool, market, NEW).await;
    until_readable(pool).await;
    let before = rows_read(pool).await;
    look(pool, market).await;
    rows_read(pool).await - before
}

async fn findings(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM audit_findings").fetch_one(pool).await.unwrap()
}

#[sqlx::test]
async fn a_look_costs_what_is_new_and_not_what_is_there(_: PgPoolOptions, options: PgConnectOptions) {
    // One connection, because each has counts of its own.
    let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    let market = open_market(&pool).await;
    add_bets(&pool, market, 2_000).await;
    until_readable(&pool).await;
    look(&pool, market).await;
    let few = cost(&pool, market).await;
    add_bets(&pool, market, 60_000).await;
    until_readable(&pool).await;
    look(&pool, market).await;
    let many = cost(&pool, market).await;
    assert!(few >= NEW && many <= few + few / 5, "{few} rows at 2,000 bets, {many} at 62,000");

    // The same count sees what a look at everything costs.
    let before = rows_read(&pool).await;
    assert_eq!(crate::audit::full(&pool).await.unwrap(), []);
    assert!(rows_read(&pool).await - before > 60_000);
    assert_eq!(findings(&pool).await, 0);
}

#[sqlx::test]
async fn a_market_is_counted_in_chunks_and_found_equal_with_ends_that_have_not_passed(pool: PgPool) {
    let market = open_market(&pool).await;
    add_bets(&pool, market, 50).await;
    let mut behind = 0;
    while step(&pool, market, &[], 20).await.unwrap() == Step::Behind {
        behind += 1;
    }
    assert_eq!(behind, 2);
    // A bet ends behind the cursor, and others are recorded above the watermark.
    let withdraw =
        "SELECT withdraw_bets(ARRAY(SELECT bet_id FROM bets WHERE seq <= 7), 'refunded', 'tombstone',
        clock_timestamp())";
    sqlx::query(withdraw).execute(&pool).await.unwrap();
    add_bets(&pool, market, 5).await;
    assert_eq!(step(&pool, market, &[], 20).await.unwrap(), Step::Compared);
    assert_eq!(findings(&pool).await, 0);
    until_readable(&pool).await;
    look(&pool, market).await;
    assert_eq!(findings(&pool).await, 0);
    sqlx::query("UPDATE markets SET pool = pool - 100").execute(&pool).await.unwrap();
    look(&pool, market).await;
    assert_eq!(findings(&pool).await, 1);
}
