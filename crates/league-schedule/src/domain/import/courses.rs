//! What a file says of tournaments' stages, beside what is known.

use std::collections::{HashMap, HashSet};

use super::{Action, Known, Plan};
use crate::domain::{
    SourceKind,
    season::{Course, Entry, Season},
    stage::Stage,
};

impl Plan {
    /// Takes the stages that the file says, once its teams and matches are known.
    pub(super) fn courses(&mut self, season: &Season, known: &mut Known) {
        let mut seen = HashMap::new();
        let said = season.courses.iter().filter_map(|entry| entry.content.as_ref().ok());
        let said: HashMap<&str, &[Stage]> =
            said.map(|course| (course.tournament.as_str(), course.stages.as_slice())).collect();
        let all: HashSet<&str> =
            said.keys().copied().chain(known.tournaments.keys().map(String::as_str)).collect();
        let all: HashSet<String> = all.into_iter().map(str::to_owned).collect();
        for entry in &season.courses {
            let verdict = self.course(entry, known, &mut seen, (&said, &all));
            self.report.add(entry, verdict);
        }
    }

    fn course<'a>(
        &mut self,
        entry: &'a Entry<Course>,
        known: &mut Known,
        seen: &mut HashMap<&'a str, usize>,
        (said, all): (&HashMap<&str, &[Stage]>, &HashSet<String>),
    ) -> Result<(Action, String), String> {
        let course = entry.content.as_ref().map_err(Clone::clone)?;
        if let Some(other) = seen.insert(&course.tournament, entry.line) {
            return Err(format!("the same tournament as line {other}"));
        }
        if let Some(code) = course.teams.iter().find(|code| !known.teams.contains_key(*code)) {
            return Err(format!("unknown team {code}"));
        }
        for carried in course.stages.iter().flat_map(|stage| &stage.carries) {
            let Some(name) = &carried.tournament else { continue };
            if !all.contains(name) {
                return Err(format!("carries: unknown tournament {name}"));
            }
            let stages = said.get(name.as_str()).copied();
            let stages = stages.or_else(|| known.stages.get(name).map(Vec::as_slice));
            if stages.is_some_and(|stages| stages.iter().all(|stage| stage.name != carried.stage)) {
                return Err(format!("carries: {name} has no stage {}", carried.stage));
            }
        }
        let is_new = is_new(known, &course.tournament)?;
        let verdict = match known.stages.get(&course.tournament) {
            Some(present) if *present == course.stages => return Ok((Action::Unchanged, String::new())),
            Some(present) => (Action::Changed, format!("{} → {}", told(present), told(&course.stages))),
            None => (Action::Added, told(&course.stages)),
        };
        if is_new {
            known.tournaments.insert(course.tournament.clone(), SourceKind::File);
            self.tournaments.push(course.tournament.clone());
        }
        self.courses.push(course.clone());
        Ok(verdict)
    }
}

/// Whether a file begins this tournament.
///
/// # Errors
///
/// When its matches come from elsewhere.
pub(super) fn is_new(known: &Known, tournament: &str) -> Result<bool, String> {
    match known.tournaments.get(tournament) {
        Some(SourceKind::File) => Ok(false),
        Some(SourceKind::Replay) => Err(format!("{tournament} is being replayed")),
        Some(SourceKind::Live) => Err(format!("{tournament} comes from the live feed")),
        None => Ok(true),
    }
}

fn told(stages: &[Stage]) -> String {
    let told = |stage: &Stage| {
        let rules: Vec<_> = stage.tiebreakers.iter().map(|tiebreaker| tiebreaker.name()).collect();
        let rules = if rules.is_empty() { String::new() } else { format!(" by {}", rules.join(", ")) };
        let matches =
            stage.expected_matches.map(|matches| format!(" of {matches} matches")).unwrap_or_default();
        format!("{} ({}{matches}{rules})", stage.name, stage.kind.name())
    };
    stages.iter().map(told).collect::<Vec<_>>().join("; ")
}
