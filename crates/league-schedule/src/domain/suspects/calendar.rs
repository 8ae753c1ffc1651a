//! Which matches cannot both be.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use loljoa_service_kit::{MatchId, TeamId, TournamentId};

use crate::domain::{Match, Team, Tournament, season::Fixture, stage::is_tiebreaker};

/// How far Korea's clocks are ahead of UTC, all year.
const KOREA: TimeDelta = TimeDelta::hours(9);
/// A pair that meets again in its tournament within this time was brought in twice.
const TOO_SOON: TimeDelta = TimeDelta::days(1);
/// A team that begins another match within this time plays in two places at once.
const TOO_CLOSE: TimeDelta = TimeDelta::hours(1);

/// The Korean day.
pub(in crate::domain) fn day(instant: DateTime<Utc>) -> NaiveDate {
    (instant + KOREA).date_naive()
}

/// Somebody's place and time.
#[derive(Clone, Debug)]
pub(in crate::domain) struct Appointment {
    pub(in crate::domain) match_id: MatchId,
    tournament: TournamentId,
    pub(super) starts_at: DateTime<Utc>,
    teams: [TeamId; 2],
    is_tiebreaker: bool,
    /// What a person calls it.
    pub(in crate::domain) name: String,
}

/// Why two matches cannot both be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::domain) enum Clash {
    /// They are between the same teams, within a day, in one tournament.
    SamePair,
    /// A team would play both at once.
    TwoPlaces,
}

impl Appointment {
    /// That of a line of a file; none while a team is to be decided.
    pub(in crate::domain) fn of_fixture(fixture: &Fixture) -> Option<Self> {
        let (one, two) = (fixture.team1.as_deref()?, fixture.team2.as_deref()?);
        Some(Self {
            match_id: fixture.match_id(),
            tournament: Tournament::id_of(&fixture.tournament),
            starts_at: fixture.starts_at,
            teams: [Team::id_of(one), Team::id_of(two)],
            is_tiebreaker: is_tiebreaker(&fixture.block),
            name: format!("{one}–{two}, slot {} of {}", fixture.slot, fixture.date),
        })
    }

    /// That of a match between teams of these codes; none while a team is to be decided.
    pub(in crate::domain) fn of_match(m: &Match, codes: &HashMap<TeamId, &str>) -> Option<Self> {
        Some(Self {
            match_id: m.match_id,
            tournament: m.tournament_id,
            starts_at: m.starts_at,
            teams: [m.team1_id?, m.team2_id?],
            is_tiebreaker: is_tiebreaker(&m.block),
            name: name(m, codes),
        })
    }

    /// Why this and `other` cannot both be.
    fn clash(&self, other: &Self) -> Option<Clash> {
        let apart = (self.starts_at - other.starts_at).abs();
        let is_same_pair = self.teams.iter().all(|team| other.teams.contains(team));
        // Who were level after their match play again for the place, the same day.
        let is_twice = self.tournament == other.tournament && self.is_tiebreaker == other.is_tiebreaker;
        if is_same_pair && is_twice && apart < TOO_SOON {
            return Some(Clash::SamePair);
        }
        (apart < TOO_CLOSE).then_some(Clash::TwoPlaces)
    }
}

/// What a person calls a match between teams of these codes.
pub(super) fn name(m: &Match, codes: &HashMap<TeamId, &str>) -> String {
    let [one, two] = [m.team1_id, m.team2_id].map(|team| match team {
        Some(team) => codes.get(&team).copied().unwrap_or("?"),
        None => "TBD",
    });
    match m.source_key.split_once('/') {
        Some((date, slot)) => format!("{one}–{two}, slot {slot} of {date}"),
        None => format!("{one}–{two} of {}", day(m.starts_at)),
    }
}

/// Where each team is on each Korean day.
#[derive(Debug)]
pub(in crate::domain) struct Calendar<'a> {
    days: HashMap<(TeamId, NaiveDate), Vec<&'a Appointment>>,
}

impl<'a> Calendar<'a> {
    /// Writes all of these into one calendar.
    pub(in crate::domain) fn of(appointments: &'a [Appointment]) -> Self {
        let mut days: HashMap<_, Vec<_>> = HashMap::new();
        for appointment in appointments {
            for team in appointment.teams {
                days.entry((team, day(appointment.starts_at))).or_default().push(appointment);
            }
        }
        Self { days }
    }

    /// What cannot be besides `own`, each once.
    pub(in crate::domain) fn clashes<'b>(
        &'b self,
        own: &'b Appointment,
    ) -> impl Iterator<Item = (&'a Appointment, Clash)> + 'b {
        let today = day(own.starts_at);
        // One that begins within a day may be of the day before or after.
        let days = [today.pred_opt(), Some(today), today.succ_opt()].into_iter().flatten();
        let [one, two] = own.teams;
        let keys = days.flat_map(move |day| [(one, day), (two, day)]);
        keys.flat_map(move |key| {
            let others = self.days.get(&key).into_iter().flatten().copied();
            // Both teams of it may be this match's.
            others.filter(move |other| key.0 == one || !other.teams.contains(&one))
        })
        .filter(|other| other.match_id != own.match_id)
        .filter_map(|other| Some((other, own.clash(other)?)))
    }
}
