//! A match as a season's file tells it.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use loljoa_league_schedule::domain::{Match, Tournament};
use rand::{RngExt, rngs::StdRng};
use serde_json::{Value, json};
use uuid::Uuid;

pub(super) const TEAMS: [&str; 8] = ["T1", "GEN", "DK", "KT", "HLE", "DRX", "BRO", "LSB"];

/// How a match ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ending {
    /// Sets won by each side.
    pub(super) wins: [u8; 2],
    /// The loser did not play.
    pub(super) is_forfeit: bool,
}

impl Ending {
    /// One that a match of this length can have.
    pub(super) fn random(best_of: u8, random: &mut StdRng) -> Self {
        let most = best_of / 2 + 1;
        let is_forfeit = random.random_ratio(1, 6);
        let lost = if is_forfeit { 0 } else { random.random_range(0..most) };
        let wins = if random.random() { [most, lost] } else { [lost, most] };
        Self { wins, is_forfeit }
    }

    /// Which side has lost.
    pub(super) const fn loser(self) -> usize {
        if self.wins[0] > self.wins[1] { 1 } else { 0 }
    }
}

/// A match. Tournament and day name it for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) tournament: &'static str,
    pub(super) day: u16,
    pub(super) week: u8,
    pub(super) starts_at: DateTime<Utc>,
    pub(super) best_of: u8,
    /// None while to be decided.
    pub(super) teams: [Option<&'static str>; 2],
    pub(super) ending: Option<Ending>,
    /// A file cannot say so; an admin has.
    pub(super) is_cancelled: bool,
}

impl Line {
    /// A match of the first two teams, best of three.
    pub(super) const fn new(tournament: &'static str, day: u16, starts_at: DateTime<Utc>) -> Self {
        Self {
            tournament,
            day,
            week: 1,
            starts_at,
            best_of: 3,
            teams: [Some(TEAMS[0]), Some(TEAMS[1])],
            ending: None,
            is_cancelled: false,
        }
    }

    /// Puts each team, and what it has won, on the other's side.
    pub(super) fn swap(&mut self) {
        self.teams.reverse();
        self.ending.iter_mut().for_each(|ending| ending.wins.reverse());
    }

    /// Whether nothing more can happen in it, though what has happened can be told otherwise.
    pub(super) const fn is_over(&self) -> bool {
        self.ending.is_some() || self.is_cancelled
    }

    /// The day that names it.
    pub(super) fn date(&self) -> String {
        (DateTime::UNIX_EPOCH + TimeDelta::days(self.day.into())).date_naive().to_string()
    }

    pub(super) fn match_id(&self) -> Uuid {
        Match::id_of(Tournament::id_of(self.tournament), &format!("{}/1", self.date())).0
    }

    pub(super) fn path(&self) -> String {
        format!("/api/league/matches/{}", self.match_id())
    }

    fn json(&self) -> Value {
        let mut line = json!({
            "tournament": self.tournament, "block": format!("Week {}", self.week), "date": self.date(), "slot": 1,
            "bestOf": self.best_of, "team1": self.teams[0], "team2": self.teams[1], "startsAt": time(self.starts_at),
        });
        if let Some(ending) = self.ending {
            (line["team1Wins"], line["team2Wins"]) = (ending.wins[0].into(), ending.wins[1].into());
            if ending.is_forfeit {
                line["forfeitedBy"] = self.teams[ending.loser()].into();
            }
        }
        line
    }
}

/// As it is written in files and requests.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A file of all teams and these matches.
pub(super) fn file<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Value {
    let team = |code: &str| json!({ "code": code, "nameEn": code, "nameKo": code, "colour": "#E2012D" });
    let matches: Vec<_> = lines.into_iter().map(Line::json).collect();
    json!({ "format": "loljoa-season/1", "teams": TEAMS.map(team), "matches": matches })
}
