//! Bounds on sessions that are a pooler's: no client may set them, so the role has them, in this database alone.

use sqlx::{AssertSqlSafe, PgPool};

use super::{begin, session};
use crate::config::Database;

/// One writer at a time: PostgreSQL refuses a second one instead of letting it wait.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended('loljoa.limits', 0))";
/// What the role has already in this database, as `name=value`.
const KEPT: &str = "SELECT coalesce((
        SELECT s.setconfig FROM pg_db_role_setting s
        JOIN pg_roles r ON r.oid = s.setrole JOIN pg_database d ON d.oid = s.setdatabase
        WHERE r.rolname = $1 AND d.datname = current_database()
    ), '{}')";
const CHANGE: &str = "SELECT format('ALTER ROLE %I IN DATABASE %I SET ', $1::text, current_database())";

/// Makes the bounds of `config` the defaults of the role that the pooler connects as. Server connections that the pooler made
/// before keep what they had. A server that refuses is logged and left to the check of readiness, because the pooler's own
/// configuration may do the same.
pub(super) async fn keep(config: &Database, direct: &PgPool) {
    match write(config, direct).await {
        Ok(0) => {}
        Ok(written) => {
            tracing::info!(
                event = "database.limits_set",
                written,
                "the role's limits were set; older connections of the pooler are without"
            );
        }
        Err(error) => tracing::error!(
            event = "database.limits_not_set",
            %error, "the role's limits could not be set"
        ),
    }
}

/// Tells how many were written.
async fn write(config: &Database, direct: &PgPool) -> sqlx::Result<usize> {
    let role = session::through_pooler(config, "")?.get_username().to_owned();
    let mut transaction = begin(direct).await?;
    sqlx::query(LOCK).execute(&mut *transaction).await?;
    let kept: Vec<String> = sqlx::query_scalar(KEPT).bind(&role).fetch_one(&mut *transaction).await?;
    let change: String = sqlx::query_scalar(CHANGE).bind(&role).fetch_one(&mut *transaction).await?;
    let settings = session::settings(config).map(|(name, value)| format!("{name}={value}"));
    let missing: Vec<_> = settings.filter(|setting| !kept.contains(setting)).collect();
    for setting in &missing {
        // The server has quoted the names; the rest are constants and numbers.
        sqlx::query(AssertSqlSafe(format!("{change}{setting}"))).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(missing.len())
}
