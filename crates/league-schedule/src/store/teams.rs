//! Teams.

use loljoa_service_kit::{TeamId, TournamentId};
use sqlx::PgConnection;

use crate::domain::Team;

/// All teams, or those of one tournament as it calls them, by code.
///
/// # Errors
///
/// When the database does not answer.
pub async fn list(db: &mut PgConnection, of: Option<TournamentId>) -> Result<Vec<Team>, sqlx::Error> {
    sqlx::query_as!(
        Team,
        r#"SELECT t.team_id, t.code, coalesce(n.name_en, t.name_en) AS "name_en!",
               coalesce(n.name_ko, t.name_ko) AS "name_ko!", coalesce(n.colour, t.colour) AS "colour!"
           FROM teams t
           LEFT JOIN tournament_teams n ON n.tournament_id = $1 AND n.team_id = t.team_id
           WHERE $1::uuid IS NULL OR t.team_id IN (
               SELECT team1_id FROM matches WHERE tournament_id = $1 AND NOT removed
               UNION SELECT team2_id FROM matches WHERE tournament_id = $1 AND NOT removed
           )
           ORDER BY t.code"#,
        of as Option<TournamentId>,
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
