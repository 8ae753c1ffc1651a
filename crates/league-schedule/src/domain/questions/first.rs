//! Who is first of a table.

use chrono::{DateTime, TimeDelta, Utc};
use loljoa_service_kit::TeamId;

use super::{Asked, QuestionKind, Verdict};
use crate::domain::{
    Match, MatchState,
    stage::{Kind, Stage, is_tiebreaker},
    standings::{Played, StageStandings, Table},
};

/// So long after a stage's last match something may still separate teams that share the first place.
const PATIENCE: TimeDelta = TimeDelta::days(7);

/// What is asked about the tables of a stage: of each, who is first.
pub(super) fn asked(tournament: &Played, found: &StageStandings, now: DateTime<Utc>) -> Vec<Asked> {
    let course = Course::of(tournament, found, now);
    let asked = |table: &Table| Asked {
        kind: QuestionKind::First,
        group: table.group.clone(),
        candidates: course.candidates(table),
        verdict: course.verdict(table),
    };
    found.tables.iter().map(asked).collect()
}

/// How far a stage has come.
struct Course<'a> {
    tournament: &'a Played,
    stage: &'a Stage,
    /// Whether all of its matches are known, with their teams.
    is_listed: bool,
    /// Whether all of its matches are over.
    is_complete: bool,
    /// Whether the tournament has gone on, so that nothing will separate teams that are level.
    has_moved_on: bool,
}

impl<'a> Course<'a> {
    fn of(tournament: &'a Played, found: &'a StageStandings, now: DateTime<Utc>) -> Self {
        let stage = &found.stage;
        let own: Vec<&Match> = stage.matches(&tournament.matches).collect();
        let is_known =
            |m: &&Match| m.state == MatchState::Cancelled || m.team1_id.is_some() && m.team2_id.is_some();
        let is_whole = own.len() >= expected(found);
        let last = own.iter().filter(|m| m.state != MatchState::Cancelled).map(|m| m.starts_at).max();
        let follows = |m: &Match, last| {
            m.is_decided() && m.starts_at > last && !stage.has(m) && !is_tiebreaker(&m.block)
        };
        Self {
            tournament,
            stage,
            is_listed: is_whole && own.iter().all(is_known),
            is_complete: is_whole && own.iter().all(|m| m.is_over()),
            has_moved_on: last.is_some_and(|last| {
                now - last >= PATIENCE || tournament.matches.iter().any(|m| follows(m, last))
            }),
        }
    }

    /// Every team that can be first; empty while some may be missing. A group says its teams.
    fn candidates(&self, table: &Table) -> Vec<TeamId> {
        let is_said = matches!(self.stage.kind, Kind::Groups(_));
        if table.lines.len() < 2 || !(is_said || self.is_listed) {
            return Vec::new();
        }
        let mut teams: Vec<TeamId> = table.lines.iter().map(|line| line.team_id).collect();
        teams.sort_unstable();
        teams
    }

    fn verdict(&self, table: &Table) -> Verdict {
        if !self.is_complete {
            return Verdict::Open;
        }
        let mut first = table.lines.iter().filter(|line| line.rank == 1).map(|line| line.team_id);
        match (first.next(), first.next()) {
            (Some(team), None) if self.has_moved_on || !self.has_to_play_for_it(team) => Verdict::Is(team),
            (Some(_), Some(_)) if self.has_moved_on => Verdict::Nobody,
            _ => Verdict::Open,
        }
    }

    /// Whether a tiebreaker of this team is still open.
    fn has_to_play_for_it(&self, team: TeamId) -> bool {
        self.tournament.matches.iter().any(|m| {
            is_tiebreaker(&m.block) && !self.stage.has(m) && !m.is_over() && m.side_of(team).is_some()
        })
    }
}

/// How many matches a stage has in all: as many as are said, or else as teams that all meet play.
fn expected(found: &StageStandings) -> usize {
    if let Some(said) = found.stage.expected_matches {
        return usize::try_from(said).unwrap_or(usize::MAX);
    }
    let meetings =
        if let Kind::RoundRobin { meetings } = found.stage.kind { usize::from(meetings) } else { 1 };
    let pairs = |table: &Table| table.lines.len() * table.lines.len().saturating_sub(1) / 2;
    found.tables.iter().map(pairs).sum::<usize>() * meetings
}
