//! Clubs that bore other codes before.

use loljoa_service_kit::TeamId;
use sqlx::PgConnection;

use crate::domain::{Clubs, Renaming, Team};

/// All clubs that bore other codes.
///
/// # Errors
///
/// When the database does not answer.
pub async fn all(db: &mut PgConnection) -> Result<Clubs, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT former.code AS former, now.code AS now
         FROM former_teams f
         JOIN teams former ON former.team_id = f.former_id
         JOIN teams now ON now.team_id = f.team_id"
    )
    .fetch_all(db)
    .await?;
    Ok(Clubs::new(rows.into_iter().map(|row| (row.former, row.now))))
}

/// Writes down a former code, or strikes it out.
///
/// # Errors
///
/// When the database does not answer.
pub async fn put(db: &mut PgConnection, (former, now): &Renaming) -> Result<(), sqlx::Error> {
    let former = Team::id_of(former);
    let Some(now) = now else {
        sqlx::query!("DELETE FROM former_teams WHERE former_id = $1", former as TeamId).execute(db).await?;
        return Ok(());
    };
    sqlx::query!(
        "INSERT INTO former_teams (former_id, team_id) VALUES ($1, $2)
         ON CONFLICT (former_id) DO UPDATE SET team_id = excluded.team_id",
        former as TeamId,
        Team::id_of(now) as TeamId,
    )
    .execute(db)
    .await?;
    Ok(())
}
