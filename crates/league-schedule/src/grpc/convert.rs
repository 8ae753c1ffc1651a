//! Messages from and to what the domain knows.

use chrono::{DateTime, SubsecRound, Utc};
use loljoa_proto::league_schedule::v1 as proto;
use loljoa_service_kit::{Error, TeamId};
use prost_types::Timestamp;

use super::{questions, standings};
use crate::{
    domain::{
        Match, MatchState, Question, SourceKind, Team, Tournament,
        import::{Action, Line},
        suspects::{Kind, Suspect},
        time::is_plausible,
    },
    service::{
        directory::Directory,
        import::{Ahead, Imported},
        suspects::Suspects,
        teams::Listed,
    },
};

/// PostgreSQL keeps microseconds.
const DIGITS: u16 = 6;
/// Lines that an import tells.
const MAX_LINES: usize = 5_000;
/// Matches that a dry run tells.
const MAX_CHANGED: usize = 1_000;

pub(super) fn timestamp(time: DateTime<Utc>) -> Timestamp {
    let nanos = i32::try_from(time.timestamp_subsec_nanos()).unwrap_or_default();
    Timestamp { seconds: time.timestamp(), nanos }
}

/// Reads a time at which a match can start.
pub(super) fn time(timestamp: Timestamp, field: &str) -> Result<DateTime<Utc>, Error> {
    let invalid = || Error::invalid_field(field, "time_out_of_range", "must be a time between 2000 and 2100");
    let nanos = u32::try_from(timestamp.nanos).map_err(|_| invalid())?;
    let time = DateTime::from_timestamp(timestamp.seconds, nanos).ok_or_else(invalid)?;
    if is_plausible(time) { Ok(time.trunc_subsecs(DIGITS)) } else { Err(invalid()) }
}

