//! Who drives a source.

use uuid::Uuid;

use sqlx::PgConnection;

/// Takes or renews the lease `name` for `seconds`; false while another holder's has not run out.
///
/// # Errors
///
/// When the database does not answer.
pub async fn hold(
    db: &mut PgConnection,
    name: &str,
    holder: Uuid,
    seconds: f64,
) -> Result<bool, sqlx::Error> {
    let held = sqlx::query_scalar!(
        "INSERT INTO leases (name, holder, expires_at)
         VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
         ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
         WHERE leases.holder = excluded.holder OR leases.expires_at < clock_timestamp()
         RETURNING true AS held",
        name,
        holder,
        seconds,
    )
    .fetch_optional(db)
    .await?;
    Ok(held.is_some())
}

/// Gives the lease back, if `holder` still has it.
///
/// # Errors
///
/// When the database does not answer.
pub async fn release(db: &mut PgConnection, name: &str, holder: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM leases WHERE name = $1 AND holder = $2", name, holder).execute(db).await?;
    Ok(())
}
