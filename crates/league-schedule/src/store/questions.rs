//! Questions about stages as they stand now.

use loljoa_service_kit::{QuestionId, TeamId, TournamentId};
use sqlx::PgConnection;

use crate::domain::{Question, QuestionKind, QuestionState};

/// Selects whole questions; the tail says from where and in which order.
macro_rules! select_questions {
    ($tail:tt $(+ $more:tt)* $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Question,
            "SELECT question_id, tournament_id, stage, group_name AS \"group\", kind, state, starts_at,
                 candidates AS \"candidates: _\", winner_id, revision " + $tail $(+ $more)*
            $(, $argument)*
        )
    };
}
pub(super) use select_questions;

/// All questions, or those of one tournament, by the beginning of their stages.
///
/// # Errors
///
/// When the database does not answer.
pub async fn list(db: &mut PgConnection, of: Option<TournamentId>) -> Result<Vec<Question>, sqlx::Error> {
    select_questions!(
        "FROM questions WHERE $1::uuid IS NULL OR tournament_id = $1 ORDER BY starts_at, question_id",
        of as Option<TournamentId>,
    )
    .fetch_all(db)
    .await
}

/// Adds a question, or makes the one with its id equal to it; answers whether this changed anything. One that is equal already
/// stays at its revision.
///
/// # Errors
///
/// When the database does not answer, or refuses the question.
pub async fn put(db: &mut PgConnection, question: &Question) -> Result<bool, sqlx::Error> {
    let written = sqlx::query!(
        "INSERT INTO questions (
             question_id, tournament_id, stage, group_name, kind, state, starts_at, candidates, winner_id, revision
         ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1)
         ON CONFLICT (question_id) DO UPDATE
         SET state = excluded.state, starts_at = excluded.starts_at, candidates = excluded.candidates,
             winner_id = excluded.winner_id",
        question.question_id as QuestionId,
        question.tournament_id as TournamentId,
        question.stage,
        question.group,
        question.kind as QuestionKind,
        question.state as QuestionState,
        question.starts_at,
        &question.candidates as &[TeamId],
        question.winner_id as Option<TeamId>,
    )
    .execute(db)
    .await?;
    Ok(written.rows_affected() > 0)
}
