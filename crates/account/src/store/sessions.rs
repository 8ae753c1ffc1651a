//! Sessions and their refresh tokens.

use chrono::{DateTime, Utc};
use loljoa_service_kit::AccountId;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::domain::{
    profile::Role,
    session::{Given, Past, Session},
};

/// A refresh token as it is stored: its SHA-256.
pub(crate) type TokenHash = [u8; 32];

/// A session, and what is known of the token that led to it.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) session: Session,
    pub(crate) past: Past,
}

/// Opens a session.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    session: &Session,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO sessions (session_id, account_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
        session.id,
        session.account.0,
        now,
        session.expires_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Adds a token to a session.
pub(crate) async fn insert_token(
    connection: &mut PgConnection,
    session: Uuid,
    token: &TokenHash,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO refresh_tokens (token_hash, session_id, created_at) VALUES ($1, $2, $3)",
        token,
        session,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The session of a token, locked so that uses of its tokens take turns.
///
/// The lock comes first: a statement that has waited for it would still see the token as it was before.
pub(crate) async fn find_for_update(
    connection: &mut PgConnection,
    token: &TokenHash,
) -> sqlx::Result<Option<Found>> {
    sqlx::query!(
        "SELECT FROM sessions s JOIN refresh_tokens t USING (session_id) WHERE t.token_hash = $1
        FOR NO KEY UPDATE OF s",
        token,
    )
    .execute(&mut *connection)
    .await?;
    let row = sqlx::query!(
        r#"SELECT s.session_id, s.account_id AS "account: AccountId", s.expires_at,
            s.revoked_at IS NOT NULL AS "revoked!", t.used_at
        FROM sessions s JOIN refresh_tokens t USING (session_id) WHERE t.token_hash = $1"#,
        token,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Found {
        session: Session {
            id: row.session_id,
            account: row.account,
            expires_at: row.expires_at,
            revoked: row.revoked,
        },
        past: row.used_at.map_or(Past::Unused, Past::UsedAt),
    }))
}

/// A session that a token was given out for which is stored no more, locked like any other.
pub(crate) async fn find_forgotten_for_update(
    connection: &mut PgConnection,
    session: Uuid,
) -> sqlx::Result<Option<Found>> {
    let found = sqlx::query_as!(
        Session,
        r#"SELECT session_id AS id, account_id AS "account: AccountId", expires_at,
            revoked_at IS NOT NULL AS "revoked!"
        FROM sessions WHERE session_id = $1 FOR NO KEY UPDATE"#,
        session,
    );
    Ok(found.fetch_optional(connection).await?.map(|session| Found { session, past: Past::LongUsed }))
}

