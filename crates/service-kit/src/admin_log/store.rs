//! The table `admin_actions`, which the services that have it make alike. Hence queries that are not checked against one schema.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use super::Action;
use crate::ids;

/// An action as it is kept.
#[derive(FromRow)]
pub(super) struct Row {
    pub(super) seq: i64,
    pub(super) action_id: Uuid,
    pub(super) account_id: Uuid,
    pub(super) username: String,
    pub(super) action: String,
    pub(super) subject_kind: Option<String>,
    pub(super) subject_id: Option<Uuid>,
    pub(super) before: Option<Value>,
    pub(super) after: Option<Value>,
    pub(super) why: Option<String>,
    pub(super) created_at: DateTime<Utc>,
}

pub(super) async fn insert(connection: &mut PgConnection, action: &Action<'_>) -> sqlx::Result<()> {
    let something = |value: &Value| Some(value.clone()).filter(|value| !value.is_null());
    sqlx::query(
        "INSERT INTO admin_actions (action_id, account_id, username, action, subject_kind, subject_id, before, after, why)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(ids::fresh())
    .bind(action.admin.account_id.0)
    .bind(&*action.admin.username)
    .bind(action.name)
    .bind(action.subject.map(|subject| subject.kind))
    .bind(action.subject.map(|subject| subject.id))
    .bind(something(&action.before))
    .bind(something(&action.after))
    .bind(action.why)
    .execute(connection)
    .await?;
    Ok(())
}

/// Up to `limit` actions, newest first, from before one on.
pub(super) async fn page(db: impl PgExecutor<'_>, before: Option<i64>, limit: i64) -> sqlx::Result<Vec<Row>> {
    sqlx::query_as(
        "SELECT seq, action_id, account_id, username, action, subject_kind, subject_id, before, after, why, created_at
         FROM admin_actions WHERE $1::bigint IS NULL OR seq < $1 ORDER BY seq DESC LIMIT $2",
    )
    .bind(before)
    .bind(limit)
    .fetch_all(db)
    .await
}
