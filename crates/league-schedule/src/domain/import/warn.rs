//! What is odd about a match of a file, though it can be.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use loljoa_service_kit::{MatchId, TeamId, TournamentId};

use super::{Action, Known, Report};
use crate::domain::{
    Match, MatchState, Team, Tournament,
    season::{Fixture, Season},
};

/// How far Korea's clocks are ahead of UTC, all year.
const KOREA: TimeDelta = TimeDelta::hours(9);

/// A team that begins another match within this time plays in two places at once.
const TOO_CLOSE: TimeDelta = TimeDelta::hours(1);
/// A result that is this much earlier than the start is odd.
const AHEAD: TimeDelta = TimeDelta::days(1);

/// So many clashes of one match are told.
const MOST: usize = 3;

/// Where each team is on each Korean day.
type Calendar<'a> = HashMap<(TeamId, NaiveDate), Vec<&'a Appointment>>;

/// Somebody's place and time.
#[derive(Clone, Debug)]
struct Appointment {
    match_id: MatchId,
    tournament: TournamentId,
    day: NaiveDate,
    starts_at: DateTime<Utc>,
    teams: [TeamId; 2],
    /// What a person calls it.
    name: String,
}

impl Appointment {
    fn of_fixture(fixture: &Fixture) -> Option<Self> {
        let (one, two) = (fixture.team1.as_deref()?, fixture.team2.as_deref()?);
        Some(Self {
            match_id: fixture.match_id(),
            tournament: Tournament::id_of(&fixture.tournament),
            day: day(fixture.starts_at),
            starts_at: fixture.starts_at,
            teams: [Team::id_of(one), Team::id_of(two)],
            name: format!("{one}–{two}, slot {} of {}", fixture.slot, fixture.date),
        })
    }

    fn of_match(m: &Match, codes: &HashMap<TeamId, &str>) -> Option<Self> {
        let teams = [m.team1_id?, m.team2_id?];
        let [one, two] = teams.map(|team| codes.get(&team).copied().unwrap_or("?"));
        let name = match m.source_key.split_once('/') {
            Some((date, slot)) => format!("{one}–{two}, slot {slot} of {date}"),
            None => format!("{one}–{two} of {}", day(m.starts_at)),
        };
        let (match_id, tournament, starts_at) = (m.match_id, m.tournament_id, m.starts_at);
        Some(Self { match_id, tournament, day: day(starts_at), starts_at, teams, name })
    }

    fn is_same_pair(&self, other: &Self) -> bool {
        self.teams.iter().all(|team| other.teams.contains(team))
    }

    /// What is odd about both of these.
    fn clash(&self, other: &Self) -> Option<String> {
        let same_day = self.tournament == other.tournament && self.day == other.day;
        if same_day && self.is_same_pair(other) {
            return Some(format!("the same teams play {}, too", other.name));
        }
        let is_close = (self.starts_at - other.starts_at).abs() < TOO_CLOSE;
        is_close.then(|| format!("a team of it plays {} at that time", other.name))
    }
}

/// The Korean day.
fn day(instant: DateTime<Utc>) -> NaiveDate {
    (instant + KOREA).date_naive()
}

/// Writes into the report of `season` what is odd, at `now`.
pub(super) fn warn(report: &mut Report, season: &Season, known: &Known, now: DateTime<Utc>) {
    let codes = known.teams.values().map(|team| (team.team_id, team.code.as_str())).collect();
    let fixtures = season.matches.iter().filter_map(|entry| entry.content.as_ref().ok());
    let in_file: Vec<_> = fixtures.filter_map(Appointment::of_fixture).collect();
    let ids: HashSet<_> = in_file.iter().map(|appointment| appointment.match_id).collect();
    let elsewhere = known.nearby.iter().filter(|m| m.state != MatchState::Cancelled);
    let elsewhere = elsewhere.filter(|m| !ids.contains(&m.match_id));
    let all: Vec<_> =
        in_file.into_iter().chain(elsewhere.filter_map(|m| Appointment::of_match(m, &codes))).collect();
    let mut calendar = Calendar::new();
    for appointment in &all {
        for team in appointment.teams {
            calendar.entry((team, appointment.day)).or_default().push(appointment);
        }
    }
    // Lines of teams stand before those of matches.
    for (entry, line) in season.matches.iter().zip(report.lines.iter_mut().skip(season.teams.len())) {
        let Ok(fixture) = &entry.content else { continue };
        if line.action != Action::Refused {
            line.warning = warning(fixture, &calendar, now);
        }
    }
}

fn warning(fixture: &Fixture, calendar: &Calendar<'_>, now: DateTime<Utc>) -> String {
    let mut warnings = Vec::new();
    if fixture.ending.is_some() && fixture.starts_at > now + AHEAD {
        warnings.push(format!("has a result, but starts only on {}", day(fixture.starts_at)));
    }
    if let Some(own) = Appointment::of_fixture(fixture) {
        warnings.extend(clashes(&own, calendar));
    }
    warnings.join("; ")
}

/// What clashes with a match, up to [`MOST`].
fn clashes(own: &Appointment, calendar: &Calendar<'_>) -> Vec<String> {
    // One that begins within an hour may be of the day before or after.
    let days = [own.day.pred_opt(), Some(own.day), own.day.succ_opt()];
    let keys = own.teams.iter().flat_map(|team| days.iter().flatten().map(move |day| (*team, *day)));
    let others = keys.filter_map(|key| calendar.get(&key)).flatten();
    let mut found: Vec<(MatchId, String)> = Vec::new();
    for other in others.filter(|other| other.match_id != own.match_id) {
        if found.len() == MOST {
            break;
        }
        // Both teams of it may be this match's.
        if let Some(clash) = own.clash(other)
            && found.iter().all(|(match_id, _)| *match_id != other.match_id)
        {
            found.push((other.match_id, clash));
        }
    }
    found.into_iter().map(|(_, clash)| clash).collect()
}
