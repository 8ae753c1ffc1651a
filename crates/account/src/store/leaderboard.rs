//! Accounts by profit.

use loljoa_service_kit::{AccountId, Points};
use sqlx::PgExecutor;

use crate::domain::{
    leaderboard::{Before, Position},
    profile::{Profile, Role},
};

/// Profiles of a profit from `least` to `most`, best first, behind `after`.
pub(crate) async fn page(
    executor: impl PgExecutor<'_>,
    (least, most): (Points, Points),
    after: Option<Position>,
    limit: i64,
) -> sqlx::Result<Vec<Profile>> {
    let after = after.filter(|position| position.profit <= most);
    let start = after.map_or(most, |position| position.profit);
    sqlx::query_as!(
        Profile,
        r#"SELECT account_id AS "account: AccountId", username, role AS "role: Role",
            balance AS "points: Points", staked AS "staked: Points", profit AS "profit: Points", created_at
        FROM users JOIN user_balances USING (account_id)
        WHERE profit BETWEEN $1 AND $2 AND ($3::uuid IS NULL OR profit < $2 OR account_id > $3)
        ORDER BY profit DESC, account_id
        LIMIT $4"#,
        least.0,
        start.0,
        after.map(|position| position.account.0),
        limit,
    )
    .fetch_all(executor)
    .await
}

/// How many accounts stand before this place.
pub(crate) async fn before(executor: impl PgExecutor<'_>, position: Position) -> sqlx::Result<Before> {
    sqlx::query_as!(
        Before,
        r#"SELECT
            (SELECT count(*) FROM user_balances WHERE profit > $1) AS "better!",
            (SELECT count(*) FROM user_balances WHERE profit = $1 AND account_id < $2) AS "equal!""#,
        position.profit.0,
        position.account.0,
    )
    .fetch_one(executor)
    .await
}
