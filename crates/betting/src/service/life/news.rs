//! Reads matches and contests as league-schedule sends them.

use chrono::{DateTime, Utc};
use loljoa_proto::league_schedule::v1::{
    Match, MatchState as State, Question, QuestionKind, QuestionState, Team as TeamMessage,
};
use loljoa_service_kit::{Error, MatchId, TeamId};
use prost_types::Timestamp;

use crate::domain::{
    Market, MatchNews, MatchState, Team, Template,
    contest::{self, ContestNews},
    life::{self, Plan},
    matches::{KnownMatch, Sides},
};

/// A revision of something that markets are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// A match.
    Match(MatchNews),
    /// A contest.
    Contest(ContestNews),
}

impl News {
    /// What its markets name as their match.
    pub(crate) const fn id(&self) -> MatchId {
        match self {
            Self::Match(news) => news.match_id,
            Self::Contest(news) => news.id,
        }
    }

    /// Counts its changes.
    pub(super) const fn revision(&self) -> i64 {
        match self {
            Self::Match(news) => news.revision,
            Self::Contest(news) => news.revision,
        }
    }

    /// What is known of it from now on.
    pub(super) fn known(&self, before: Option<&KnownMatch>) -> KnownMatch {
        match self {
            Self::Match(news) => KnownMatch {
                revision: news.revision,
                state: news.state,
                starts_at: news.starts_at,
                teams: Sides::of(before, news).as_ref().map(Sides::ids),
            },
            Self::Contest(news) => KnownMatch {
                revision: news.revision,
                state: news.state,
                starts_at: news.starts_at,
                teams: None,
            },
        }
    }

    /// What it means for its markets, at `now` by the database's clock.
    pub(crate) fn plan(&self, known: Option<&KnownMatch>, markets: &[Market], now: DateTime<Utc>) -> Plan {
        match self {
            Self::Match(news) => {
                let sides = Sides::of(known, news);
                life::plan(known, news, sides.as_ref(), markets, now)
            }
            Self::Contest(news) => contest::plan(known, news, markets, now),
        }
    }
}

/// Reads one revision of a match.
pub(crate) fn read_match(change: &Match) -> Result<MatchNews, Error> {
    let teams = change.team1.as_ref().zip(change.team2.as_ref());
    let teams = teams.map(|(one, two)| Ok::<_, Error>([team(one)?, team(two)?])).transpose()?;
    Ok(MatchNews {
        match_id: MatchId::parse(&change.match_id)?,
        revision: change.revision,
        state: state(change.state())?,
        starts_at: start(change.starts_at)?,
        best_of: small(change.best_of, "bestOf")?,
        teams,
        wins: [small(change.team1_wins, "team1Wins")?, small(change.team2_wins, "team2Wins")?],
        needs_review: change.needs_review,
    })
}

/// Reads one revision of a question about a stage.
pub(crate) fn read_question(change: &Question) -> Result<ContestNews, Error> {
    Ok(ContestNews {
        id: MatchId::parse(&change.question_id)?,
        revision: change.revision,
        state: match change.state() {
            QuestionState::Unspecified => return Err(invalid("state")),
            QuestionState::Scheduled => MatchState::Scheduled,
            QuestionState::InProgress => MatchState::InProgress,
            QuestionState::Decided => MatchState::Completed,
            QuestionState::Cancelled => MatchState::Cancelled,
        },
        starts_at: start(change.starts_at)?,
        asks: match change.kind() {
            QuestionKind::Unspecified => return Err(invalid("kind")),
            QuestionKind::Champion => Template::Champion,
            QuestionKind::First => Template::First,
        },
        about: about(change),
        candidates: change.candidates.iter().map(team).collect::<Result<_, _>>()?,
        winner: if change.winner_id.is_empty() { None } else { Some(TeamId::parse(&change.winner_id)?) },
    })
}

/// What a question is about: `LCK Cup Playoffs`, whether the tournament is called `LCK Cup` or just so.
fn about(question: &Question) -> String {
    let Question { tournament_name: tournament, stage, group, .. } = question;
    let stage = if tournament.ends_with(stage.as_str()) {
        tournament.clone()
    } else {
        format!("{tournament} {stage}")
    };
    if group.is_empty() { stage } else { format!("{stage}, {group}") }
}

fn team(team: &TeamMessage) -> Result<Team, Error> {
    Ok(Team {
        team_id: TeamId::parse(&team.team_id)?,
        code: team.code.clone(),
        name_en: team.name_en.clone(),
        name_ko: team.name_ko.clone(),
    })
}

fn state(state: State) -> Result<MatchState, Error> {
    match state {
        State::Unspecified => Err(invalid("state")),
        State::Scheduled => Ok(MatchState::Scheduled),
        State::InProgress => Ok(MatchState::InProgress),
        State::Completed => Ok(MatchState::Completed),
        State::Forfeited => Ok(MatchState::Forfeited),
        State::Cancelled => Ok(MatchState::Cancelled),
    }
}

fn start(at: Option<Timestamp>) -> Result<DateTime<Utc>, Error> {
    let at = at.ok_or_else(|| invalid("startsAt"))?;
    let nanos = u32::try_from(at.nanos).map_err(|_| invalid("startsAt"))?;
    DateTime::from_timestamp(at.seconds, nanos).ok_or_else(|| invalid("startsAt"))
}

fn small(number: i32, field: &str) -> Result<u8, Error> {
    u8::try_from(number).ok().filter(|number| *number < 10).ok_or_else(|| invalid(field))
}

fn invalid(field: &str) -> Error {
    Error::invalid_field(field, "match_unreadable", "must be as the contract says")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_says_what_it_is_about_once() {
        let about = |tournament: &str, stage: &str, group: &str| {
            let (tournament_name, stage, group) = (tournament.into(), stage.into(), group.into());
            about(&Question { tournament_name, stage, group, ..Question::default() })
        };
        assert_eq!(about("LCK Cup", "Playoffs", ""), "LCK Cup Playoffs");
        assert_eq!(about("LCK Cup Playoffs", "Playoffs", ""), "LCK Cup Playoffs");
        assert_eq!(about("LCK 2025", "Groups", "Legend"), "LCK 2025 Groups, Legend");
    }
}
