//! Matches as they stand now.

use chrono::{DateTime, Utc};
use loljoa_service_kit::{MatchId, TeamId, TournamentId};
use sqlx::PgConnection;

use crate::domain::{Match, MatchState};

/// Which matches to list; what is `None` lets all through.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this tournament.
    pub tournament: Option<TournamentId>,
    /// Of this block, in any case.
    pub block: Option<String>,
    /// Played by this team, or by its club under a former code.
    pub team: Option<TeamId>,
    /// In this state.
    pub state: Option<MatchState>,
    /// Starting then or later.
    pub from: Option<DateTime<Utc>>,
    /// Starting before.
    pub to: Option<DateTime<Utc>>,
    /// After this one in the order of the list.
    pub after: Option<(DateTime<Utc>, MatchId)>,
}

/// Selects whole matches; the tail says from where and in which order.
macro_rules! select_matches {
    ($tail:tt $(+ $more:tt)* $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Match,
            "SELECT match_id, tournament_id, source_key, block, starts_at, best_of AS \"best_of: _\", state,
                 team1_id, team2_id, team1_wins, team2_wins, winner_id, forfeited_by_id, needs_review, by_hand,
                 removed, revision " + $tail $(+ $more)*
            $(, $argument)*
        )
    };
}
pub(super) use select_matches;

/// Up to `limit` matches by start, earliest first, without those that were removed.
///
/// # Errors
///
/// When the database does not answer.
pub async fn list(db: &mut PgConnection, filter: &Filter, limit: i64) -> Result<Vec<Match>, sqlx::Error> {
    let (after_start, after_id) = filter.after.unzip();
    select_matches!(
        "FROM matches
         WHERE NOT removed
           AND ($1::uuid IS NULL OR tournament_id = $1)
           AND ($2::text IS NULL OR lower(block) = lower($2))
           AND ($3::uuid IS NULL OR $3 IN (team1_id, team2_id) OR EXISTS (
               SELECT FROM former_teams f WHERE f.team_id = $3 AND f.former_id IN (team1_id, team2_id)
           ))
           AND ($4::text IS NULL OR state = $4)
           AND ($5::timestamptz IS NULL OR starts_at >= $5)
           AND ($6::timestamptz IS NULL OR starts_at < $6)
           AND ($7::timestamptz IS NULL OR (starts_at, match_id) > ($7, $8::uuid))
         ORDER BY starts_at, match_id
         LIMIT $9",
        filter.tournament as Option<TournamentId>,
        filter.block,
        filter.team as Option<TeamId>,
        filter.state as Option<MatchState>,
        filter.from,
        filter.to,
        after_start,
        after_id as Option<MatchId>,
        limit,
    )
    .fetch_all(db)
    .await
}

/// The match with this id, also one that was removed.
///
/// # Errors
///
/// When the database does not answer.
pub async fn get(db: &mut PgConnection, id: MatchId) -> Result<Option<Match>, sqlx::Error> {
    select_matches!("FROM matches WHERE match_id = $1", id as MatchId).fetch_optional(db).await
}

/// Every match of a tournament, by start, without those that were removed.
///
/// # Errors
///
/// When the database does not answer.
pub async fn of_tournament(db: &mut PgConnection, id: TournamentId) -> Result<Vec<Match>, sqlx::Error> {
    select_matches!(
        "FROM matches WHERE tournament_id = $1 AND NOT removed ORDER BY starts_at, match_id",
        id as TournamentId
    )
    .fetch_all(db)
    .await
}