/// Notes the first use of a token.
pub(crate) async fn mark_used(
    connection: &mut PgConnection,
    token: &TokenHash,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!("UPDATE refresh_tokens SET used_at = $2 WHERE token_hash = $1", token, now)
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends a session.
pub(crate) async fn revoke(
    executor: impl PgExecutor<'_>,
    session: Uuid,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE sessions SET revoked_at = $2 WHERE session_id = $1 AND revoked_at IS NULL",
        session,
        now
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Ends the session that a token belongs to, if there is one.
pub(crate) async fn revoke_by_token(
    executor: impl PgExecutor<'_>,
    token: &TokenHash,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE sessions SET revoked_at = $2
        WHERE session_id = (SELECT session_id FROM refresh_tokens WHERE token_hash = $1) AND revoked_at IS NULL",
        token,
        now,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Ends every session of an account and tells how many were open.
pub(crate) async fn revoke_all(
    executor: impl PgExecutor<'_>,
    account: AccountId,
    now: DateTime<Utc>,
) -> sqlx::Result<u64> {
    let ended = sqlx::query!(
        "WITH open AS (
            SELECT session_id FROM sessions
            WHERE account_id = $1 AND revoked_at IS NULL AND expires_at > $2
            ORDER BY session_id FOR NO KEY UPDATE
        )
        UPDATE sessions SET revoked_at = $2 WHERE session_id IN (SELECT session_id FROM open)",
        account.0,
        now,
    )
    .execute(executor)
    .await?;
    Ok(ended.rows_affected())
}

/// The sessions of an account that go on.
pub(crate) async fn open(
    executor: impl PgExecutor<'_>,
    account: AccountId,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Uuid>> {
    let open = sqlx::query_scalar!(
        "SELECT session_id FROM sessions WHERE account_id = $1 AND revoked_at IS NULL AND expires_at > $2",
        account.0,
        now,
    );
    open.fetch_all(executor).await
}

/// The sessions of an account that go on, with its role. None while it is kept out.
pub(crate) async fn going_on(
    executor: impl PgExecutor<'_>,
    account: AccountId,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<(Uuid, Role)>> {
    let rows = sqlx::query!(
        r#"SELECT session_id, role AS "role: Role" FROM sessions JOIN users USING (account_id)
        WHERE account_id = $1 AND revoked_at IS NULL AND expires_at > $2 AND disabled_at IS NULL"#,
        account.0,
        now,
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(|row| (row.session_id, row.role)).collect())
}

/// Ends these sessions and tells how many were open.
pub(crate) async fn revoke_these(
    executor: impl PgExecutor<'_>,
    these: &[Uuid],
    now: DateTime<Utc>,
) -> sqlx::Result<u64> {
    let ended = sqlx::query!(
        "WITH open AS (
            SELECT session_id FROM sessions WHERE session_id = ANY ($1) AND revoked_at IS NULL
            ORDER BY session_id FOR NO KEY UPDATE
        )
        UPDATE sessions SET revoked_at = $2 WHERE session_id IN (SELECT session_id FROM open)",
        these,
        now,
    )
    .execute(executor)
    .await?;
    Ok(ended.rows_affected())
}

/// At most `limit` sessions that were ended after `after`, the earliest first, and when.
pub(crate) async fn ended_after(
    executor: impl PgExecutor<'_>,
    after: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<Vec<(Uuid, DateTime<Utc>)>> {
    let rows = sqlx::query!(
        r#"SELECT session_id, revoked_at AS "revoked_at!" FROM sessions WHERE revoked_at > $1
        ORDER BY revoked_at LIMIT $2"#,
        after,
        limit,
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(|row| (row.session_id, row.revoked_at)).collect())
}

/// At most `limit` sessions that were ended at this very instant.
pub(crate) async fn ended_at(
    executor: impl PgExecutor<'_>,
    at: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar!("SELECT session_id FROM sessions WHERE revoked_at = $1 LIMIT $2", at, limit)
        .fetch_all(executor)
        .await
}

/// Forgets at most `limit` tokens of a session that were used before `before`.
pub(crate) async fn delete_used(
    connection: &mut PgConnection,
    session: Uuid,
    before: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM refresh_tokens WHERE token_hash IN (
            SELECT token_hash FROM refresh_tokens WHERE session_id = $1 AND used_at < $2 LIMIT $3
        )",
        session,
        before,
        limit,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What a session has been given since `since`, and what of all is not used yet.
pub(crate) async fn given(
    connection: &mut PgConnection,
    session: Uuid,
    since: DateTime<Utc>,
) -> sqlx::Result<Given> {
    sqlx::query_as!(
        Given,
        r#"SELECT count(*) FILTER (WHERE created_at > $2) AS "recently!",
            min(created_at) FILTER (WHERE created_at > $2) AS since,
            count(*) FILTER (WHERE used_at IS NULL) AS "unused!"
        FROM refresh_tokens WHERE session_id = $1"#,
        session,
        since,
    )
    .fetch_one(connection)
    .await
}

/// Forgets unused tokens of a session that were made before `before`, the oldest first, as far as there are more than
/// `most` unused ones.
pub(crate) async fn delete_orphans(
    connection: &mut PgConnection,
    session: Uuid,
    before: DateTime<Utc>,
    most: i64,
) -> sqlx::Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM refresh_tokens WHERE created_at < $2 AND token_hash IN (
            SELECT token_hash FROM refresh_tokens WHERE session_id = $1 AND used_at IS NULL
            ORDER BY created_at DESC, token_hash OFFSET $3
        )",
        session,
        before,
        most,
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected())
}

/// Forgets at most `limit` tokens, of whichever session, that were used before `before`, and tells how many.
pub(crate) async fn delete_all_used(
    executor: impl PgExecutor<'_>,
    before: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM refresh_tokens WHERE token_hash IN (
            SELECT token_hash FROM refresh_tokens WHERE used_at < $1
            ORDER BY used_at LIMIT $2 FOR UPDATE SKIP LOCKED
        )",
        before,
        limit,
    )
    .execute(executor)
    .await?;
    Ok(deleted.rows_affected())
}

/// At most `limit` sessions that expired, and as many that were ended, before `before`, the oldest first.
pub(crate) async fn over(
    executor: impl PgExecutor<'_>,
    before: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        r#"(SELECT session_id AS "session_id!" FROM sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)
        UNION
        (SELECT session_id FROM sessions WHERE revoked_at < $1 ORDER BY revoked_at LIMIT $2)"#,
        before,
        limit,
    )
    .fetch_all(executor)
    .await
}

/// Deletes at most `limit` tokens of these sessions, and tells how many.
pub(crate) async fn delete_tokens(
    executor: impl PgExecutor<'_>,
    sessions: &[Uuid],
    limit: i64,
) -> sqlx::Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM refresh_tokens WHERE token_hash IN (
            SELECT token_hash FROM refresh_tokens WHERE session_id = ANY ($1) LIMIT $2 FOR UPDATE SKIP LOCKED
        )",
        sessions,
        limit,
    )
    .execute(executor)
    .await?;
    Ok(deleted.rows_affected())
}

/// Deletes these sessions as far as they have no tokens left.
pub(crate) async fn delete(executor: impl PgExecutor<'_>, sessions: &[Uuid]) -> sqlx::Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM sessions WHERE session_id IN (
            SELECT session_id FROM sessions s
            WHERE session_id = ANY ($1) AND NOT EXISTS (SELECT FROM refresh_tokens t WHERE t.session_id = s.session_id)
            ORDER BY session_id FOR UPDATE SKIP LOCKED
        )",
        sessions,
    )
    .execute(executor)
    .await?;
    Ok(deleted.rows_affected())
}
