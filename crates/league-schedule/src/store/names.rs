//! What teams are called in tournaments.

use std::collections::HashMap;

use loljoa_service_kit::{TeamId, TournamentId};
use sqlx::PgConnection;

use crate::domain::{Team, import::Appearance};

/// Each of these teams as its tournament calls it, in no order.
///
/// # Errors
///
/// When the database does not answer.
pub async fn of(
    db: &mut PgConnection,
    pairs: &[(TournamentId, TeamId)],
) -> Result<Vec<(TournamentId, Team)>, sqlx::Error> {
    let (tournaments, teams): (Vec<TournamentId>, Vec<TeamId>) = pairs.iter().copied().unzip();
    let rows = sqlx::query!(
        r#"SELECT p.tournament_id AS "tournament_id!: TournamentId", t.team_id AS "team_id!", t.code AS "code!",
               coalesce(n.name_en, t.name_en) AS "name_en!", coalesce(n.name_ko, t.name_ko) AS "name_ko!",
               coalesce(n.colour, t.colour) AS "colour!"
           FROM unnest($1::uuid[], $2::uuid[]) AS p (tournament_id, team_id)
           JOIN teams t USING (team_id)
           LEFT JOIN tournament_teams n USING (tournament_id, team_id)"#,
        &tournaments as &[TournamentId],
        &teams as &[TeamId],
    )
    .fetch_all(db)
    .await?;
    let named = rows.into_iter().map(|row| {
        let (name_en, name_ko, colour) = (row.name_en, row.name_ko, row.colour);
        (row.tournament_id, Team { team_id: row.team_id, code: row.code, name_en, name_ko, colour })
    });
    Ok(named.collect())
}

/// Where each team plays, by its code.
///
/// # Errors
///
/// When the database does not answer.
pub async fn played(db: &mut PgConnection) -> Result<HashMap<String, Vec<Appearance>>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"WITH places AS (
               SELECT tournament_id, team1_id AS team_id FROM matches WHERE NOT removed
               UNION SELECT tournament_id, team2_id FROM matches WHERE NOT removed
           ), spans AS (
               SELECT tournament_id, min(starts_at) AS first, max(starts_at) AS last
               FROM matches WHERE NOT removed GROUP BY tournament_id
           )
           SELECT o.name, o.source = 'replay' AS "is_replay!", s.first AS "first!", s.last AS "last!",
               t.team_id, t.code, n.name_en AS "name_en?", n.name_ko AS "name_ko?", n.colour AS "colour?"
           FROM places p
           JOIN teams t USING (team_id)
           JOIN tournaments o USING (tournament_id)
           JOIN spans s USING (tournament_id)
           LEFT JOIN tournament_teams n USING (tournament_id, team_id)
           ORDER BY t.code, s.first, o.name"#
    )
    .fetch_all(db)
    .await?;
    let mut played: HashMap<String, Vec<Appearance>> = HashMap::new();
    for row in rows {
        let own = row.name_en.zip(row.name_ko).zip(row.colour);
        let named = own.map(|((name_en, name_ko), colour)| {
            let (team_id, code) = (row.team_id, row.code.clone());
            Team { team_id, code, name_en, name_ko, colour }
        });
        let (tournament, is_replay) = (row.name, row.is_replay);
        let place = Appearance { tournament, first: row.first, last: row.last, is_replay, named };
        played.entry(row.code).or_default().push(place);
    }
    Ok(played)
}

/// Lets a tournament call a team so.
///
/// # Errors
///
/// When the database does not answer.
pub async fn put(db: &mut PgConnection, tournament: TournamentId, team: &Team) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO tournament_teams (tournament_id, team_id, name_en, name_ko, colour)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tournament_id, team_id) DO UPDATE
         SET name_en = excluded.name_en, name_ko = excluded.name_ko, colour = excluded.colour",
        tournament as TournamentId,
        team.team_id as TeamId,
        team.name_en,
        team.name_ko,
        team.colour,
    )
    .execute(db)
    .await?;
    Ok(())
}
