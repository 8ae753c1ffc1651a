//! The full audit: every balance rebuilt from the first transfer on.

use loljoa_service_kit::Points;
use sqlx::PgConnection;

use crate::audit::{Check, Difference};

/// How much an audit has looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) accounts: i64,
    pub(crate) transfers: i64,
    pub(crate) results: i64,
}

/// Lets the statements of this transaction take as long as they need.
pub(crate) async fn lift_timeout(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("SET LOCAL statement_timeout = 0").execute(connection).await?;
    Ok(())
}

/// How much there is to look at.
pub(crate) async fn counts(connection: &mut PgConnection) -> sqlx::Result<Counts> {
    sqlx::query_as!(
        Counts,
        r#"SELECT
            (SELECT count(*) FROM user_balances) AS "accounts!",
            (SELECT count(*) FROM transfers) AS "transfers!",
            (SELECT count(*) FROM bet_results) AS "results!""#
    )
    .fetch_one(connection)
    .await
}

/// Accounts and system accounts whose balance is not what the transfers make it.
pub(crate) async fn balances(connection: &mut PgConnection) -> sqlx::Result<Vec<Difference>> {
    let rows = sqlx::query!(
        r#"WITH rebuilt AS (
            SELECT id, sum(change)::bigint AS balance FROM (
                SELECT debit_id AS id, -points AS change FROM transfers
                UNION ALL
                SELECT credit_id, points FROM transfers
            ) sides GROUP BY id
        ), stored AS (
            SELECT account_id AS id, balance FROM user_balances
            UNION ALL
            SELECT ledger_id, sum(balance)::bigint FROM system_balances GROUP BY ledger_id
        )
        SELECT id AS "id!", coalesce(rebuilt.balance, 0) AS "expected!: Points",
            coalesce(stored.balance, 0) AS "found!: Points"
        FROM rebuilt FULL JOIN stored USING (id)
        WHERE coalesce(rebuilt.balance, 0) <> coalesce(stored.balance, 0)
        ORDER BY id"#
    )
    .fetch_all(connection)
    .await?;
    let difference = |id, expected, found| Difference { id, check: Check::Balance, expected, found };
    Ok(rows.into_iter().map(|row| difference(row.id, row.expected, row.found)).collect())
}

/// Accounts whose staked points or profit are not what transfers and results make them.
pub(crate) async fn staked_and_profit(connection: &mut PgConnection) -> sqlx::Result<Vec<Difference>> {
    let rows = sqlx::query!(
        r#"WITH rebuilt AS (
            SELECT account_id, sum(staked)::bigint AS staked, sum(profit)::bigint AS profit FROM (
                SELECT account_id, points AS staked, 0 AS profit FROM transfers WHERE kind = 'stake'
                UNION ALL
                SELECT account_id, -points, 0 FROM transfers WHERE kind IN ('cancel', 'void', 'tombstone')
                UNION ALL
                SELECT account_id, 0, points FROM transfers WHERE kind = 'correction'
                UNION ALL
                SELECT account_id, -staked, paid - staked FROM bet_results
            ) changes GROUP BY account_id
        ), compared AS (
            SELECT account_id, coalesce(r.staked, 0) AS staked, coalesce(b.staked, 0) AS found_staked,
                coalesce(r.profit, 0) AS profit, coalesce(b.profit, 0) AS found_profit
            FROM rebuilt r FULL JOIN user_balances b USING (account_id)
        )
        SELECT account_id AS "id!", staked AS "staked!: Points", found_staked AS "found_staked!: Points",
            profit AS "profit!: Points", found_profit AS "found_profit!: Points"
        FROM compared
        WHERE staked <> found_staked OR profit <> found_profit
        ORDER BY account_id"#
    )
    .fetch_all(connection)
    .await?;
    let differences = rows.into_iter().flat_map(|row| {
        let staked = (Check::Staked, row.staked, row.found_staked);
        let profit = (Check::Profit, row.profit, row.found_profit);
        [staked, profit]
            .map(|(check, expected, found)| Difference { id: row.id, check, expected, found })
            .into_iter()
            .filter(|difference| difference.expected != difference.found)
    });
    Ok(differences.collect())
}

/// Stakes that were applied although their marker refuses them.
pub(crate) async fn refused_stakes(connection: &mut PgConnection) -> sqlx::Result<Vec<Difference>> {
    let rows = sqlx::query!(
        r#"SELECT transfer_id AS id, points AS "found: Points"
        FROM transfers JOIN refused_stakes USING (transfer_id) ORDER BY transfer_id"#
    )
    .fetch_all(connection)
    .await?;
    let difference = |id, found| Difference { id, check: Check::RefusedStake, expected: Points::ZERO, found };
    Ok(rows.into_iter().map(|row| difference(row.id, row.found)).collect())
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
