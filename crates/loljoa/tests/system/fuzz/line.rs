//! A match as a season's file tells it.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use loljoa_league_schedule::domain::{Match, Tournament};
use rand::{RngExt, rngs::StdRng};
use serde_json::{Value, json};
use uuid::Uuid;

pub(super) const TEAMS: [&str; 8] = ["T1", "GEN", "DK", "KT", "HLE", "DRX", "BRO", "LSB"];

/// What a match of a tournament can become.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) teams: &'static [&'static str],
    pub(super) blocks: &'static [&'static str],
}

pub(super) const WEEKS: Room = Room {
    teams: &TEAMS,
    blocks: &["Week 1", "Week 2", "Week 3", "Week 4", "Week 5", "Week 6", "Week 7", "Week 8", "Week 9"],
};
/// The blocks of all formats, and some that no stage has.
pub(super) const ROOM_OF_CUPS: Room = Room {
    teams: &["T1", "GEN", "DK", "KT", "HLE", "DRX"],
    blocks: &[
        "Battle",
        "Opening",
        "Semifinals",
        "Lower Round 1",
        "Upper Final",
        "Lower Final",
        "Final",
        "Tiebreaker 1",
        "Show Match",
    ],
};

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
    pub(super) tournament: String,
    pub(super) day: u16,
    pub(super) room: &'static Room,
    pub(super) block: &'static str,
    pub(super) starts_at: DateTime<Utc>,
    pub(super) best_of: u8,
    /// None while to be decided.
    pub(super) teams: [Option<&'static str>; 2],
    pub(super) ending: Option<Ending>,
    /// A file cannot say so; an admin has.
    pub(super) is_cancelled: bool,
    /// An admin has removed it; a file brings it back.
    pub(super) is_removed: bool,
}

impl Line {
    /// A match of the first two teams, best of three.
    pub(super) fn new(tournament: &str, day: u16, starts_at: DateTime<Utc>) -> Self {
        Self {
            tournament: tournament.to_owned(),
            day,
            room: &WEEKS,
            block: WEEKS.blocks[0],
            starts_at,
            best_of: 3,
            teams: [Some(TEAMS[0]), Some(TEAMS[1])],
            ending: None,
            is_cancelled: false,
            is_removed: false,
        }
    }

    /// Puts each team, and what it has won, on the other's side.
    pub(super) fn swap(&mut self) {
        self.teams.reverse();
        self.ending.iter_mut().for_each(|ending| ending.wins.reverse());
    }

    /// Whether nothing more can happen in it, though what has happened can be told otherwise.
    pub(super) const fn is_over(&self) -> bool {
        self.ending.is_some() || self.is_cancelled || self.is_removed
    }

    /// The day that names it.
    pub(super) fn date(&self) -> String {
        (DateTime::UNIX_EPOCH + TimeDelta::days(self.day.into())).date_naive().to_string()
    }

    pub(super) fn match_id(&self) -> Uuid {
        Match::id_of(Tournament::id_of(&self.tournament), &format!("{}/1", self.date())).0
    }

    pub(super) fn path(&self) -> String {
        format!("/api/league/matches/{}", self.match_id())
    }

    fn json(&self) -> Value {
        let mut line = json!({
            "tournament": self.tournament, "block": self.block, "date": self.date(), "slot": 1,
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

/// A file of all teams, these matches, and what is said of tournaments' stages.
pub(super) fn file<'a>(lines: impl IntoIterator<Item = &'a Line>, stages: &[Value]) -> Value {
    let team = |code: &str| json!({ "code": code, "nameEn": code, "nameKo": code, "colour": "#E2012D" });
    let matches: Vec<_> = lines.into_iter().map(Line::json).collect();
    json!({ "format": "loljoa-season/1", "teams": TEAMS.map(team), "matches": matches, "tournaments": stages })
}
