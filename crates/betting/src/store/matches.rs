//! What betting knows of matches.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use loljoa_service_kit::{MatchId, TeamId};
use sqlx::{PgConnection, PgExecutor};

use crate::domain::{MatchState, matches::KnownMatch};

/// What is known of a match.
pub(crate) async fn get(db: impl PgExecutor<'_>, id: MatchId) -> Result<Option<KnownMatch>, sqlx::Error> {
    Ok(of(db, &[id]).await?.remove(&id))
}

/// What is known of these matches; those that are not known are left out.
pub(crate) async fn of(
    db: impl PgExecutor<'_>,
    ids: &[MatchId],
) -> Result<HashMap<MatchId, KnownMatch>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT match_id AS "match_id: MatchId", revision, state AS "state: MatchState", starts_at,
            team1_id AS "team1_id: TeamId", team2_id AS "team2_id: TeamId"
        FROM matches WHERE match_id = ANY ($1)"#,
        ids as &[MatchId],
    )
    .fetch_all(db)
    .await?;
    let known = rows.into_iter().map(|row| {
        let teams = row.team1_id.zip(row.team2_id).map(Into::into);
        let known = KnownMatch { revision: row.revision, state: row.state, starts_at: row.starts_at, teams };
        (row.match_id, known)
    });
    Ok(known.collect())
}

/// Takes note of what is known of a match now. Without teams, those that were known last stay.
pub(crate) async fn put(db: &mut PgConnection, id: MatchId, now: &KnownMatch) -> Result<(), sqlx::Error> {
    let (one, two) = now.teams.map(<(TeamId, TeamId)>::from).unzip();
    sqlx::query!(
        "INSERT INTO matches AS m (match_id, revision, state, starts_at, team1_id, team2_id)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (match_id) DO UPDATE SET revision = excluded.revision, state = excluded.state,
            starts_at = excluded.starts_at, team1_id = coalesce(excluded.team1_id, m.team1_id),
            team2_id = coalesce(excluded.team2_id, m.team2_id)",
        id as MatchId,
        now.revision,
        now.state as MatchState,
        now.starts_at,
        one as Option<TeamId>,
        two as Option<TeamId>,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Locks a match against news and reads when it starts, if it is still to start by the database's clock.
pub(crate) async fn hold_upcoming(
    db: &mut PgConnection,
    id: MatchId,
) -> Result<Option<Upcoming>, sqlx::Error> {
    sqlx::query_as!(
        Upcoming,
        r#"SELECT starts_at, (state = 'scheduled' AND starts_at > clock_timestamp()) AS "to_come!"
        FROM matches WHERE match_id = $1 FOR SHARE"#,
        id as MatchId,
    )
    .fetch_optional(db)
    .await
}

/// When a match starts.
pub(crate) struct Upcoming {
    /// Its start.
    pub(crate) starts_at: DateTime<Utc>,
    /// Whether that is still to come.
    pub(crate) to_come: bool,
}
