//! The API's JSON, as far as it is used. An entry that cannot be read is left out, so that it does not take the others
//! with it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

const LONGEST_TOKEN: usize = 1_000;

#[derive(Deserialize)]
pub(super) struct Envelope<T> {
    pub(super) data: T,
}

#[derive(Deserialize)]
pub(super) struct ScheduleData {
    schedule: Schedule,
}

#[derive(Deserialize)]
struct Schedule {
    #[serde(default)]
    pages: Option<Pages>,
    #[serde(default)]
    events: Option<Vec<Value>>,
}

#[derive(Default, Deserialize)]
struct Pages {
    #[serde(default)]
    older: Option<String>,
    #[serde(default)]
    newer: Option<String>,
}

/// A page of the schedule.
#[derive(Debug)]
pub(super) struct Page {
    /// The token of the page before; the first has none.
    pub(super) older: Option<String>,
    /// The token of the next page; the last has none.
    pub(super) newer: Option<String>,
    /// Its events, matches and others.
    pub(super) events: Vec<Event>,
}

impl From<ScheduleData> for Page {
    fn from(data: ScheduleData) -> Self {
        let Pages { older, newer } = data.schedule.pages.unwrap_or_default();
        let token = |token: Option<String>| token.filter(|token| is_token(token));
        let events = readable(data.schedule.events.unwrap_or_default(), "event");
        Self { older: token(older), newer: token(newer), events }
    }
}

impl Page {
    /// The feed's own ids of the matches on it.
    pub(super) fn game_ids(&self) -> impl Iterator<Item = String> {
        self.events.iter().filter_map(|event| event.game.as_ref()).map(|game| game.id.clone())
    }
}

fn is_token(text: &str) -> bool {
    (1..=LONGEST_TOKEN).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    pub(super) start_time: DateTime<Utc>,
    #[serde(default)]
    pub(super) state: Option<String>,
    #[serde(default)]
    pub(super) block_name: Option<String>,
    #[serde(default)]
    pub(super) league: Option<League>,
    /// Shows have none.
    #[serde(default, rename = "match")]
    pub(super) game: Option<Game>,
}

#[derive(Debug, Deserialize)]
pub(super) struct League {
    pub(super) name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Game {
    pub(super) id: String,
    #[serde(default)]
    pub(super) teams: Vec<Side>,
    pub(super) strategy: Strategy,
}

#[derive(Debug, Deserialize)]
pub(super) struct Strategy {
    pub(super) count: i64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Side {
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) code: Option<String>,
    #[serde(default)]
    pub(super) result: Option<Outcome>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outcome {
    #[serde(default)]
    pub(super) outcome: Option<String>,
    #[serde(default)]
    pub(super) game_wins: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct TeamsData {
    teams: Vec<Value>,
}

impl From<TeamsData> for Vec<TeamEntry> {
    fn from(data: TeamsData) -> Self {
        readable(data.teams, "team")
    }
}

/// A team as `getTeams` has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TeamEntry {
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) code: String,
    #[serde(default)]
    pub(super) home_league: Option<League>,
}

fn readable<T: DeserializeOwned>(values: Vec<Value>, what: &'static str) -> Vec<T> {
    let read = |value| {
        serde_json::from_value(value)
            .inspect_err(|error| {
                tracing::warn!(
                    event = "source.entry_unreadable",
                    %error, "an entry of the live feed ({what}) cannot be read"
                );
            })
            .ok()
    };
    values.into_iter().filter_map(read).collect()
}
