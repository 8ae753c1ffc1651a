//! One match of a season file: its raw fields, and what they mean.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, Utc};
use serde::Deserialize;

use super::{
    whole::{whole, whole_or_none},
    words,
};
use crate::domain::{BestOf, Score, Side, time::is_plausible};

const KST_SECONDS: i32 = 9 * 3600;
/// When the slots of a day are taken to start, in KST; the data does not say.
const SLOTS: [(u32, u32); 3] = [(17, 0), (20, 0), (21, 30)];
const MAX_TEXT: usize = 100;
const MAX_CODE: usize = 32;

/// A match as written, whatever the format.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawMatch {
    pub(super) tournament: String,
    pub(super) block: String,
    pub(super) date: String,
    #[serde(deserialize_with = "whole")]
    pub(super) slot: i64,
    #[serde(deserialize_with = "whole")]
    pub(super) best_of: i64,
    #[serde(default)]
    pub(super) team1: Option<String>,
    #[serde(default)]
    pub(super) team2: Option<String>,
    #[serde(default, deserialize_with = "whole_or_none")]
    pub(super) team1_wins: Option<i64>,
    #[serde(default, deserialize_with = "whole_or_none")]
    pub(super) team2_wins: Option<i64>,
    #[serde(default)]
    pub(super) forfeited_by: Option<String>,
    #[serde(default)]
    pub(super) starts_at: Option<String>,
}

/// A match of a season file that can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixture {
    /// The tournament's name.
    pub tournament: String,
    /// Part of the season, such as `Week 1`.
    pub block: String,
    /// The Korean day. Day and slot name the match, also when it starts at another time.
    pub date: NaiveDate,
    /// From 1, within the day.
    pub slot: usize,
    /// When it starts.
    pub starts_at: DateTime<Utc>,
    /// Its length.
    pub best_of: BestOf,
    /// The first team's code; `None` while to be decided.
    pub team1: Option<String>,
    /// The second team's code; `None` while to be decided.
    pub team2: Option<String>,
    /// How it ended; `None` when the file does not say.
    pub ending: Option<Ending>,
}

/// How a match of a season file ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The final score.
    pub score: Score,
    /// Who forfeited.
    pub forfeited_by: Option<Side>,
}

impl Fixture {
    /// What names the match within its tournament.
    #[must_use]
    pub fn source_key(&self) -> String {
        format!("{}/{}", self.date, self.slot)
    }
}

impl RawMatch {
    /// What a person calls this line.
    pub(super) fn subject(&self) -> String {
        let code = |team: &Option<String>| team.as_deref().map_or_else(|| "TBD".to_owned(), printable);
        format!("{}–{} {}", code(&self.team1), code(&self.team2), printable(&self.date))
    }

    pub(super) fn check(self) -> Result<Fixture, String> {
        let date = NaiveDate::parse_from_str(&self.date, "%Y-%m-%d")
            .ok()
            .filter(|date| date.to_string() == self.date)
            .ok_or("date must be a day such as 2022-01-12")?;
        let slot = usize::try_from(self.slot).ok().filter(|slot| (1..=SLOTS.len()).contains(slot));
        let slot = slot.ok_or("slot must be 1, 2 or 3")?;
        let best_of = BestOf::new(self.best_of).ok_or("best of must be 1, 3 or 5")?;
        let (team1, team2) = (code("team1", self.team1)?, code("team2", self.team2)?);
        if team1.is_some() && team1 == team2 {
            return Err("a team cannot play itself".into());
        }
        let forfeiter =
            self.forfeited_by.map(|code| side(&code, team1.as_ref(), team2.as_ref())).transpose()?;
        let ending = ending(self.team1_wins, self.team2_wins, forfeiter, best_of)?;
        if ending.is_some() && (team1.is_none() || team2.is_none()) {
            return Err("a match with a result must have both teams".into());
        }
        let starts_at = self.starts_at.map_or_else(|| start(date, slot), |text| time(&text))?;
        if !is_plausible(starts_at) {
            return Err("the match must start between 2000 and 2100".into());
        }
        Ok(Fixture {
            tournament: text("tournament", &self.tournament)?,
            block: words::block(&text("block", &self.block)?),
            starts_at,
            date,
            slot,
            best_of,
            team1,
            team2,
            ending,
        })
    }
}

fn time(text: &str) -> Result<DateTime<Utc>, String> {
    let time = DateTime::parse_from_rfc3339(text);
    let time = time.map_err(|_| "startsAt must be a time such as 2022-01-12T17:00:00+09:00")?;
    Ok(time.to_utc())
}

fn start(date: NaiveDate, slot: usize) -> Result<DateTime<Utc>, String> {
    let (hour, minute) = SLOTS[slot - 1];
    let time = NaiveTime::from_hms_opt(hour, minute, 0).zip(FixedOffset::east_opt(KST_SECONDS));
    time.and_then(|(time, kst)| date.and_time(time).and_local_timezone(kst).single())
        .map(|start| start.to_utc())
        .ok_or_else(|| "date must be a day such as 2022-01-12".into())
}

fn ending(
    team1: Option<i64>,
    team2: Option<i64>,
    forfeited_by: Option<Side>,
    best_of: BestOf,
) -> Result<Option<Ending>, String> {
    let (team1, team2) = match (team1, team2) {
        (Some(team1), Some(team2)) => (team1, team2),
        (None, None) if forfeited_by.is_none() => return Ok(None),
        _ => return Err("a result needs the game wins of both teams".into()),
    };
    let wins = |wins: i64| i16::try_from(wins).map_err(|_| "game wins must be a small number".to_owned());
    let score = Score { team1: wins(team1)?, team2: wins(team2)? };
    let winner = score.winner(best_of).map_err(|misfit| format!("{score}: {misfit}"))?;
    if forfeited_by == Some(winner) {
        return Err("the team that forfeits cannot have won".into());
    }
    Ok(Some(Ending { score, forfeited_by }))
}

fn side(forfeiter: &str, team1: Option<&String>, team2: Option<&String>) -> Result<Side, String> {
    let forfeiter = Some(forfeiter.to_uppercase());
    if forfeiter.as_ref() == team1 {
        Ok(Side::Team1)
    } else if forfeiter.as_ref() == team2 {
        Ok(Side::Team2)
    } else {
        Err("the team that forfeits must be one of the two teams of the match".into())
    }
}

/// A team's code; empty and `TBD` are a team to be decided.
fn code(field: &str, code: Option<String>) -> Result<Option<String>, String> {
    let code = code.unwrap_or_default().trim().to_uppercase();
    match code.as_str() {
        "" | "TBD" => Ok(None),
        _ => checked_code(field, code).map(Some),
    }
}

pub(super) fn checked_code(field: &str, code: String) -> Result<String, String> {
    let fits = (1..=MAX_CODE).contains(&code.len())
        && code.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
    if fits { Ok(code) } else { Err(format!("{field} must be 1 to {MAX_CODE} of A–Z, 0–9, - and .")) }
}

pub(super) fn text(field: &str, text: &str) -> Result<String, String> {
    let fits =
        !text.trim().is_empty() && text.chars().count() <= MAX_TEXT && !text.chars().any(char::is_control);
    if fits { Ok(words::tidy(text)) } else { Err(format!("{field} must be 1 to {MAX_TEXT} characters")) }
}

/// Text of a stranger, fit for a report.
pub(super) fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_CODE).collect()
}
