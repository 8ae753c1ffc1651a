//! Messages of questions about stages.

use loljoa_proto::league_schedule::v1 as proto;

use super::convert;
use crate::{
    domain::{Question, QuestionKind, QuestionState},
    service::directory::Directory,
};

pub(super) fn questions(questions: &[Question], directory: &Directory) -> Vec<proto::Question> {
    questions.iter().map(|question| message(question, directory)).collect()
}

fn message(question: &Question, directory: &Directory) -> proto::Question {
    let kind = match question.kind {
        QuestionKind::Champion => proto::QuestionKind::Champion,
        QuestionKind::First => proto::QuestionKind::First,
    };
    let state = match question.state {
        QuestionState::Scheduled => proto::QuestionState::Scheduled,
        QuestionState::InProgress => proto::QuestionState::InProgress,
        QuestionState::Decided => proto::QuestionState::Decided,
        QuestionState::Cancelled => proto::QuestionState::Cancelled,
    };
    let candidates =
        question.candidates.iter().filter_map(|id| directory.team(question.tournament_id, *id)).cloned();
    proto::Question {
        question_id: question.question_id.to_string(),
        tournament_id: question.tournament_id.to_string(),
        tournament_name: directory.tournament(question.tournament_id).to_owned(),
        stage: question.stage.clone(),
        group: question.group.clone().unwrap_or_default(),
        kind: kind.into(),
        state: state.into(),
        starts_at: Some(convert::timestamp(question.starts_at)),
        candidates: candidates.map(convert::team).collect(),
        winner_id: convert::id(question.winner_id),
        revision: question.revision,
    }
}