/// Every match that starts in this time, but for those of replays and those that were removed.
///
/// # Errors
///
/// When the database does not answer.
pub async fn between(
    db: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<Match>, sqlx::Error> {
    select_matches!(
        "FROM matches
         WHERE starts_at BETWEEN $1 AND $2 AND NOT removed
           AND tournament_id IN (SELECT tournament_id FROM tournaments WHERE source <> 'replay')
         ORDER BY starts_at, match_id",
        from,
        to,
    )
    .fetch_all(db)
    .await
}

/// Every match, by start, but for those of replays and those that will not be played.
///
/// # Errors
///
/// When the database does not answer.
pub async fn outside_replays(db: &mut PgConnection) -> Result<Vec<Match>, sqlx::Error> {
    select_matches!(
        "FROM matches
         WHERE state <> 'cancelled'
           AND tournament_id IN (SELECT tournament_id FROM tournaments WHERE source <> 'replay')
         ORDER BY starts_at, match_id"
    )
    .fetch_all(db)
    .await
}

/// The matches with these ids, locked in the order of their ids until the transaction ends.
///
/// # Errors
///
/// When the database does not answer.
pub async fn lock(db: &mut PgConnection, ids: &[MatchId]) -> Result<Vec<Match>, sqlx::Error> {
    select_matches!(
        "FROM matches WHERE match_id = ANY($1) ORDER BY match_id FOR NO KEY UPDATE",
        ids as &[MatchId]
    )
    .fetch_all(db)
    .await
}

/// Adds a match, or makes the one with its id equal to it. One that is equal already stays at its revision.
///
/// # Errors
///
/// When the database does not answer, or refuses the match.
pub async fn put(db: &mut PgConnection, m: &Match) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO matches (
             match_id, tournament_id, source_key, block, starts_at, best_of, state, team1_id, team2_id,
             team1_wins, team2_wins, winner_id, forfeited_by_id, needs_review, by_hand, removed, revision
         ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 1)
         ON CONFLICT (match_id) DO UPDATE
         SET block = excluded.block, starts_at = excluded.starts_at, best_of = excluded.best_of,
             state = excluded.state, team1_id = excluded.team1_id, team2_id = excluded.team2_id,
             team1_wins = excluded.team1_wins, team2_wins = excluded.team2_wins, winner_id = excluded.winner_id,
             forfeited_by_id = excluded.forfeited_by_id, needs_review = excluded.needs_review,
             by_hand = excluded.by_hand, removed = excluded.removed",
        m.match_id as MatchId,
        m.tournament_id as TournamentId,
        m.source_key,
        m.block,
        m.starts_at,
        m.best_of.games(),
        m.state as MatchState,
        m.team1_id as Option<TeamId>,
        m.team2_id as Option<TeamId>,
        m.team1_wins,
        m.team2_wins,
        m.winner_id as Option<TeamId>,
        m.forfeited_by_id as Option<TeamId>,
        m.needs_review,
        m.by_hand,
        m.removed,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Puts several matches, in the order of their ids.
///
/// # Errors
///
/// As [`put`].
pub async fn put_all(db: &mut PgConnection, mut matches: Vec<Match>) -> Result<(), sqlx::Error> {
    matches.sort_by_key(|m| m.match_id);
    for m in &matches {
        put(db, m).await?;
    }
    Ok(())
}

/// Begins the matches of files whose start has come within the last day and whose teams are known; answers how many. A match that
/// somebody holds is left for the next time.
///
/// # Errors
///
/// When the database does not answer.
pub async fn begin_due(db: &mut PgConnection) -> Result<u64, sqlx::Error> {
    let begun = sqlx::query!(
        "WITH due AS (
            SELECT match_id FROM matches JOIN tournaments USING (tournament_id)
            WHERE source = 'file' AND state = 'scheduled' AND team1_id IS NOT NULL AND team2_id IS NOT NULL
                AND starts_at <= clock_timestamp() AND starts_at > clock_timestamp() - interval '1 day'
            ORDER BY match_id FOR NO KEY UPDATE OF matches SKIP LOCKED
        )
        UPDATE matches SET state = 'in_progress' FROM due WHERE matches.match_id = due.match_id"
    )
    .execute(db)
    .await?;
    Ok(begun.rows_affected())
}
