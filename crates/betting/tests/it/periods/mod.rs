//! Bets by period: across a change of period, when one is archived, and when the table becomes partitions.

mod archive;
mod change;
mod migration;
mod plans;

use loljoa_service_kit::{ids, postgres};
use sqlx::PgPool;
use uuid::Uuid;

use crate::harness::eventually;

/// Runs what no service does, and what may therefore wait in a circle with one.
async fn run(pool: &PgPool, statement: &'static str) {
    postgres::retrying(|| sqlx::query(statement).execute(pool)).await.unwrap();
}

/// Begins the next period, and answers the one that has ended.
async fn change(pool: &PgPool) -> i32 {
    let ended: i32 = current(pool).await;
    let began: bool =
        sqlx::query_scalar("SELECT begin_period($1)").bind(ended + 1).fetch_one(pool).await.unwrap();
    assert!(began);
    sqlx::query("SELECT add_bets_partition($1)").bind(ended + 2).execute(pool).await.unwrap();
    ended
}

async fn current(pool: &PgPool) -> i32 {
    sqlx::query_scalar("SELECT period FROM periods WHERE ended_at IS NULL").fetch_one(pool).await.unwrap()
}

/// An open market with one outcome of the same id.
async fn open_market(pool: &PgPool) -> Uuid {
    let market = ids::fresh();
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

/// Records bets of as many accounts.
async fn bet(pool: &PgPool, market: Uuid, bets: i64) {
    sqlx::query(
        "SELECT FROM (
            SELECT array_agg(gen_random_uuid()) AS ids, array_agg($1) AS market, array_agg(100::bigint) AS stakes,
                array_agg(sha256('')) AS hashes
            FROM generate_series(1, $2)
        ) b, record_bets(ids, ids, market, market, stakes, hashes)",
    )
    .bind(market)
    .bind(bets)
    .execute(pool)
    .await
    .unwrap();
}

/// A market with bets that has been voided, and everything paid back.
async fn void_market(pool: &PgPool, bets: i64) -> Uuid {
    let market = open_market(pool).await;
    bet(pool, market, bets).await;
    for statement in [
        "UPDATE markets SET state = 'voiding', void_reason = 'admin' WHERE market_id = $1",
        "SELECT close_bets($1, array_agg(bet_id), array_agg('void'::text), array_agg(stake), array_agg('void'::text), max(seq))
         FROM bets WHERE market_id = $1",
        "DELETE FROM owed WHERE market_id = $1",
        "UPDATE markets SET state = 'void', closed_at = clock_timestamp() WHERE market_id = $1",
    ] {
        sqlx::query(statement).bind(market).execute(pool).await.unwrap();
    }
    market
}

/// Has the audit have seen everything that there is, as far as it can be read.
async fn audited(pool: &PgPool) {
    eventually(async || {
        let readable =
            "SELECT NOT EXISTS (SELECT FROM bets WHERE changed_xid >= pg_snapshot_xmin(pg_current_snapshot()))";
        let readable: bool = sqlx::query_scalar(readable).fetch_one(pool).await.unwrap();
        readable.then_some(())
    })
    .await;
    for statement in [
        "INSERT INTO audit_cursors (name, xid, seq)
         SELECT 'bets', coalesce(max(changed_xid), '0'), 9223372036854775807 FROM bets
         ON CONFLICT (name) DO UPDATE SET xid = excluded.xid, seq = excluded.seq",
        "INSERT INTO audit_markets (market_id, dirty, emptied) SELECT market_id, false, true FROM markets
         ON CONFLICT (market_id) DO UPDATE SET dirty = false, emptied = true",
    ] {
        run(pool, statement).await;
    }
}
