//! How far the live feed was read.

use sqlx::PgConnection;

/// The page to read on from; `None` for the page around today.
///
/// # Errors
///
/// When the database does not answer.
pub async fn position(db: &mut PgConnection, league: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!("SELECT page_token FROM live_positions WHERE league = $1", league)
        .fetch_optional(db)
        .await
}

/// Remembers the page to read on from.
///
/// # Errors
///
/// When the database does not answer.
pub async fn set_position(db: &mut PgConnection, league: &str, page_token: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO live_positions (league, page_token) VALUES ($1, $2)
         ON CONFLICT (league) DO UPDATE SET page_token = excluded.page_token",
        league,
        page_token,
    )
    .execute(db)
    .await?;
    Ok(())
}
