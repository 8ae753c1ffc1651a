//! Teams of a file beside those that are known: what they are called, where, and which club they are.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::{Action, Known, Plan, merge::team_changes};
use crate::domain::{
    Team, Tournament,
    season::{Club, Fixture, Season},
};

/// So many tournaments are named in which a team is called the same.
const MOST: usize = 3;

/// A tournament in which a team plays, by the matches that are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appearance {
    /// Its name.
    pub tournament: String,
    /// The start of its first match.
    pub first: DateTime<Utc>,
    /// The start of its last match.
    pub last: DateTime<Utc>,
    /// Whether its matches start when a replay says, not when they were.
    pub is_replay: bool,
    /// What the team is called there; `None` while it is called as everywhere.
    pub named: Option<Team>,
}

/// Who plays where, by the matches of a file.
#[derive(Debug, Default)]
pub(super) struct Cast<'a> {
    tournaments: HashMap<&'a str, BTreeSet<&'a str>>,
    starts: HashMap<&'a str, DateTime<Utc>>,
    codes: HashSet<&'a str>,
}

impl<'a> Cast<'a> {
    pub(super) fn of(season: &'a Season) -> Self {
        let clubs = season.teams.iter().filter_map(|entry| entry.content.as_ref().ok());
        let mut cast = Self { codes: clubs.map(|club| club.team.code.as_str()).collect(), ..Self::default() };
        for fixture in season.matches.iter().filter_map(|entry| entry.content.as_ref().ok()) {
            cast.add(fixture);
        }
        cast
    }

    fn add(&mut self, fixture: &'a Fixture) {
        for code in [&fixture.team1, &fixture.team2].into_iter().flatten() {
            self.tournaments.entry(code).or_default().insert(&fixture.tournament);
        }
        let start = self.starts.entry(&fixture.tournament).or_insert(fixture.starts_at);
        *start = fixture.starts_at.min(*start);
    }

    /// Whether `tournament` begins with or after the latest of these, as far as a season says when it was.
    fn is_latest(&self, tournament: &str, played: &[Appearance]) -> bool {
        let real = || played.iter().filter(|played| !played.is_replay);
        let Some(latest) = real().max_by_key(|played| played.first) else { return true };
        let known = real().find(|played| played.tournament == tournament).map(|played| played.first);
        let start = self.starts.get(tournament).copied().into_iter().chain(known).min();
        latest.tournament == tournament || start.is_some_and(|start| start >= latest.first)
    }
}

impl Plan {
    /// What becomes of a team: a file gives it names in those of its tournaments in which it plays, and for good when none that is
    /// known is later. One that plays in none of them is called so from now on.
    pub(super) fn named(
        &mut self,
        team: &Team,
        known: &mut Known,
        cast: &Cast<'_>,
        now: DateTime<Utc>,
    ) -> (Action, Vec<String>) {
        let present = known.teams.get(&team.code).cloned();
        let played = known.played.get(&team.code).map(Vec::as_slice).unwrap_or_default();
        let going_on =
            || played.iter().filter(|played| played.last >= now).map(|played| played.tournament.as_str());
        let in_file = cast.tournaments.get(team.code.as_str());
        let places: BTreeSet<&str> =
            in_file.map_or_else(|| going_on().collect(), |tournaments| tournaments.iter().copied().collect());
        let named = |place: &str| {
            played.iter().find(|played| played.tournament == place).and_then(|played| played.named.as_ref())
        };
        let to_name = places.iter().filter(|place| named(place) != Some(team));
        self.names.extend(to_name.map(|place| (Tournament::id_of(place), team.clone())));

        let is_latest = in_file.is_none() || places.iter().any(|place| cast.is_latest(place, played));
        let renamed = is_latest && present.as_ref() != Some(team);
        let Some(present) = present else {
            self.rename(team, known);
            return (Action::Added, Vec::new());
        };
        let mut changes = Vec::new();
        if renamed {
            changes.push(team_changes(&present, team));
            // Where the team has no name of its own, it keeps the one that it had until now.
            let kept = played.iter().filter(|played| played.named.is_none());
            let kept = kept.filter(|played| !places.contains(played.tournament.as_str()));
            self.names.extend(kept.map(|played| (Tournament::id_of(&played.tournament), present.clone())));
        }
        let told = |place: &str| named(place).unwrap_or(&present);
        let others =
            places.iter().filter(|place| !(renamed && *told(place) == present) && told(place) != team);
        changes.extend(grouped(others.map(|place| (team_changes(told(place), team), *place))));
        if renamed {
            self.rename(team, known);
        }
        (if changes.is_empty() { Action::Unchanged } else { Action::Changed }, changes)
    }

    fn rename(&mut self, team: &Team, known: &mut Known) {
        known.teams.insert(team.code.clone(), team.clone());
        self.teams.push(team.clone());
    }
}

/// The changes, each with the tournaments to which it is confined.
fn grouped<'a>(changes: impl Iterator<Item = (String, &'a str)>) -> Vec<String> {
    let mut places: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (change, place) in changes {
        places.entry(change).or_default().push(place);
    }
    let told = |places: Vec<&str>| match places.len().saturating_sub(MOST) {
        0 => places.join(", "),
        more => format!("{} and {more} more", places[..MOST].join(", ")),
    };
    places.into_iter().take(MOST).map(|(change, places)| format!("in {}: {change}", told(places))).collect()
}

/// Which codes a team bore before, as a file says; gives what is new about it.
///
/// # Errors
///
/// Why it cannot be.
pub(super) fn formerly(club: &Club, known: &mut Known, cast: &Cast<'_>) -> Result<Option<String>, String> {
    let Some(former) = &club.formerly else { return Ok(None) };
    let code = &club.team.code;
    if former.is_empty() {
        let released = known.clubs.release(code);
        return Ok((!released.is_empty()).then(|| format!("formerly: {} → none", released.join(", "))));
    }
    let is_known = |code: &str| known.teams.contains_key(code) || cast.codes.contains(code);
    if let Some(unknown) = former.iter().find(|code| !is_known(code)) {
        return Err(format!("formerly: unknown team {unknown}"));
    }
    let taken = known.clubs.claim(code, former).map_err(|why| format!("formerly: {why}"))?;
    Ok((!taken.is_empty()).then(|| format!("formerly: {}", taken.join(", "))))
}

#[cfg(test)]
mod tests;
