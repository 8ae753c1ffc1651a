//! Accounts by profit.

use loljoa_service_kit::{AccountId, Points};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::domain::{
    leaderboard::Position,
    profile::{Profile, Role},
};

/// Profiles of a profit from `least` to `most`, best first, behind `after`.
///
/// The rest of `after`'s own profit is one walk along the index and what follows is another: however many share a profit,
/// no more are read than wanted.
pub(crate) async fn page(
    executor: impl PgExecutor<'_>,
    (least, most): (Points, Points),
    after: Option<Position>,
    limit: i64,
) -> sqlx::Result<Vec<Profile>> {
    let after = after.filter(|position| position.profit <= most);
    let start = after.map_or(most, |position| position.profit);
    let passed = after.map_or(Uuid::nil(), |position| position.account.0);
    sqlx::query_as!(
        Profile,
        r#"WITH page AS (
            (
                SELECT account_id, balance, staked, profit FROM user_balances
                WHERE profit = $2 AND profit >= $1 AND account_id > $3
                ORDER BY account_id LIMIT $4
            )
            UNION ALL
            (
                SELECT account_id, balance, staked, profit FROM user_balances
                WHERE profit >= $1 AND profit < $2
                ORDER BY profit DESC, account_id LIMIT $4
            )
            ORDER BY profit DESC, account_id LIMIT $4
        )
        SELECT account_id AS "account!: AccountId", username, role AS "role: Role",
            balance AS "points!: Points", staked AS "staked!: Points", profit AS "profit!: Points", created_at
        FROM page JOIN users USING (account_id)
        ORDER BY profit DESC, account_id"#,
        least.0,
        start.0,
        passed,
        limit,
    )
    .fetch_all(executor)
    .await
}
