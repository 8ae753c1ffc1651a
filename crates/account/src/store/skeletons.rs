//! What names look like.

use loljoa_service_kit::AccountId;
use sqlx::PgExecutor;

/// Whether somebody whose name is another has a name that looks like this.
pub(crate) async fn is_taken(
    executor: impl PgExecutor<'_>,
    skeleton: &str,
    username_key: &str,
) -> sqlx::Result<bool> {
    let taken = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM users WHERE skeleton = $1 AND username_key <> $2) AS "taken!""#,
        skeleton,
        username_key,
    );
    taken.fetch_one(executor).await
}

/// At most `limit` names that have no skeleton yet.
pub(crate) async fn missing(
    executor: impl PgExecutor<'_>,
    limit: i64,
) -> sqlx::Result<Vec<(AccountId, String)>> {
    let rows = sqlx::query!(
        r#"SELECT account_id AS "account: AccountId", username FROM users WHERE skeleton IS NULL
        ORDER BY account_id LIMIT $1"#,
        limit,
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(|row| (row.account, row.username)).collect())
}

/// Gives a name its skeleton, or `apart` where another has it already.
pub(crate) async fn set(
    executor: impl PgExecutor<'_>,
    account: AccountId,
    skeleton: &str,
    apart: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE users SET skeleton = CASE WHEN EXISTS (SELECT FROM users WHERE skeleton = $2) THEN $3 ELSE $2 END
        WHERE account_id = $1 AND skeleton IS NULL",
        account.0,
        skeleton,
        apart,
    )
    .execute(executor)
    .await?;
    Ok(())
}
