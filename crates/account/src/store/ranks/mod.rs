//! How many accounts stand before one, at a cost that does not grow with their number.

use loljoa_service_kit::Points;
use sqlx::{PgConnection, PgExecutor, postgres::types::PgInterval};

/// The most accounts that are counted one by one. There are fewer between two anchors unless hundreds have moved there
/// since the anchors were taken.
const MOST_COUNTED: i64 = 10_000;

/// How many accounts have a greater profit: those at the next anchor above as of its time, those in between as of now.
pub(crate) async fn better(executor: impl PgExecutor<'_>, profit: Points) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"WITH anchor AS (
            SELECT profit, CASE WHEN profit = $1 THEN better ELSE better + accounts END AS better
            FROM rank_anchors WHERE profit >= $1 ORDER BY profit LIMIT 1
        )
        SELECT coalesce((SELECT better FROM anchor), 0) + (
            SELECT count(*) FROM (
                SELECT FROM user_balances
                WHERE profit > $1 AND profit < coalesce((SELECT profit FROM anchor), 9223372036854775807)
                LIMIT $2
            ) between_them
        ) AS "better!""#,
        profit.0,
        MOST_COUNTED,
    )
    .fetch_one(executor)
    .await
}

/// Whether the anchors are to be renewed, and by this transaction alone.
pub(crate) async fn is_due(connection: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT next_at <= clock_timestamp() AND pg_try_advisory_xact_lock(hashtext('loljoa.account.ranks')) AS "due!"
        FROM rank_snapshot"#
    )
    .fetch_one(connection)
    .await
}

/// Takes new anchors, in one pass over all accounts that may take up to a minute.
pub(crate) async fn renew(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("SET LOCAL statement_timeout = '1min'").execute(&mut *connection).await?;
    sqlx::query!("SELECT renew_rank_anchors()").execute(connection).await?;
    Ok(())
}

/// Notes that the anchors are new and how long they will do.
pub(crate) async fn schedule(connection: &mut PgConnection, pause: PgInterval) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE rank_snapshot SET taken_at = clock_timestamp(), next_at = clock_timestamp() + $1::interval",
        pause,
    )
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests;
