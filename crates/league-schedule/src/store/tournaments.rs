//! Tournaments.

use loljoa_service_kit::TournamentId;
use sqlx::{PgConnection, types::Json};

use crate::domain::{SourceKind, Tournament, stage::Stage};

/// All tournaments, earliest first, but for those whose matches were all removed.
///
/// # Errors
///
/// When the database does not answer.
pub async fn list(db: &mut PgConnection) -> Result<Vec<Tournament>, sqlx::Error> {
    sqlx::query_as!(
        Tournament,
        r#"SELECT t.tournament_id, t.name, t.source, r.finished AS "replay_finished?",
               min(m.starts_at) AS first_match_at, max(m.starts_at) AS last_match_at,
               count(m.match_id) AS "matches!"
           FROM tournaments t
           LEFT JOIN replays r USING (season)
           LEFT JOIN matches m ON m.tournament_id = t.tournament_id AND NOT m.removed
           GROUP BY t.tournament_id, r.finished
           HAVING count(m.match_id) > 0 OR NOT EXISTS (SELECT FROM matches WHERE matches.tournament_id = t.tournament_id)
           ORDER BY first_match_at, t.name"#,
    )
    .fetch_all(db)
    .await
}

/// The name of a tournament.
///
/// # Errors
///
/// When the database does not answer.
pub async fn name(db: &mut PgConnection, id: TournamentId) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!("SELECT name FROM tournaments WHERE tournament_id = $1", id as TournamentId)
        .fetch_optional(db)
        .await
}

/// The names of these tournaments.
///
/// # Errors
///
/// When the database does not answer.
pub async fn names(
    db: &mut PgConnection,
    ids: &[TournamentId],
) -> Result<Vec<(TournamentId, String)>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT tournament_id, name FROM tournaments WHERE tournament_id = ANY($1)",
        ids as &[TournamentId]
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.tournament_id, row.name)).collect())
}

/// Every tournament's name and source.
///
/// # Errors
///
/// When the database does not answer.
pub async fn all_sources(db: &mut PgConnection) -> Result<Vec<(String, SourceKind)>, sqlx::Error> {
    let rows = sqlx::query!("SELECT name, source FROM tournaments ORDER BY name").fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (row.name, row.source)).collect())
}

/// The stages that have been said of a tournament; empty when none have.
///
/// # Errors
///
/// When the database does not answer.
pub async fn stages(db: &mut PgConnection, id: TournamentId) -> Result<Vec<Stage>, sqlx::Error> {
    let stages = sqlx::query_scalar!(
        r#"SELECT stages AS "stages: Json<Vec<Stage>>" FROM tournaments WHERE tournament_id = $1"#,
        id as TournamentId
    );
    Ok(stages.fetch_optional(db).await?.flatten().map(|Json(stages)| stages).unwrap_or_default())
}

/// The stages of each tournament of which they have been said, by name.
///
/// # Errors
///
/// When the database does not answer.
pub async fn all_stages(db: &mut PgConnection) -> Result<Vec<(String, Vec<Stage>)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT name, stages AS "stages!: Json<Vec<Stage>>" FROM tournaments WHERE stages IS NOT NULL ORDER BY name"#
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.name, row.stages.0)).collect())
}

/// Says the stages of a tournament that is known.
///
/// # Errors
///
/// When the database does not answer.
pub async fn put_stages(
    db: &mut PgConnection,
    id: TournamentId,
    stages: &[Stage],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE tournaments SET stages = $2 WHERE tournament_id = $1",
        id as TournamentId,
        Json(stages) as Json<&[Stage]>,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The source of each tournament that is known, by name.
///
/// # Errors
///
/// When the database does not answer.
pub async fn sources(
    db: &mut PgConnection,
    names: &[String],
) -> Result<Vec<(String, SourceKind)>, sqlx::Error> {
    let rows = sqlx::query!("SELECT name, source FROM tournaments WHERE name = ANY($1) ORDER BY name", names)
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.name, row.source)).collect())
}

/// Adds a tournament unless its name is known; `season` is the replay that owns it.
///
/// # Errors
///
/// When the database does not answer.
pub async fn add_missing(
    db: &mut PgConnection,
    name: &str,
    source: SourceKind,
    season: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO tournaments (tournament_id, name, source, season) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tournament_id) DO NOTHING",
        Tournament::id_of(name) as TournamentId,
        name,
        source as SourceKind,
        season,
    )
    .execute(db)
    .await?;
    Ok(())
}
