//! What bringing a season file in would change, line by line.

mod merge;
mod report;
mod warn;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use loljoa_service_kit::MatchId;

pub use report::{Action, Line, Report};

use super::{
    Match, SourceKind, Team, Tournament,
    season::{Entry, Fixture, Season},
    suspects::is_tiebreaker,
};

/// Who brings the file in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Importer {
    /// An administrator: the file wins over what was decided by hand.
    Admin,
    /// The service itself, at every start: what was decided by hand stays.
    Source,
}

/// What the database knows that the file speaks of.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Teams by code.
    pub teams: HashMap<String, Team>,
    /// Tournaments' sources by name.
    pub tournaments: HashMap<String, SourceKind>,
    /// Matches by id.
    pub matches: HashMap<MatchId, Match>,
    /// All matches about the time of the file's, but for replays.
    pub nearby: Vec<Match>,
}

/// A match that is known, as it would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Where the file says so, from 1.
    pub line: usize,
    /// The match.
    pub game: Match,
}

/// What is to be written, and what to tell.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Teams to add or change.
    pub teams: Vec<Team>,
    /// Names of tournaments to add.
    pub tournaments: Vec<String>,
    /// Matches to add or change.
    pub matches: Vec<Match>,
    /// Those of them that are known.
    pub changed: Vec<Changed>,
    /// Line by line.
    pub report: Report,
}

impl Plan {
    /// Compares a season file with what is known, at `now`.
    #[must_use]
    pub fn new(season: &Season, mut known: Known, importer: Importer, now: DateTime<Utc>) -> Self {
        let mut plan = Self::default();
        if let Some((line, why)) = &season.refused {
            plan.report.refuse_file(*line, why);
            return plan;
        }
        let mut seen = Seen::default();
        for entry in &season.teams {
            let verdict = plan.team(entry, &mut known, &mut seen);
            plan.report.add(entry, verdict);
        }
        for entry in &season.matches {
            let verdict = plan.fixture(entry, &mut known, &mut seen, (importer, now));
            plan.report.add(entry, verdict);
        }
        if season.teams.is_empty() && season.matches.is_empty() {
            plan.report.refuse_file(0, "the file holds no teams and no matches");
        }
        warn::warn(&mut plan.report, season, &known, now);
        plan
    }

    fn team(
        &mut self,
        entry: &Entry<Team>,
        known: &mut Known,
        seen: &mut Seen<'_>,
    ) -> Result<(Action, String), String> {
        let team = entry.content.clone()?;
        if let Some(other) = seen.teams.insert(team.code.clone(), entry.line) {
            return Err(format!("the same team as line {other}"));
        }
        let verdict = match known.teams.get(&team.code) {
            Some(present) if *present == team => return Ok((Action::Unchanged, String::new())),
            Some(present) => (Action::Changed, merge::team_changes(present, &team)),
            None => (Action::Added, String::new()),
        };
        known.teams.insert(team.code.clone(), team.clone());
        self.teams.push(team);
        Ok(verdict)
    }

    fn fixture<'a>(
        &mut self,
        entry: &'a Entry<Fixture>,
        known: &mut Known,
        seen: &mut Seen<'a>,
        (importer, now): (Importer, DateTime<Utc>),
    ) -> Result<(Action, String), String> {
        let fixture = entry.content.as_ref().map_err(Clone::clone)?;
        seen.note(fixture, entry.line)?;
        for code in [&fixture.team1, &fixture.team2].into_iter().flatten() {
            if !known.teams.contains_key(code) {
                return Err(format!("unknown team {code}"));
            }
        }
        let new_tournament = match known.tournaments.get(&fixture.tournament) {
            Some(SourceKind::File) => false,
            Some(SourceKind::Replay) => return Err(format!("{} is being replayed", fixture.tournament)),
            Some(SourceKind::Live) => return Err(format!("{} comes from the live feed", fixture.tournament)),
            None => true,
        };
        let verdict = self.merge(fixture, known, (importer, now))?;
        if verdict.0 == Action::Changed {
            let game = self.matches.last().cloned();
            self.changed.extend(game.map(|game| Changed { line: entry.line, game }));
        }
        if !new_tournament {
            return Ok(verdict);
        }
        known.tournaments.insert(fixture.tournament.clone(), SourceKind::File);
        self.tournaments.push(fixture.tournament.clone());
        Ok((verdict.0, format!("begins the tournament {}", fixture.tournament)))
    }

    fn merge(
        &mut self,
        fixture: &Fixture,
        known: &Known,
        (importer, now): (Importer, DateTime<Utc>),
    ) -> Result<(Action, String), String> {
        let Some(present) = known.matches.get(&fixture.match_id()) else {
            self.matches.push(fixture.to_match()?);
            return Ok((Action::Added, String::new()));
        };
        if present.by_hand && importer == Importer::Source {
            let why = if present.removed { "was removed" } else { "was decided by hand" };
            return Ok((Action::Unchanged, why.into()));
        }
        let there = present.brought_back();
        let next = fixture.merged_into(&there, now)?;
        if next == *present {
            return Ok((Action::Unchanged, String::new()));
        }
        let codes = known.teams.values().map(|team| (team.team_id, team.code.as_str())).collect();
        let back = present.removed.then(|| "is no longer removed".to_owned());
        let changes = (next != there).then(|| merge::match_changes(&there, &next, &codes));
        self.matches.push(next);
        Ok((Action::Changed, back.into_iter().chain(changes).collect::<Vec<_>>().join("; ")))
    }
}

impl Fixture {
    /// The id of the match that this fixture speaks of.
    #[must_use]
    pub fn match_id(&self) -> MatchId {
        Match::id_of(Tournament::id_of(&self.tournament), &self.source_key())
    }
}

/// The lines so far, to find what stands in the file twice.
#[derive(Default)]
struct Seen<'a> {
    teams: HashMap<String, usize>,
    ids: HashMap<MatchId, usize>,
    /// A tiebreaker is played besides another match of the day.
    days: HashMap<(&'a str, chrono::NaiveDate, [&'a str; 2], bool), usize>,
}

impl<'a> Seen<'a> {
    fn note(&mut self, fixture: &'a Fixture, line: usize) -> Result<(), String> {
        let first = |line: usize| Err(format!("the same match as line {line}"));
        if let Some(other) = self.ids.insert(fixture.match_id(), line) {
            return first(other);
        }
        if let (Some(team1), Some(team2)) = (&fixture.team1, &fixture.team2) {
            let mut teams = [team1.as_str(), team2.as_str()];
            teams.sort_unstable();
            let key = (fixture.tournament.as_str(), fixture.date, teams, is_tiebreaker(&fixture.block));
            if let Some(other) = self.days.insert(key, line) {
                return first(other);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
