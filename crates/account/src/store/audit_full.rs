//! The full audit: accounts rebuilt from their first transfer on, range by range; of archived periods, from their sums.

use loljoa_service_kit::{AccountId, Points, postgres};
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use uuid::Uuid;

use crate::domain::audit::{Holding, Rebuilt};

/// A transaction that sees one state of the database, whose statements may take as long as they need.
///
/// It locks before it looks: a period that is archived while it looks would be seen neither in its tables nor by its sums.
pub(crate) async fn snapshot(pool: &PgPool) -> sqlx::Result<Transaction<'static, Postgres>> {
    let mut snapshot = postgres::begin_with(pool, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    lift_timeout(&mut snapshot).await?;
    sqlx::query!("LOCK TABLE transfers, bet_results IN ACCESS SHARE MODE").execute(&mut *snapshot).await?;
    Ok(snapshot)
}

/// Lets the statements of this transaction take as long as they need.
pub(crate) async fn lift_timeout(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("SET LOCAL statement_timeout = 0").execute(connection).await?;
    Ok(())
}

/// The account at this place behind another, counted from 1; none when there are not so many.
pub(crate) async fn nth_account(
    connection: &mut PgConnection,
    after: Uuid,
    place: i64,
) -> sqlx::Result<Option<AccountId>> {
    sqlx::query_scalar!(
        r#"SELECT account_id AS "account: AccountId" FROM user_balances
        WHERE account_id > $1 ORDER BY account_id OFFSET $2 LIMIT 1"#,
        after,
        place - 1,
    )
    .fetch_optional(connection)
    .await
}

/// Rebuilds the accounts behind `after` up to `through`, also those that have transfers and are not stored.
///
/// A result is found by its stake, because an index by account would cost every settlement.
pub(crate) async fn rebuilt(
    connection: &mut PgConnection,
    after: Uuid,
    through: Uuid,
) -> sqlx::Result<Vec<Rebuilt>> {
    let rows = sqlx::query!(
        r#"WITH moved AS (
            SELECT account_id, sum(balance_change(kind, points))::bigint AS balance,
                sum(staked_change(kind, points))::bigint AS staked, sum(profit_change(kind, points))::bigint AS profit
            FROM transfers WHERE account_id > $1 AND account_id <= $2 GROUP BY account_id
        ), opened AS (
            SELECT id AS account_id, balance, staked, profit FROM opening_balances
            WHERE id > $1 AND id <= $2 AND NOT is_system
        ), stakes AS (
            SELECT account_id, bet_id FROM transfers
            WHERE kind = 'stake' AND account_id > $1 AND account_id <= $2
            UNION ALL
            SELECT account_id, bet_id FROM carried_stakes WHERE account_id > $1 AND account_id <= $2
        ), decided AS (
            SELECT s.account_id, sum(r.staked)::bigint AS staked, sum(r.paid - r.staked)::bigint AS profit,
                count(*) AS results
            FROM stakes s
            CROSS JOIN LATERAL (SELECT * FROM bet_results WHERE bet_id = s.bet_id LIMIT 1) r
            WHERE r.account_id = s.account_id
            GROUP BY s.account_id
        ), stored AS (
            SELECT * FROM user_balances WHERE account_id > $1 AND account_id <= $2
        )
        SELECT account_id AS "account!: AccountId",
            coalesce(opened.balance, 0) + coalesce(moved.balance, 0) AS "balance!: Points",
            coalesce(opened.staked, 0) + coalesce(moved.staked, 0) - coalesce(decided.staked, 0) AS "staked!: Points",
            coalesce(opened.profit, 0) + coalesce(moved.profit, 0) + coalesce(decided.profit, 0) AS "profit!: Points",
            coalesce(stored.balance, 0) AS "found_balance!: Points",
            coalesce(stored.staked, 0) AS "found_staked!: Points",
            coalesce(stored.profit, 0) AS "found_profit!: Points",
            stored.balance IS NOT NULL AS "is_stored!", coalesce(results, 0) AS "results!"
        FROM moved FULL JOIN stored USING (account_id) FULL JOIN opened USING (account_id) LEFT JOIN decided USING (account_id)
        ORDER BY account_id"#,
        after,
        through,
    )
    .fetch_all(connection)
    .await?;
    let rebuilt = rows.into_iter().map(|row| Rebuilt {
        account: row.account,
        expected: Holding { balance: row.balance, staked: row.staked, profit: row.profit },
        found: Holding { balance: row.found_balance, staked: row.found_staked, profit: row.found_profit },
        is_stored: row.is_stored,
        results: row.results,
    });
    Ok(rebuilt.collect())
}

/// The sum of all balances; zero, if all is well.
pub(crate) async fn sum(connection: &mut PgConnection) -> sqlx::Result<Points> {
    sqlx::query_scalar!(
        r#"SELECT (
            coalesce((SELECT sum(balance) FROM user_balances), 0)
            + coalesce((SELECT sum(balance) FROM system_balances), 0)
        )::bigint AS "sum!: Points""#
    )
    .fetch_one(connection)
    .await
}
