//! Users and their balances.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use loljoa_service_kit::{AccountId, Points, Slot};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::domain::{
    profile::{Profile, Role},
    username::Username,
};

/// A user to be stored.
#[derive(Debug)]
pub(crate) struct NewUser {
    pub(crate) account: AccountId,
    pub(crate) username: Username,
    pub(crate) password_hash: String,
    pub(crate) role: Role,
    pub(crate) created_at: DateTime<Utc>,
    /// As in [`Credentials`].
    pub(crate) configured_hash: Option<String>,
}

/// What log-in needs to know.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) account: AccountId,
    pub(crate) username_key: String,
    pub(crate) password_hash: String,
    pub(crate) role: Role,
    /// The hash of the password that configuration had when it was last applied to this account.
    pub(crate) configured_hash: Option<String>,
}

/// Stores a user with an empty balance; tells whether id, name and the name's looks were free.
pub(crate) async fn insert(connection: &mut PgConnection, user: &NewUser) -> sqlx::Result<bool> {
    let inserted = sqlx::query!(
        "WITH added AS (
            INSERT INTO users (account_id, username, username_key, password_hash, role, created_at, skeleton,
                configured_hash)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT DO NOTHING
            RETURNING account_id
        )
        INSERT INTO user_balances (account_id) SELECT account_id FROM added",
        user.account.0,
        user.username.shown,
        user.username.key,
        user.password_hash,
        user.role.name(),
        user.created_at,
        user.username.skeleton,
        user.configured_hash,
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// The account whose id is this one with a slot, or was this one before ids told their slots.
pub(crate) async fn made_of(executor: impl PgExecutor<'_>, id: Uuid) -> sqlx::Result<Option<AccountId>> {
    let [first, last] = Slot::range_made_of(id);
    let found = sqlx::query_scalar!(
        r#"SELECT account_id AS "account: AccountId" FROM users
        WHERE account_id = $1 OR account_id BETWEEN $2 AND $3 ORDER BY account_id"#,
        id,
        first,
        last,
    );
    Ok(found.fetch_all(executor).await?.into_iter().find(|account| Slot::is_made_of(account.0, id)))
}

/// Lets one at a time make an account of this id.
pub(crate) async fn hold_made_of(connection: &mut PgConnection, id: Uuid) -> sqlx::Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock(6012041, uuid_hash($1))", id).execute(connection).await?;
    Ok(())
}

/// The credentials of the user of this name.
pub(crate) async fn credentials_by_name(
    executor: impl PgExecutor<'_>,
    username_key: &str,
) -> sqlx::Result<Option<Credentials>> {
    sqlx::query_as!(
        Credentials,
        r#"SELECT account_id AS "account: AccountId", username_key, password_hash, role AS "role: Role", configured_hash
        FROM users WHERE username_key = $1"#,
        username_key,
    )
    .fetch_optional(executor)
    .await
}

/// The credentials of an account.
pub(crate) async fn credentials(
    executor: impl PgExecutor<'_>,
    account: AccountId,
) -> sqlx::Result<Option<Credentials>> {
    sqlx::query_as!(
        Credentials,
        r#"SELECT account_id AS "account: AccountId", username_key, password_hash, role AS "role: Role", configured_hash
        FROM users WHERE account_id = $1"#,
        account.0,
    )
    .fetch_optional(executor)
    .await
}

/// An account with its points.
pub(crate) async fn profile(
    executor: impl PgExecutor<'_>,
    account: AccountId,
) -> sqlx::Result<Option<Profile>> {
    sqlx::query_as!(
        Profile,
        r#"SELECT account_id AS "account: AccountId", username, role AS "role: Role",
            balance AS "points: Points", staked AS "staked: Points", profit AS "profit: Points", created_at
        FROM users JOIN user_balances USING (account_id) WHERE account_id = $1"#,
        account.0,
    )
    .fetch_optional(executor)
    .await
}

/// The names of those accounts that exist.
pub(crate) async fn usernames(
    executor: impl PgExecutor<'_>,
    accounts: &[AccountId],
) -> sqlx::Result<HashMap<AccountId, String>> {
    let rows = sqlx::query!(
        r#"SELECT account_id AS "account: AccountId", username FROM users WHERE account_id = ANY ($1)"#,
        accounts as &[AccountId],
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(|row| (row.account, row.username)).collect())
}
