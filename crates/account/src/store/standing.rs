//! Whether an account may come in, and with which password.

use chrono::{DateTime, Utc};
use loljoa_service_kit::AccountId;
use sqlx::{PgConnection, PgExecutor};

/// What a door finds when somebody has shown a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    Open,
    /// The account is kept out.
    Disabled,
    /// The password was changed in between.
    PasswordChanged,
}

/// Whether an account may come in with the password of this hash. Until the transaction ends, neither can be changed, so
/// that no session is opened behind the back of whoever ends them all.
pub(crate) async fn hold_door(
    connection: &mut PgConnection,
    account: AccountId,
    password_hash: &str,
) -> sqlx::Result<Door> {
    let found = sqlx::query!(
        r#"SELECT disabled_at IS NOT NULL AS "disabled!", password_hash = $2 AS "same!"
        FROM users WHERE account_id = $1 FOR SHARE"#,
        account.0,
        password_hash,
    )
    .fetch_one(connection)
    .await?;
    Ok(match (found.disabled, found.same) {
        (true, _) => Door::Disabled,
        (false, false) => Door::PasswordChanged,
        (false, true) => Door::Open,
    })
}

/// Whether an account is kept out.
pub(crate) async fn is_disabled(executor: impl PgExecutor<'_>, account: AccountId) -> sqlx::Result<bool> {
    let disabled = sqlx::query_scalar!(
        r#"SELECT disabled_at IS NOT NULL AS "disabled!" FROM users WHERE account_id = $1"#,
        account.0,
    );
    disabled.fetch_one(executor).await
}

/// Since when an account is kept out, and how many sessions of it go on.
pub(crate) async fn of(
    executor: impl PgExecutor<'_>,
    account: AccountId,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<(Option<DateTime<Utc>>, i64)>> {
    let found = sqlx::query!(
        r#"SELECT disabled_at, (
            SELECT count(*) FROM sessions s
            WHERE s.account_id = u.account_id AND revoked_at IS NULL AND expires_at > $2
        ) AS "open_sessions!"
        FROM users u WHERE account_id = $1"#,
        account.0,
        now,
    );
    Ok(found.fetch_optional(executor).await?.map(|found| (found.disabled_at, found.open_sessions)))
}

/// An account that nobody changes, or comes in by, until the transaction ends.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) username: String,
    /// Since when it is kept out.
    pub(crate) disabled_at: Option<DateTime<Utc>>,
}

/// Holds an account, if there is one of this id.
pub(crate) async fn hold(connection: &mut PgConnection, account: AccountId) -> sqlx::Result<Option<Held>> {
    let held = sqlx::query_as!(
        Held,
        "SELECT username, disabled_at FROM users WHERE account_id = $1 FOR NO KEY UPDATE",
        account.0
    );
    held.fetch_optional(connection).await
}

/// Keeps an account out since then, or lets it in.
pub(crate) async fn set_disabled(
    connection: &mut PgConnection,
    account: AccountId,
    since: Option<DateTime<Utc>>,
) -> sqlx::Result<()> {
    sqlx::query!("UPDATE users SET disabled_at = $2 WHERE account_id = $1", account.0, since)
        .execute(connection)
        .await?;
    Ok(())
}

/// Replaces one password by another; tells whether it was still the one.
pub(crate) async fn replace_password(
    connection: &mut PgConnection,
    account: AccountId,
    (old, new): (&str, &str),
) -> sqlx::Result<bool> {
    let replaced = sqlx::query!(
        "UPDATE users SET password_hash = $3 WHERE account_id = $1 AND password_hash = $2",
        account.0,
        old,
        new,
    );
    Ok(replaced.execute(connection).await?.rows_affected() == 1)
}

/// Notes the hash of the password that configuration has, in place of another; tells whether it was still the other.
pub(crate) async fn note_configured(
    connection: &mut PgConnection,
    account: AccountId,
    (old, new): (Option<&str>, &str),
) -> sqlx::Result<bool> {
    let noted = sqlx::query!(
        "UPDATE users SET configured_hash = $3 WHERE account_id = $1 AND configured_hash IS NOT DISTINCT FROM $2",
        account.0,
        old,
        new,
    );
    Ok(noted.execute(connection).await?.rows_affected() == 1)
}

/// The hashes of the passwords that configuration ever had for this account, the latest first.
pub(crate) async fn ever_configured(
    executor: impl PgExecutor<'_>,
    account: AccountId,
) -> sqlx::Result<Vec<String>> {
    let hashes = sqlx::query_scalar!(
        "SELECT password_hash FROM configured_passwords WHERE account_id = $1 ORDER BY applied_at DESC",
        account.0,
    );
    hashes.fetch_all(executor).await
}
