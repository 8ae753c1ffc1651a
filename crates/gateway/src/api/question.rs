//! Questions about whole stages of a tournament.

use chrono::{DateTime, Utc};
use loljoa_proto::league_schedule::v1 as pb;
use loljoa_service_kit::{Error, QuestionId, TeamId, TournamentId};
use serde::Serialize;
use utoipa::ToSchema;

use super::{all, id, league::Team, optional_id, present, time};

/// What is asked.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum QuestionKind {
    /// Who wins the bracket.
    Champion,
    /// Who is first of the table, or of the group.
    First,
}

/// How far a question is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum QuestionState {
    /// The stage has not begun.
    Scheduled,
    InProgress,
    Decided,
    /// No answer can come.
    Cancelled,
}

/// A question about a whole stage.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Question {
    #[schema(value_type = Uuid)]
    question_id: QuestionId,
    #[schema(value_type = Uuid)]
    tournament_id: TournamentId,
    /// The tournament's name.
    tournament: String,
    /// The stage's name.
    stage: String,
    /// The group's name; null where there are none.
    group: Option<String>,
    kind: QuestionKind,
    state: QuestionState,
    /// When the stage's first match starts.
    starts_at: DateTime<Utc>,
    /// Every team that can be the answer; empty while some are to be decided.
    candidates: Vec<Team>,
    /// Null until decided.
    #[schema(value_type = Option<Uuid>)]
    winner_id: Option<TeamId>,
    /// Counts the changes of this question.
    revision: i64,
}

impl TryFrom<pb::Question> for Question {
    type Error = Error;

    fn try_from(found: pb::Question) -> Result<Self, Error> {
        Ok(Self {
            question_id: id(&found.question_id)?,
            tournament_id: id(&found.tournament_id)?,
            kind: match found.kind() {
                pb::QuestionKind::Champion => QuestionKind::Champion,
                pb::QuestionKind::First => QuestionKind::First,
                pb::QuestionKind::Unspecified => return Err(Error::internal("a question without a kind")),
            },
            state: match found.state() {
                pb::QuestionState::Scheduled => QuestionState::Scheduled,
                pb::QuestionState::InProgress => QuestionState::InProgress,
                pb::QuestionState::Decided => QuestionState::Decided,
                pb::QuestionState::Cancelled => QuestionState::Cancelled,
                pb::QuestionState::Unspecified => return Err(Error::internal("a question without a state")),
            },
            starts_at: time(found.starts_at)?,
            winner_id: optional_id(&found.winner_id)?,
            candidates: all(found.candidates)?,
            tournament: found.tournament_name,
            stage: found.stage,
            group: present(found.group),
            revision: found.revision,
        })
    }
}
