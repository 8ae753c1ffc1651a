//! Matches that were probably brought in wrongly, and what would mend them.

mod calendar;
mod uncounted;

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use chrono::{DateTime, TimeDelta, Utc};
use loljoa_service_kit::{MatchId, TeamId};

pub(super) use calendar::{Appointment, Calendar, Clash, day};
pub use uncounted::{Said, counts_for_nothing};

use super::{Match, Team};

/// A result that is this much earlier than the start is odd.
const AHEAD: TimeDelta = TimeDelta::days(1);
/// So many clashes of one match are told.
pub(super) const MOST: usize = 3;

/// What is odd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The same teams play twice within a day of one tournament.
    SamePair,
    /// A team plays two matches that begin within an hour.
    TwoPlaces,
    /// There is a result more than a day before the start.
    ResultBeforeStart,
    /// The block of the match counts for nothing in the table.
    CountsForNothing,
}

/// One or two matches that are odd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspect {
    /// How so.
    pub kind: Kind,
    /// The earlier first.
    pub matches: Vec<Match>,
    /// What is odd, for a person.
    pub what: String,
    /// What would mend it.
    pub remedy: String,
    /// What that would change.
    pub effect: String,
    /// The match to remove, where that is the remedy.
    pub remove: Option<MatchId>,
}

impl Suspect {
    /// Its matches as they would be if the one to remove were removed; none where another remedy is told.
    #[must_use]
    pub fn mended(&self) -> Vec<Match> {
        let Some(goes) = self.matches.iter().find(|m| Some(m.match_id) == self.remove) else {
            return Vec::new();
        };
        let stays = self.matches.iter().filter(|m| m.match_id != goes.match_id);
        let kept = stays.filter_map(|m| m.in_place_of(goes).ok());
        std::iter::once(goes.taken_away()).chain(kept).collect()
    }
}

/// Whether a result is too early, at `now`.
pub(super) fn is_early(starts_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    starts_at > now + AHEAD
}

/// What is odd about `matches`, which these teams play, at `now`: latest first. `said` are the stages of their tournaments where
/// files have said them.
#[must_use]
pub fn find(matches: &[Match], teams: &[Team], said: &Said, now: DateTime<Utc>) -> Vec<Suspect> {
    let codes = &teams.iter().map(|team| (team.team_id, team.code.as_str())).collect();
    let mut found = clashes(matches, codes);
    let early = matches.iter().filter(|m| m.is_decided() && is_early(m.starts_at, now));
    found.extend(early.map(|m| result_before_start(m, codes)));
    let uncounted: HashSet<_> = counts_for_nothing(matches, said).into_iter().collect();
    let uncounted = matches.iter().filter(|m| uncounted.contains(&m.match_id));
    found.extend(uncounted.map(|m| uncounted_in_table(m, codes)));
    found.sort_by_key(|suspect| Reverse(suspect.matches.first().map(|m| (m.starts_at, m.match_id))));
    found
}

fn clashes(matches: &[Match], codes: &HashMap<TeamId, &str>) -> Vec<Suspect> {
    let appointments: Vec<_> = matches.iter().filter_map(|m| Appointment::of_match(m, codes)).collect();
    let by_id: HashMap<_, _> = matches.iter().map(|m| (m.match_id, m)).collect();
    let calendar = Calendar::of(&appointments);
    let place = |appointment: &Appointment| (appointment.starts_at, appointment.match_id);
    let mut found = Vec::new();
    for own in &appointments {
        let later = calendar.clashes(own).filter(|(other, _)| place(other) > place(own));
        for (other, clash) in later.take(MOST) {
            if let (Some(one), Some(two)) = (by_id.get(&own.match_id), by_id.get(&other.match_id)) {
                let (pair, names) = ([*one, *two], [own.name.as_str(), other.name.as_str()]);
                found.push(match clash {
                    Clash::SamePair => same_pair(pair, names),
                    Clash::TwoPlaces => two_places(pair, names),
                });
            }
        }
    }
    found
}

fn same_pair(pair @ [one, two]: [&Match; 2], names: [&str; 2]) -> Suspect {
    // What was played is truer than what was not, and what came first than what came later.
    let goes = usize::from(one.is_decided() || !two.is_decided());
    let (goes, stays) = (goes, 1 - goes);
    Suspect {
        kind: Kind::SamePair,
        matches: pair.map(Clone::clone).to_vec(),
        what: format!("{} and {} are the same teams within a day", names[0], names[1]),
        remedy: format!("remove {} in favour of {}", names[goes], names[stays]),
        effect: "what goes is in no list and no table, and its markets become void; what stays takes its result if it has none"
            .into(),
        remove: Some(pair[goes].match_id),
    }
}

fn two_places(pair: [&Match; 2], names: [&str; 2]) -> Suspect {
    Suspect {
        kind: Kind::TwoPlaces,
        matches: pair.map(Clone::clone).to_vec(),
        what: format!("a team plays both {} and {} within an hour", names[0], names[1]),
        remedy: format!("move the start of {}, or remove the match that never was", names[1]),
        effect: "with another start its markets lock then; removed, it is in no list and no table, and its markets become void"
            .into(),
        remove: None,
    }
}

fn result_before_start(m: &Match, codes: &HashMap<TeamId, &str>) -> Suspect {
    Suspect {
        kind: Kind::ResultBeforeStart,
        matches: vec![m.clone()],
        what: format!("{} has a result, but starts only on {}", calendar::name(m, codes), day(m.starts_at)),
        remedy: "bring it in again with the start that it had, or remove it".into(),
        effect: "with another start nothing else changes; removed, it is in no list and no table, and its markets become void".into(),
        remove: None,
    }
}

fn uncounted_in_table(m: &Match, codes: &HashMap<TeamId, &str>) -> Suspect {
    Suspect {
        kind: Kind::CountsForNothing,
        matches: vec![m.clone()],
        what: format!("{} is of the block {:?}, which counts for nothing", calendar::name(m, codes), m.block),
        remedy: "bring it in again in a block that counts, such as Week 1".into(),
        effect: "it counts in the table; nothing changes for its markets".into(),
        remove: None,
    }
}

#[cfg(test)]
mod tests;
