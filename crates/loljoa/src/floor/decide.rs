//! Which floor it should be. No IO.

use std::{str::FromStr, time::Duration};

use chrono::{DateTime, Utc};
use loljoa_service_kit::MatchId;
use serde::Deserialize;

/// A match of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Match {
    /// Its id.
    pub match_id: MatchId,
    /// When it starts.
    pub starts_at: DateTime<Utc>,
    /// Where it stands.
    pub state: State,
}

/// Where a match stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is to come.
    Scheduled,
    /// It is being played.
    InProgress,
    /// It has a result.
    Completed,
    /// It was decided without being played.
    Forfeited,
    /// It is not played.
    Cancelled,
}

/// For how long a start is near.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Before it.
    pub lead: Duration,
    /// After it.
    pub hold: Duration,
}

impl Window {
    /// The times between which a match that starts is near.
    #[must_use]
    pub fn around(&self, now: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
        (now - self.hold, now + self.lead)
    }

    /// The first match whose start is near and that somebody plays.
    #[must_use]
    pub fn near<'a>(&self, now: DateTime<Utc>, matches: &'a [Match]) -> Option<&'a Match> {
        let (from, to) = self.around(now);
        let is_near = |one: &&Match| {
            (from..=to).contains(&one.starts_at) && !matches!(one.state, State::Forfeited | State::Cancelled)
        };
        matches.iter().filter(is_near).min_by_key(|one| one.starts_at)
    }
}

/// An autoscaler, and what its floor is at rest and before a match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    /// The autoscaler's name.
    pub name: String,
    /// Replicas at least while no match is near.
    pub rest: u32,
    /// … and while one is.
    pub raised: u32,
}

impl Keep {
    /// The floor that it should have. It is never below the one at rest, and never above what the autoscaler allows.
    #[must_use]
    pub fn floor(&self, is_near: bool, most: u32) -> u32 {
        let floor = if is_near { self.raised.max(self.rest) } else { self.rest };
        floor.min(most)
    }
}

impl FromStr for Keep {
    type Err = String;

    /// Reads `NAME=REST:RAISED`, such as `loljoa-gateway=1:3`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text} is not NAME=REST:RAISED, such as loljoa-gateway=1:3");
        let (name, floors) = text.split_once('=').ok_or_else(wrong)?;
        let (rest, raised) = floors.split_once(':').ok_or_else(wrong)?;
        let is_of_a_name =
            |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        let number = |text: &str| text.parse().ok().filter(|number| *number > 0).ok_or_else(wrong);
        let (rest, raised) = (number(rest)?, number(raised)?);
        if name.is_empty() || !name.chars().all(is_of_a_name) || raised < rest {
            return Err(wrong());
        }
        Ok(Self { name: name.to_owned(), rest, raised })
    }
}

#[cfg(test)]
mod tests {
    use loljoa_service_kit::ids;

    use super::*;

    const WINDOW: Window = Window { lead: Duration::from_mins(10), hold: Duration::from_mins(2) };

    fn at(time: &str) -> DateTime<Utc> {
        format!("2022-01-12T{time}Z").parse().unwrap()
    }

    fn starts(time: &str, state: State) -> Match {
        Match { match_id: MatchId::from(ids::fresh()), starts_at: at(time), state }
    }

    #[test]
    fn a_start_is_near_from_its_lead_to_its_hold() {
        let matches = [starts("08:00:00", State::Scheduled)];
        let is_near = |now| WINDOW.near(at(now), &matches).is_some();
        assert!(!is_near("07:49:59"));
        assert!(is_near("07:50:00") && is_near("08:00:00") && is_near("08:02:00"));
        assert!(!is_near("08:02:01"));
    }

    #[test]
    fn a_match_that_nobody_plays_brings_nobody() {
        let near = |state| WINDOW.near(at("08:00:00"), &[starts("08:05:00", state)]).is_some();
        let played = [State::Scheduled, State::InProgress, State::Completed];
        assert!(played.into_iter().all(near));
        assert!(!near(State::Forfeited) && !near(State::Cancelled));
        let next = [starts("08:01:00", State::Cancelled), starts("08:07:00", State::Scheduled)];
        assert_eq!(WINDOW.near(at("08:00:00"), &next).map(|one| one.starts_at), Some(at("08:07:00")));
        assert!(WINDOW.near(at("08:00:00"), &[]).is_none());
    }

    #[test]
    fn a_floor_is_never_below_the_one_at_rest_nor_above_the_ceiling() {
        let keep = Keep { name: "a".into(), rest: 2, raised: 5 };
        assert_eq!([keep.floor(false, 9), keep.floor(true, 9), keep.floor(true, 4)], [2, 5, 4]);
        assert_eq!([keep.floor(false, 1), Keep { raised: 1, ..keep }.floor(true, 9)], [1, 2]);
    }

    #[test]
    fn an_autoscaler_is_named_with_both_floors() {
        let keep = |text: &str| text.parse::<Keep>().ok();
        assert_eq!(keep("loljoa-web=1:3"), Some(Keep { name: "loljoa-web".into(), rest: 1, raised: 3 }));
        for wrong in
            ["", "a", "a=1", "a=1:", "a=0:2", "a=3:2", "=1:2", "a/b=1:2", "A=1:2", "a=1:2:3", "a=-1:2"]
        {
            assert_eq!(keep(wrong), None, "{wrong}");
        }
    }
}
