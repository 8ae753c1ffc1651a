//! What league-schedule and betting have in their databases, and what the league tells of stages.
#![expect(clippy::struct_field_names, reason = "the names are those of the tables")]

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use loljoa_league_schedule::domain::Tournament;
use loljoa_service_kit::Clock;
use serde::Deserialize;
use sqlx::FromRow;
use uuid::Uuid;

use super::{
    board,
    contests::{Contest, Table},
};
use crate::support::App;

const GAMES: &str =
    "SELECT match_id, m.revision, state, starts_at, best_of, block, one.code AS team1, two.code AS team2,
        team1_wins, team2_wins, won.code AS winner
    FROM matches m LEFT JOIN teams one ON one.team_id = team1_id LEFT JOIN teams two ON two.team_id = team2_id
    LEFT JOIN teams won ON won.team_id = winner_id";
/// Whether the questions about stages are those that the matches of now ask.
const HAS_ASKED_ANEW: &str =
    "SELECT NOT EXISTS (SELECT FROM tournaments WHERE questions_stale) AND NOT EXISTS (
        SELECT FROM match_revisions m, questions_followed f WHERE (m.xid, m.seq) > (f.xid, f.seq)
    )";
const MARKETS: &str = "SELECT market_id, match_id, coalesce(asks, template) AS template, question_en, state, lock_at, pool, withdrawn, void_reason,
        ARRAY(SELECT key FROM outcomes o WHERE o.market_id = m.market_id ORDER BY ordinal) AS keys,
        ARRAY(SELECT pool FROM outcomes o WHERE o.market_id = m.market_id ORDER BY ordinal) AS pools,
        (SELECT count(*) FROM bets b WHERE b.market_id = m.market_id) AS bets,
        (SELECT key FROM outcomes WHERE outcome_id = coalesce(settled_outcome_id, decided_outcome_id)) AS answer,
        EXISTS (SELECT FROM incidents i WHERE i.market_id = m.market_id AND is_open) AS is_told
    FROM markets m ORDER BY created_at";

/// A match, as league-schedule has it.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub(super) struct Game {
    pub(super) match_id: Uuid,
    pub(super) revision: i64,
    pub(super) state: String,
    pub(super) starts_at: DateTime<Utc>,
    pub(super) best_of: i16,
    pub(super) block: String,
    pub(super) team1: Option<String>,
    pub(super) team2: Option<String>,
    pub(super) team1_wins: i16,
    pub(super) team2_wins: i16,
    pub(super) winner: Option<String>,
}

impl Game {
    /// Both codes, once both are known.
    pub(super) fn teams(&self) -> Option<[&str; 2]> {
        Some([self.team1.as_deref()?, self.team2.as_deref()?])
    }
}

/// A market, as betting has it.
#[derive(Clone, Debug, FromRow)]
pub(super) struct Market {
    pub(super) market_id: Uuid,
    pub(super) match_id: Uuid,
    pub(super) template: String,
    pub(super) question_en: String,
    pub(super) state: String,
    pub(super) lock_at: DateTime<Utc>,
    pub(super) pool: i64,
    pub(super) withdrawn: bool,
    pub(super) void_reason: Option<String>,
    /// Of its outcomes, in order.
    pub(super) keys: Vec<String>,
    pub(super) pools: Vec<i64>,
    /// How many, whatever has become of them.
    pub(super) bets: i64,
    /// The key of the outcome that it was decided on.
    pub(super) answer: Option<String>,
    /// An incident is open on it.
    pub(super) is_told: bool,
}

impl Market {
    pub(super) fn is_custom(&self) -> bool {
        self.template == "custom"
    }

    pub(super) fn is_open(&self) -> bool {
        self.state == "open"
    }

    /// Whether everybody is paid or has the stake back.
    pub(super) fn has_ended(&self) -> bool {
        ["settled", "void"].contains(&self.state.as_str())
    }

    pub(super) fn is_void_for(&self, reason: &str) -> bool {
        self.state == "void" && !self.withdrawn && self.void_reason.as_deref() == Some(reason)
    }
}

#[derive(Deserialize)]
struct Standings {
    stages: Vec<Table>,
}

/// All of it at one time.
pub(super) struct View {
    pub(super) now: DateTime<Utc>,
    pub(super) games: BTreeMap<Uuid, Game>,
    /// The revision of each match that betting has followed.
    pub(super) followed: HashMap<Uuid, i64>,
    /// Of each match, in the order in which they were opened.
    pub(super) markets: BTreeMap<Uuid, Vec<Market>>,
    pub(super) contests: Vec<Contest>,
    /// Of the tournaments that are looked at, by name.
    pub(super) tables: BTreeMap<String, Vec<Table>>,
}

impl View {
    /// Whether the league has asked anew about stages since its matches have changed. Costs little.
    pub(super) async fn is_asked_anew(app: &App) -> bool {
        sqlx::query_scalar(HAS_ASKED_ANEW).fetch_one(&app.db.league_schedule).await.unwrap()
    }

    /// With the tables of these tournaments.
    pub(super) async fn of(app: &App, tournaments: &[String]) -> Self {
        let db = &app.db;
        let contests = board::questions(&app.http).await;
        let mut tables = BTreeMap::new();
        for tournament in tournaments {
            let path = format!("/api/league/standings?tournament={}", Tournament::id_of(tournament));
            let Standings { stages } = app.http.get(&path).await.ok();
            tables.insert(tournament.clone(), stages);
        }
        let games: Vec<Game> = sqlx::query_as(GAMES).fetch_all(&db.league_schedule).await.unwrap();
        let followed: Vec<(Uuid, i64)> =
            sqlx::query_as("SELECT match_id, revision FROM matches").fetch_all(&db.betting).await.unwrap();
        let all: Vec<Market> = sqlx::query_as(MARKETS).fetch_all(&db.betting).await.unwrap();
        let mut markets: BTreeMap<Uuid, Vec<Market>> = BTreeMap::new();
        for market in all {
            markets.entry(market.match_id).or_default().push(market);
        }
        let games = games.into_iter().map(|game| (game.match_id, game)).collect();
        let followed = followed.into_iter().collect();
        let now = Clock::system().now();
        Self { now, games, followed, markets, contests, tables }
    }

    /// The markets of a match.
    pub(super) fn of_match(&self, match_id: Uuid) -> &[Market] {
        self.markets.get(&match_id).map_or(&[], Vec::as_slice)
    }
}
