//! The keys that access tokens are signed with.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{PgConnection, PgExecutor};

use crate::domain::rotation::Period;

/// A key as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct StoredKey {
    pub(crate) kid: String,
    pub(crate) public_jwk: Value,
    pub(crate) sealed_private: Vec<u8>,
    pub(crate) period: Period,
}

/// Only one replica at a time goes on from here until its transaction ends.
pub(crate) async fn take_turns(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtext('loljoa.account.signing_keys'))")
        .execute(connection)
        .await?;
    Ok(())
}

/// When the last key stops signing.
pub(crate) async fn last_signs_until(executor: impl PgExecutor<'_>) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar!("SELECT max(signs_until) FROM signing_keys").fetch_one(executor).await
}

/// Stores a key.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    key: &StoredKey,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO signing_keys (kid, public_jwk, sealed_private, created_at, signs_from, signs_until, verifies_until)
        VALUES ($1, $2, $3, $4, $5, $6, $7)",
        key.kid,
        key.public_jwk,
        key.sealed_private,
        now,
        key.period.signs_from,
        key.period.signs_until,
        key.period.verifies_until,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The keys that tokens may still be signed with, oldest first.
pub(crate) async fn living(
    executor: impl PgExecutor<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<StoredKey>> {
    let rows = sqlx::query!(
        "SELECT kid, public_jwk, sealed_private, signs_from, signs_until, verifies_until
        FROM signing_keys WHERE verifies_until > $1 ORDER BY signs_from, kid",
        now,
    )
    .fetch_all(executor)
    .await?;
    let keys = rows.into_iter().map(|row| {
        let (signs_from, signs_until, verifies_until) = (row.signs_from, row.signs_until, row.verifies_until);
        let period = Period { signs_from, signs_until, verifies_until };
        StoredKey { kid: row.kid, public_jwk: row.public_jwk, sealed_private: row.sealed_private, period }
    });
    Ok(keys.collect())
}

/// The public half of the key of this id, if tokens may still be signed with it.
pub(crate) async fn public_key(
    executor: impl PgExecutor<'_>,
    kid: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Value>> {
    sqlx::query_scalar!(
        "SELECT public_jwk FROM signing_keys WHERE kid = $1 AND verifies_until > $2",
        kid,
        now
    )
    .fetch_optional(executor)
    .await
}

/// The ids of the keys that tokens may still be signed with.
pub(crate) async fn living_ids(
    executor: impl PgExecutor<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<String>> {
    let ids = sqlx::query_scalar!("SELECT kid FROM signing_keys WHERE verifies_until > $1", now);
    ids.fetch_all(executor).await
}

/// Deletes keys whose last token is dead.
pub(crate) async fn delete_dead(executor: impl PgExecutor<'_>, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM signing_keys WHERE verifies_until <= $1", now).execute(executor).await?;
    Ok(())
}