pub(super) fn id<T: ToString>(id: Option<T>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

/// A count for a message; none of ours comes near the limit.
pub(super) fn count<T: TryInto<i32>>(count: T) -> i32 {
    count.try_into().unwrap_or(i32::MAX)
}

pub(super) fn team(team: Team) -> proto::Team {
    proto::Team {
        team_id: team.team_id.to_string(),
        code: team.code,
        name_en: team.name_en,
        name_ko: team.name_ko,
        colour: team.colour,
        formerly: Vec::new(),
        now: None,
    }
}

pub(super) fn listed(listed: Listed) -> proto::Team {
    let name = |team: Team| proto::TeamName {
        team_id: team.team_id.to_string(),
        code: team.code,
        name_en: team.name_en,
        name_ko: team.name_ko,
    };
    proto::Team {
        formerly: listed.formerly.into_iter().map(name).collect(),
        now: listed.now.map(name),
        ..team(listed.team)
    }
}

pub(super) fn tournament(tournament: Tournament) -> proto::Tournament {
    let source = match tournament.source {
        SourceKind::File => proto::Source::File,
        SourceKind::Live => proto::Source::Live,
        SourceKind::Replay => proto::Source::Replay,
    };
    let replay_state = match tournament.replay_finished {
        None => proto::ReplayState::Unspecified,
        Some(false) => proto::ReplayState::Running,
        Some(true) => proto::ReplayState::Finished,
    };
    proto::Tournament {
        tournament_id: tournament.tournament_id.to_string(),
        name: tournament.name,
        source: source.into(),
        replay_state: replay_state.into(),
        first_match_at: tournament.first_match_at.map(timestamp),
        last_match_at: tournament.last_match_at.map(timestamp),
        matches: count(tournament.matches),
    }
}

pub(super) fn state(state: MatchState) -> proto::MatchState {
    match state {
        MatchState::Scheduled => proto::MatchState::Scheduled,
        MatchState::InProgress => proto::MatchState::InProgress,
        MatchState::Completed => proto::MatchState::Completed,
        MatchState::Forfeited => proto::MatchState::Forfeited,
        MatchState::Cancelled => proto::MatchState::Cancelled,
    }
}

/// Reads a filter by state; unspecified lets all through.
pub(super) fn state_filter(number: i32) -> Result<Option<MatchState>, Error> {
    let invalid = || Error::invalid_field("state", "state_unknown", "must be a state of a match");
    Ok(match proto::MatchState::try_from(number).map_err(|_| invalid())? {
        proto::MatchState::Unspecified => None,
        proto::MatchState::Scheduled => Some(MatchState::Scheduled),
        proto::MatchState::InProgress => Some(MatchState::InProgress),
        proto::MatchState::Completed => Some(MatchState::Completed),
        proto::MatchState::Forfeited => Some(MatchState::Forfeited),
        proto::MatchState::Cancelled => Some(MatchState::Cancelled),
    })
}

pub(super) fn game(m: &Match, directory: &Directory) -> proto::Match {
    let team = |id: Option<TeamId>| id.and_then(|id| directory.team(m.tournament_id, id)).cloned().map(team);
    proto::Match {
        match_id: m.match_id.to_string(),
        tournament_id: m.tournament_id.to_string(),
        tournament_name: directory.tournament(m.tournament_id).to_owned(),
        block: m.block.clone(),
        starts_at: Some(timestamp(m.starts_at)),
        best_of: i32::from(m.best_of.games()),
        state: state(m.state).into(),
        team1: team(m.team1_id),
        team2: team(m.team2_id),
        team1_wins: i32::from(m.team1_wins),
        team2_wins: i32::from(m.team2_wins),
        winner_id: id(m.winner_id),
        forfeited_by_id: id(m.forfeited_by_id),
        revision: m.revision,
        needs_review: m.needs_review,
    }
}

pub(super) fn games(matches: &[Match], directory: &Directory) -> Vec<proto::Match> {
    matches.iter().map(|m| game(m, directory)).collect()
}

pub(super) fn imported(imported: Imported) -> proto::ImportSeasonResponse {
    let report = imported.report;
    let (changed_matches, left_out) = imported.ahead.as_ref().map(changed).unwrap_or_default();
    let (changed_questions, questions_left_out) = imported.ahead.as_ref().map(asked).unwrap_or_default();
    let standings = imported.ahead.as_ref().map(standings::ahead).unwrap_or_default();
    let standings_left_out = imported.ahead.as_ref().map_or(0, |ahead| ahead.standings_left_out);
    let total = |action| count(report.count(action));
    proto::ImportSeasonResponse {
        added: total(Action::Added),
        changed: total(Action::Changed),
        unchanged: total(Action::Unchanged),
        refused: total(Action::Refused),
        applied: imported.applied,
        warned: count(report.warned()),
        lines_left_out: count(report.lines.len().saturating_sub(MAX_LINES)),
        lines: told(report.lines).into_iter().map(line).collect(),
        changed_matches,
        changed_matches_left_out: count(left_out),
        standings,
        standings_left_out: count(standings_left_out),
        changed_questions,
        changed_questions_left_out: count(questions_left_out),
    }
}

/// As many lines as one answer may hold, in their order: refused ones before odd ones before all others.
fn told(mut lines: Vec<Line>) -> Vec<Line> {
    if lines.len() > MAX_LINES {
        lines.sort_by_key(|line| (line.action != Action::Refused, line.warning.is_empty()));
        lines.truncate(MAX_LINES);
        lines.sort_by_key(|line| line.line);
    }
    lines
}

/// As many of them as one answer may hold, and how many are left out.
fn changed(ahead: &Ahead) -> (Vec<proto::ChangedMatch>, usize) {
    let changed = ahead.changed.iter().take(MAX_CHANGED).map(|changed| proto::ChangedMatch {
        line: count(changed.line),
        r#match: Some(game(&changed.game, &ahead.directory)),
    });
    (changed.collect(), ahead.changed.len().saturating_sub(MAX_CHANGED))
}

/// The same of questions.
fn asked(ahead: &Ahead) -> (Vec<proto::Question>, usize) {
    let told = &ahead.questions[..ahead.questions.len().min(MAX_CHANGED)];
    (questions::questions(told, &ahead.directory), ahead.questions.len() - told.len())
}

fn line(line: Line) -> proto::ImportLine {
    let action = match line.action {
        Action::Added => proto::ImportAction::Added,
        Action::Changed => proto::ImportAction::Changed,
        Action::Unchanged => proto::ImportAction::Unchanged,
        Action::Refused => proto::ImportAction::Refused,
    };
    let number = count(line.line);
    proto::ImportLine {
        line: number,
        action: action.into(),
        subject: line.subject,
        message: line.message,
        warning: line.warning,
    }
}

pub(super) fn suspects(suspects: Suspects) -> proto::ListSuspectsResponse {
    let Suspects { found, left_out, directory } = suspects;
    proto::ListSuspectsResponse {
        suspects: found
            .into_iter()
            .map(|(found, questions)| suspect(found, &questions, &directory))
            .collect(),
        suspects_left_out: count(left_out),
    }
}

fn suspect(suspect: Suspect, asked: &[Question], directory: &Directory) -> proto::Suspect {
    let kind = match suspect.kind {
        Kind::SamePair => proto::SuspectKind::SamePair,
        Kind::TwoPlaces => proto::SuspectKind::TwoPlaces,
        Kind::ResultBeforeStart => proto::SuspectKind::ResultBeforeStart,
        Kind::CountsForNothing => proto::SuspectKind::CountsForNothing,
    };
    proto::Suspect {
        kind: kind.into(),
        matches: games(&suspect.matches, directory),
        what: suspect.what,
        remedy: suspect.remedy,
        effect: suspect.effect,
        remove_id: id(suspect.remove),
        changed_questions: questions::questions(asked, directory),
    }
}
