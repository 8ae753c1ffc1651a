//! Questions about whole stages of a tournament: who wins a bracket, and who is first of a table.
//!
//! What a question is follows from the matches, the stages and the time alone; nobody writes one by hand.

mod champion;
mod first;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use loljoa_service_kit::{QuestionId, TeamId, TournamentId, ids};

use super::{
    Match, MatchState,
    stage::Kind,
    standings::{Played, StageStandings},
};

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum QuestionKind {
    /// Who wins the bracket.
    Champion,
    /// Who is first of the table, or of the group.
    First,
}

impl QuestionKind {
    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Champion => "champion",
            Self::First => "first",
        }
    }
}

/// How far a question is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum QuestionState {
    /// No match of the stage has begun.
    Scheduled,
    /// The stage is being played, or what separates its first is.
    InProgress,
    /// The answer is known.
    Decided,
    /// No answer can come.
    Cancelled,
}

/// A question as it stands at one revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Derived from what is asked.
    pub question_id: QuestionId,
    /// The tournament that it is about.
    pub tournament_id: TournamentId,
    /// The stage's name.
    pub stage: String,
    /// The group's name; `None` where there are none.
    pub group: Option<String>,
    /// What is asked.
    pub kind: QuestionKind,
    /// How far it is.
    pub state: QuestionState,
    /// When the first match of the stage starts.
    pub starts_at: DateTime<Utc>,
    /// Every team that can be the answer, by id; empty while some are to be decided.
    pub candidates: Vec<TeamId>,
    /// The answer, once decided.
    pub winner_id: Option<TeamId>,
    /// Counts the changes, from 1; the database does the counting.
    pub revision: i64,
}

/// One question of a stage.
struct Asked {
    kind: QuestionKind,
    group: Option<String>,
    candidates: Vec<TeamId>,
    verdict: Verdict,
}

/// What the matches say to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Open,
    Is(TeamId),
    Nobody,
}

impl Question {
    /// The id of what is asked about a stage of a tournament, or about a group of it.
    #[must_use]
    pub fn id_of(
        tournament: TournamentId,
        kind: QuestionKind,
        stage: &str,
        group: Option<&str>,
    ) -> QuestionId {
        let group = group.unwrap_or_default();
        let parts = [b"question", tournament.0.as_bytes().as_slice(), kind.as_str().as_bytes()];
        QuestionId(ids::derived(&[&parts[..], &[stage.as_bytes(), group.as_bytes()]].concat()))
    }

    /// Whether they differ in nothing but their revisions.
    fn says_the_same_as(&self, other: &Self) -> bool {
        *self == Self { revision: self.revision, ..other.clone() }
    }

    /// Whether somebody could answer it.
    fn can_be_answered(&self) -> bool {
        !self.candidates.is_empty() && self.state != QuestionState::Cancelled
    }
}

/// The questions about the stages of this tournament, which stand as `standings` say. One whose candidates are not known has none.
#[must_use]
pub fn questions(
    id: TournamentId,
    tournament: &Played,
    standings: &[StageStandings],
    now: DateTime<Utc>,
) -> Vec<Question> {
    standings.iter().flat_map(|found| of_stage(id, tournament, found, now)).collect()
}

/// What is different, by id, between the questions that are `known` and those that are `asked`. One that is asked no longer is
/// cancelled; one that nobody can answer is not begun.
#[must_use]
pub fn renewed(known: &[Question], asked: Vec<Question>) -> Vec<Question> {
    let is_asked: HashSet<QuestionId> = asked.iter().map(|question| question.question_id).collect();
    let gone = known.iter().filter(|question| !is_asked.contains(&question.question_id));
    let cancelled = gone.map(|question| Question {
        state: QuestionState::Cancelled,
        winner_id: None,
        ..question.clone()
    });
    let is_news = |question: &Question| {
        let before = known.iter().find(|known| known.question_id == question.question_id);
        before.map_or_else(|| question.can_be_answered(), |before| !question.says_the_same_as(before))
    };
    let mut renewed: Vec<Question> = cancelled.chain(asked).filter(is_news).collect();
    renewed.sort_by_key(|question| question.question_id);
    renewed
}

/// Of a stage that has no match to be played nothing is asked.
fn of_stage(
    id: TournamentId,
    tournament: &Played,
    found: &StageStandings,
    now: DateTime<Utc>,
) -> Vec<Question> {
    let own: Vec<&Match> =
        found.stage.matches(&tournament.matches).filter(|m| m.state != MatchState::Cancelled).collect();
    let Some(starts_at) = own.iter().map(|m| m.starts_at).min() else { return Vec::new() };
    let has_begun = own.iter().any(|m| m.state != MatchState::Scheduled);
    let open = if has_begun { QuestionState::InProgress } else { QuestionState::Scheduled };
    let asked = match &found.stage.kind {
        Kind::Bracket(_) => vec![champion::asked(tournament, found, &own)],
        Kind::RoundRobin { .. } | Kind::Groups(_) if tournament.is_said => {
            first::asked(tournament, found, now)
        }
        _ => Vec::new(),
    };
    let question = |asked: Asked| {
        let (state, winner_id) = match asked.verdict {
            Verdict::Open => (open, None),
            Verdict::Is(winner) => (QuestionState::Decided, Some(winner)),
            Verdict::Nobody => (QuestionState::Cancelled, None),
        };
        Question {
            question_id: Question::id_of(id, asked.kind, &found.stage.name, asked.group.as_deref()),
            tournament_id: id,
            stage: found.stage.name.clone(),
            group: asked.group,
            kind: asked.kind,
            state,
            starts_at,
            candidates: asked.candidates,
            winner_id,
            revision: 1,
        }
    };
    asked.into_iter().map(question).collect()
}

#[cfg(test)]
mod tests;
