//! The JSON of the HTTP surface, as far as the stories read it.
#![expect(clippy::struct_field_names, reason = "the names are those of the wire")]

use chrono::{DateTime, Utc};
use serde::Deserialize;
use uuid::Uuid;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next_cursor: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Account {
    pub(crate) account_id: Uuid,
    pub(crate) username: String,
    pub(crate) points: i64,
    pub(crate) staked: i64,
    pub(crate) profit: i64,
    pub(crate) rank: i64,
    pub(crate) tier: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Session {
    pub(crate) account: Account,
    pub(crate) access_token: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct StatementLine {
    pub(crate) kind: String,
    pub(crate) points: i64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Market {
    pub(crate) market_id: Uuid,
    pub(crate) match_id: Uuid,
    pub(crate) template: String,
    pub(crate) state: String,
    pub(crate) lock_at: DateTime<Utc>,
    pub(crate) pool: i64,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) settled_outcome_id: Option<Uuid>,
    pub(crate) void_reason: Option<String>,
}

impl Market {
    /// The outcome that stands for `key`.
    pub(crate) fn outcome(&self, key: &str) -> &Outcome {
        let found = self.outcomes.iter().find(|outcome| outcome.key == key);
        found.unwrap_or_else(|| panic!("{key} is no outcome of {self:?}"))
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outcome {
    pub(crate) outcome_id: Uuid,
    pub(crate) key: String,
    pub(crate) pool: i64,
    pub(crate) odds: Option<f64>,
    pub(crate) bettors: i64,
    pub(crate) top_bettor: Option<TopBettor>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct TopBettor {
    pub(crate) username: Option<String>,
    pub(crate) stake: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Bet {
    pub(crate) bet_id: Uuid,
    pub(crate) market_id: Uuid,
    pub(crate) outcome_id: Option<Uuid>,
    pub(crate) state: String,
    pub(crate) stake: i64,
    pub(crate) returned: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tournament {
    pub(crate) tournament_id: Uuid,
    pub(crate) name: String,
    pub(crate) replay_state: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Match {
    pub(crate) match_id: Uuid,
    pub(crate) starts_at: DateTime<Utc>,
    pub(crate) state: String,
    pub(crate) team1: Option<Team>,
    pub(crate) team2: Option<Team>,
    pub(crate) team1_wins: i32,
    pub(crate) team2_wins: i32,
    pub(crate) winner_id: Option<Uuid>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Team {
    pub(crate) team_id: Uuid,
    pub(crate) code: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Standing {
    pub(crate) rank: i32,
    pub(crate) team: Team,
    pub(crate) wins: i32,
    pub(crate) losses: i32,
    pub(crate) game_difference: i32,
}
