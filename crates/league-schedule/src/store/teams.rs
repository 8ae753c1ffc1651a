//! Teams.

use loljoa_service_kit::{TeamId, TournamentId};
use sqlx::PgConnection;

use crate::domain::Team;

/// All teams, or those of one tournament, by code.
///
/// # Errors
///
/// When the database does not answer.
pub async fn list(db: &mut PgConnection, of: Option<TournamentId>) -> Result<Vec<Team>, sqlx::Error> {
    sqlx::query_as!(
        Team,
        "SELECT team_id, code, name_en, name_ko, colour FROM teams
         WHERE $1::uuid IS NULL OR team_id IN (
             SELECT team1_id FROM matches WHERE tournament_id = $1 AND NOT removed
             UNION SELECT team2_id FROM matches WHERE tournament_id = $1 AND NOT removed
         )
         ORDER BY code",
        of as Option<TournamentId>,
    )
    .fetch_all(db)
    .await
}

/// The teams with these ids, in no order.
///
/// # Errors
///
/// When the database does not answer.
pub async fn by_ids(db: &mut PgConnection, ids: &[TeamId]) -> Result<Vec<Team>, sqlx::Error> {
    sqlx::query_as!(
        Team,
        "SELECT team_id, code, name_en, name_ko, colour FROM teams WHERE team_id = ANY($1)",
        ids as &[TeamId],
    )
    .fetch_all(db)
    .await
}

/// Adds a team, or gives the one with its code these names and colour.
///
/// # Errors
///
/// When the database does not answer.
pub async fn put(db: &mut PgConnection, team: &Team) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO teams (team_id, code, name_en, name_ko, colour) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (team_id) DO UPDATE
         SET name_en = excluded.name_en, name_ko = excluded.name_ko, colour = excluded.colour",
        team.team_id as TeamId,
        team.code,
        team.name_en,
        team.name_ko,
        team.colour,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Adds a team unless its code is known.
///
/// # Errors
///
/// When the database does not answer.
pub async fn add_missing(db: &mut PgConnection, team: &Team) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO teams (team_id, code, name_en, name_ko, colour) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (team_id) DO NOTHING",
        team.team_id as TeamId,
        team.code,
        team.name_en,
        team.name_ko,
        team.colour,
    )
    .execute(db)
    .await?;
    Ok(())
}
