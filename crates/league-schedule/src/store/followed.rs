//! How far the questions have followed the matches, and which tournaments' questions are to be looked at again.

use loljoa_service_kit::TournamentId;
use sqlx::PgConnection;

use super::feed::Position;

/// Whether matches have changed behind the position, or `seconds` have passed since the last look at questions that time alone may end.
///
/// # Errors
///
/// When the database does not answer.
pub async fn is_behind(db: &mut PgConnection, seconds: f64) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT looked_at < clock_timestamp() - make_interval(secs => $1) OR EXISTS (
               SELECT FROM match_revisions revisions
               WHERE (revisions.xid, revisions.seq) > (followed.xid, followed.seq)
                   AND revisions.xid < pg_snapshot_xmin(pg_current_snapshot())
           ) AS "is_behind!"
           FROM questions_followed followed"#,
        seconds,
    )
    .fetch_one(db)
    .await
}

/// The position, locked until the transaction ends; `None` while another replica has it.
///
/// # Errors
///
/// When the database does not answer.
pub async fn lock(db: &mut PgConnection) -> Result<Option<Position>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT xid::text AS "xid!", seq FROM questions_followed FOR NO KEY UPDATE SKIP LOCKED"#
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| Position::new(&row.xid, row.seq)).transpose()
}

/// Moves the position.
///
/// # Errors
///
/// When the database does not answer.
pub async fn go_on(db: &mut PgConnection, at: Position) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE questions_followed SET xid = $1::text::xid8, seq = $2", at.xid.to_string(), at.seq,)
        .execute(db)
        .await?;
    Ok(())
}

/// Marks tournaments whose questions are not over, unless less than `seconds` have passed since this was done.
///
/// # Errors
///
/// When the database does not answer.
pub async fn mark_open(db: &mut PgConnection, seconds: f64) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH looked AS (
            UPDATE questions_followed SET looked_at = clock_timestamp()
            WHERE looked_at < clock_timestamp() - make_interval(secs => $1) RETURNING true
        ), due AS (
            SELECT tournament_id FROM tournaments
            WHERE EXISTS (SELECT FROM looked) AND tournament_id IN (
                SELECT tournament_id FROM questions WHERE state IN ('scheduled', 'in_progress')
            )
            ORDER BY tournament_id FOR NO KEY UPDATE
        )
        UPDATE tournaments SET questions_stale = true FROM due
        WHERE tournaments.tournament_id = due.tournament_id",
        seconds,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Marks these tournaments, and those whose tables count results of theirs; also one that is marked, as whoever has just taken it
/// may not have seen what has changed.
///
/// # Errors
///
/// When the database does not answer.
pub async fn mark(db: &mut PgConnection, tournaments: &[TournamentId]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH due AS (
            SELECT tournament_id FROM tournaments t
            WHERE tournament_id = ANY($1) OR EXISTS (
                SELECT FROM jsonb_array_elements(t.stages) stage, jsonb_array_elements(stage -> 'carries') carried
                WHERE carried ->> 'tournament' IN (SELECT name FROM tournaments WHERE tournament_id = ANY($1))
            )
            ORDER BY tournament_id FOR NO KEY UPDATE
        )
        UPDATE tournaments SET questions_stale = true FROM due
        WHERE tournaments.tournament_id = due.tournament_id",
        tournaments as &[TournamentId],
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The tournaments whose tables count results of these.
///
/// # Errors
///
/// When the database does not answer.
pub async fn counting(
    db: &mut PgConnection,
    tournaments: &[TournamentId],
) -> Result<Vec<TournamentId>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT tournament_id FROM tournaments t
        WHERE EXISTS (
            SELECT FROM jsonb_array_elements(t.stages) stage, jsonb_array_elements(stage -> 'carries') carried
            WHERE carried ->> 'tournament' IN (SELECT name FROM tournaments WHERE tournament_id = ANY($1))
        )
        ORDER BY tournament_id",
        tournaments as &[TournamentId],
    )
    .fetch_all(db)
    .await
}

/// Whether a tournament is marked.
///
/// # Errors
///
/// When the database does not answer.
pub async fn any_marked(db: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM tournaments WHERE questions_stale) AS "marked!""#)
        .fetch_one(db)
        .await
}

/// A marked tournament, whose mark goes and whose stages and questions nobody else changes until the transaction ends. One that
/// somebody holds is left for the next time.
///
/// # Errors
///
/// When the database does not answer.
pub async fn take_marked(db: &mut PgConnection) -> Result<Option<TournamentId>, sqlx::Error> {
    sqlx::query_scalar!(
        "WITH due AS (
            SELECT tournament_id FROM tournaments WHERE questions_stale
            ORDER BY tournament_id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
        )
        UPDATE tournaments SET questions_stale = false FROM due
        WHERE tournaments.tournament_id = due.tournament_id
        RETURNING tournaments.tournament_id"
    )
    .fetch_optional(db)
    .await
}
