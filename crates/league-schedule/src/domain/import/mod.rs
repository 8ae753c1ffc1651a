//! What bringing a season file in would change, line by line.

mod codes;
mod courses;
mod merge;
mod report;
mod teams;
mod warn;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use loljoa_service_kit::{MatchId, TournamentId};

pub use report::{Action, Line, Report};
pub use teams::Appearance;

use super::{
    Clubs, Match, Renaming, SourceKind, Team, Tournament,
    season::{Club, Course, Entry, Fixture, Season},
    stage::{Stage, is_tiebreaker},
};
use teams::Cast;

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
    /// Where each team plays, by its code.
    pub played: HashMap<String, Vec<Appearance>>,
    /// Which of them are former ones of others.
    pub clubs: Clubs,
    /// Tournaments' sources by name.
    pub tournaments: HashMap<String, SourceKind>,
    /// Stages that have been said, by tournament.
    pub stages: HashMap<String, Vec<Stage>>,
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
    /// What teams are called in a tournament.
    pub names: Vec<(TournamentId, Team)>,
    /// Former codes of clubs.
    pub renamings: Vec<Renaming>,
    /// Names of tournaments to add.
    pub tournaments: Vec<String>,
    /// Tournaments whose stages are new or change.
    pub courses: Vec<Course>,
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
        let (cast, clubs) = (Cast::of(season), known.clubs.clone());
        for entry in &season.teams {
            let verdict = plan.team(entry, &mut known, &mut seen, (&cast, now));
            plan.report.add(entry, verdict);
        }
        for entry in &season.matches {
            let verdict = plan.fixture(entry, &mut known, &mut seen, (importer, now));
            plan.report.add(entry, verdict);
        }
        plan.courses(season, &mut known);
        if season.teams.is_empty() && season.matches.is_empty() && season.courses.is_empty() {
            plan.report.refuse_file(0, "the file holds no teams, no matches and no tournaments");
        }
        plan.renamings = known.clubs.since(&clubs);
        warn::warn(&mut plan.report, season, &known, now);
        codes::warn(&mut plan.report, season, &known);
        plan
    }

    fn team(
        &mut self,
        entry: &Entry<Club>,
        known: &mut Known,
        seen: &mut Seen<'_>,
        (cast, now): (&Cast<'_>, DateTime<Utc>),
    ) -> Result<(Action, String), String> {
        let club = entry.content.as_ref().map_err(Clone::clone)?;
        let team = &club.team;
        if let Some(other) = seen.teams.insert(team.code.clone(), entry.line) {
            return Err(format!("the same team as line {other}"));
        }
        let formerly = teams::formerly(club, known, cast)?;
        let (action, mut changes) = self.named(team, known, cast, now);
        changes.extend(formerly);
        let action = match action {
            Action::Unchanged if !changes.is_empty() => Action::Changed,
            action => action,
        };
        Ok((action, changes.join("; ")))
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
        let new_tournament = courses::is_new(known, &fixture.tournament)?;
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
