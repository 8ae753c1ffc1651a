//! Ranks among many, most of them with a profit of 0.

use loljoa_service_kit::{AccountId, postgres};
use sqlx::PgPool;
use uuid::Uuid;

use super::*;
use crate::{domain::leaderboard::Position, store::leaderboard};

const FEW: i32 = 10_000;
const MANY: i32 = 1_000_000;
/// A deeper index costs a page or two more for each look-up of a page of a hundred.
const TIMES: i64 = 3;

/// Accounts numbered from `from` up to below `to`; each tenth has a profit other than 0. Indexes that are built afterwards
/// are built faster.
async fn fill(pool: &PgPool, from: i32, to: i32) {
    let statements = [
        "SET LOCAL session_replication_role = replica",
        "ALTER TABLE users DROP CONSTRAINT users_username_key",
        "DROP INDEX user_balances_by_profit",
        "INSERT INTO users
        SELECT ('018f0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, n, n, '', 'user', now()
        FROM generate_series($1, $2 - 1) n",
        "INSERT INTO user_balances
        SELECT ('018f0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 1000, 0,
            CASE WHEN n % 10 = 0 THEN (n::bigint * 7919) % 20001 - 10000 ELSE 0 END
        FROM generate_series($1, $2 - 1) n",
        "ALTER TABLE users ADD CONSTRAINT users_username_key UNIQUE (username_key)",
        "CREATE INDEX user_balances_by_profit ON user_balances (profit DESC, account_id)",
        "ANALYZE users",
        "ANALYZE user_balances",
    ];
    let mut filling = postgres::begin(pool).await.unwrap();
    for statement in statements {
        let mut query = sqlx::query(statement);
        if statement.contains("$1") {
            query = query.bind(from).bind(to);
        }
        query.execute(&mut *filling).await.unwrap();
    }
    renew(&mut filling).await.unwrap();
    filling.commit().await.unwrap();
}

fn account(n: i32) -> AccountId {
    format!("018f0000-0000-7000-8000-{n:012x}").parse::<Uuid>().unwrap().into()
}

/// The pages of tables and indexes that this session has looked at in its present transaction.
async fn pages(connection: &mut PgConnection) -> i64 {
    sqlx::query_scalar(
        "SELECT sum(pg_stat_get_xact_blocks_fetched(oid))::bigint FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i')",
    )
    .fetch_one(connection)
    .await
    .unwrap()
}

/// What ranks and pages of the leaderboard cost, each in pages looked at, wherever the cursor points.
async fn costs(pool: &PgPool, accounts: i32) -> Vec<i64> {
    let everyone = (Points(i64::MIN), Points(i64::MAX));
    let after = |profit, n| Some(Position { profit: Points(profit), account: account(n) });
    let cursors =
        [None, after(0, accounts / 2), after(0, accounts - 1), after(-9_999, 0), after(i64::MIN, 0)];
    let mut transaction = postgres::begin(pool).await.unwrap();
    let (mut costs, mut before) = (Vec::new(), pages(&mut transaction).await);
    for profit in [i64::MAX, 9_000, 1, 0, -1, -9_000, i64::MIN] {
        better(&mut *transaction, Points(profit)).await.unwrap();
        let now = pages(&mut transaction).await;
        costs.push(now - std::mem::replace(&mut before, now));
    }
    for cursor in cursors {
        leaderboard::page(&mut *transaction, everyone, cursor, 100).await.unwrap();
        let now = pages(&mut transaction).await;
        costs.push(now - std::mem::replace(&mut before, now));
    }
    costs
}

#[sqlx::test]
async fn a_rank_and_a_page_cost_the_same_among_a_million_accounts(pool: PgPool) {
    fill(&pool, 0, FEW).await;
    let among_few = costs(&pool, FEW).await;
    fill(&pool, FEW, MANY).await;
    let among_many = costs(&pool, MANY).await;
    let most = among_few.iter().max().unwrap() * TIMES;
    assert!(among_many.iter().all(|cost| *cost <= most), "{among_many:?} pages, {among_few:?} among few");

    for profit in [20_000, 10_000, 9_999, 5_001, 1, 0, -1, -4_321, -9_999, -10_000, -20_000] {
        let counted: i64 = sqlx::query_scalar("SELECT count(*) FROM user_balances WHERE profit > $1")
            .bind(profit)
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(better(&pool, Points(profit)).await.unwrap(), counted, "above {profit}");
    }
}

#[sqlx::test]
async fn who_moves_between_anchors_is_counted_at_once(pool: PgPool) {
    fill(&pool, 0, FEW).await;
    let before = better(&pool, Points(5_000)).await.unwrap();
    let risen = "UPDATE user_balances SET profit = 5001 WHERE profit = -9999";
    let risen = i64::try_from(sqlx::query(risen).execute(&pool).await.unwrap().rows_affected()).unwrap();
    assert!(risen > 0 || better(&pool, Points(-10_000)).await.unwrap() > 0);
    assert_eq!(better(&pool, Points(5_000)).await.unwrap(), before + risen);
}

#[sqlx::test]
async fn one_of_many_replicas_renews_the_anchors(pool: PgPool) {
    let (mut one, mut other) = (postgres::begin(&pool).await.unwrap(), postgres::begin(&pool).await.unwrap());
    assert!(is_due(&mut one).await.unwrap());
    assert!(!is_due(&mut other).await.unwrap(), "the first is at it");
    let pause = PgInterval { months: 0, days: 0, microseconds: 60_000_000 };
    renew(&mut one).await.unwrap();
    schedule(&mut one, pause).await.unwrap();
    one.commit().await.unwrap();
    assert!(!is_due(&mut other).await.unwrap(), "the first has done it");
}
