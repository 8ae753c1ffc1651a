//! What is odd about a match of a file, though it can be.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::{Action, Known, Report};
use crate::domain::{
    MatchState,
    season::{Fixture, Season},
    suspects::{Appointment, Calendar, Clash, MOST, day, is_early},
};

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
    let calendar = Calendar::of(&all);
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
    if fixture.ending.is_some() && is_early(fixture.starts_at, now) {
        warnings.push(format!("has a result, but starts only on {}", day(fixture.starts_at)));
    }
    if let Some(own) = Appointment::of_fixture(fixture) {
        warnings.extend(calendar.clashes(&own).take(MOST).map(|(other, clash)| told(other, clash)));
    }
    warnings.join("; ")
}

fn told(other: &Appointment, clash: Clash) -> String {
    match clash {
        Clash::SamePair => format!("the same teams play {}, too", other.name),
        Clash::TwoPlaces => format!("a team of it plays {} at that time", other.name),
    }
}
