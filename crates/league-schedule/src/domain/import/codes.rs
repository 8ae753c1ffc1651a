//! Two codes of one club in one tournament, which is odd: a club takes another between tournaments.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, Known, Report};
use crate::domain::{
    Clubs,
    season::{Fixture, Season},
};

/// The codes under which each club plays in each tournament.
struct Seats<'a> {
    clubs: &'a Clubs,
    codes: BTreeMap<(&'a str, &'a str), BTreeSet<&'a str>>,
}

impl<'a> Seats<'a> {
    fn of(known: &'a Known) -> Self {
        let mut seats = Self { clubs: &known.clubs, codes: BTreeMap::new() };
        for (code, played) in &known.played {
            for played in played {
                seats.take(&played.tournament, code);
            }
        }
        seats
    }

    /// Notes where a team plays; gives what is odd about that.
    fn take(&mut self, tournament: &'a str, code: &'a str) -> Option<String> {
        let codes = self.codes.entry((self.clubs.now(code), tournament)).or_default();
        let other = codes.iter().next().copied().filter(|_| !codes.contains(code));
        codes.insert(code);
        other.map(|other| odd(tournament, &[other, code]))
    }

    fn seat(&mut self, fixture: &'a Fixture) -> Option<String> {
        let codes = [&fixture.team1, &fixture.team2].into_iter().flatten();
        let odd: Vec<_> = codes.filter_map(|code| self.take(&fixture.tournament, code)).collect();
        (!odd.is_empty()).then(|| odd.join("; "))
    }

    /// What is odd about the club of `code`.
    fn odd(&self, code: &'a str) -> Option<String> {
        let now = self.clubs.now(code);
        let mut seats = self.codes.iter().filter(|((club, _), codes)| *club == now && codes.len() > 1);
        seats
            .next()
            .map(|((_, tournament), codes)| odd(tournament, &codes.iter().copied().collect::<Vec<_>>()))
    }
}

fn odd(tournament: &str, codes: &[&str]) -> String {
    format!("{} are one club, and all play in {tournament}", codes.join(" and "))
}

/// Writes into the report of `season` what is odd. A line of a team tells it when it says which codes the team bore before.
pub(super) fn warn(report: &mut Report, season: &Season, known: &Known) {
    let mut seats = Seats::of(known);
    // Lines of teams stand before those of matches.
    let Some((teams, matches)) = report.lines.split_at_mut_checked(season.teams.len()) else { return };
    for (entry, line) in season.matches.iter().zip(matches) {
        let Ok(fixture) = &entry.content else { continue };
        if let Some(odd) = seats.seat(fixture).filter(|_| line.action != Action::Refused) {
            line.warn(&odd);
        }
    }
    for (entry, line) in season.teams.iter().zip(teams) {
        let Ok(club) = &entry.content else { continue };
        if line.action == Action::Refused || club.formerly.as_ref().is_none_or(Vec::is_empty) {
            continue;
        }
        if let Some(odd) = seats.odd(&club.team.code) {
            line.warn(&odd);
        }
    }
}
