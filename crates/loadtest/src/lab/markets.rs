//! Markets to bet on: of matches that are imported as any are, or rows of a baseline.

use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use loljoa_service_kit::{Clock, ids};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::time;
use uuid::Uuid;

use super::api::{self, Api, Match, Session};
use crate::scenario::Market;

const TEAMS: [&str; 2] = ["T1", "GEN"];
/// Of a best of three: who wins, by how much, after how many sets.
const OF_A_MATCH: usize = 3;
const WINNER: &str = "match_winner";
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);
/// How many matches one page tells of.
const PAGE: usize = 100;

/// Makes matches, each on a day of its own.
#[derive(Debug, Default)]
pub(super) struct Calendar {
    matches: i64,
}

impl Calendar {
    /// Imports as many matches as `count` markets need, and waits until betting has opened them. The first market asks who
    /// wins, and has two outcomes.
    pub(super) async fn open(
        &mut self,
        api: &Api,
        admin: &Session,
        count: usize,
    ) -> anyhow::Result<Vec<Market>> {
        let wanted = count.div_ceil(OF_A_MATCH);
        anyhow::ensure!(wanted <= PAGE, "{count} markets are too many");
        let (season, from) = self.season(wanted);
        api.import(admin, &season).await?;
        let matches = api.matches(from).await?;
        anyhow::ensure!(matches.len() == wanted, "{} of {wanted} matches are there", matches.len());
        let mut markets = Vec::with_capacity(wanted * OF_A_MATCH);
        for Match { match_id, .. } in matches {
            markets.extend(until_open(api, match_id).await?);
        }
        markets.sort_by_key(|market| market.template != WINNER);
        markets.truncate(count);
        Ok(markets.into_iter().map(market).collect())
    }

    /// The file of so many matches, and the start of the first: later than that of all before.
    fn season(&mut self, count: usize) -> (Value, DateTime<Utc>) {
        let starts = Clock::system().now() + TimeDelta::days(1) + TimeDelta::hours(self.matches);
        let mut matches = Vec::with_capacity(count);
        for _ in 0..count {
            self.matches += 1;
            let date = (DateTime::UNIX_EPOCH + TimeDelta::days(self.matches)).date_naive();
            matches.push(json!({
                "tournament": "Load lab", "block": "Week 1", "date": date, "slot": 1, "bestOf": 3,
                "team1": TEAMS[0], "team2": TEAMS[1], "startsAt": starts + TimeDelta::seconds(1),
            }));
        }
        let team = |code: &str| json!({ "code": code, "nameEn": code, "nameKo": code, "colour": "#E2012D" });
        let season = json!({ "format": "loljoa-season/1", "teams": TEAMS.map(team), "matches": matches });
        (season, starts)
    }
}

async fn until_open(api: &Api, match_id: Uuid) -> anyhow::Result<Vec<api::Market>> {
    let opening = async {
        loop {
            let markets = api.markets(match_id).await?;
            if markets.len() == OF_A_MATCH {
                return Ok(markets);
            }
            time::sleep(POLL).await;
        }
    };
    time::timeout(PATIENCE, opening).await.context("betting does not open the markets of a match")?
}

/// A market as scenarios know it.
#[must_use]
pub fn market(market: api::Market) -> Market {
    let outcome_ids = market.outcomes.into_iter().map(|outcome| outcome.outcome_id).collect();
    Market { market_id: market.market_id, match_id: market.match_id, outcome_ids }
}

/// Makes a market of a baseline, with two outcomes.
pub(super) async fn of_baseline(pool: &PgPool, is_open: bool) -> anyhow::Result<Market> {
    let market = Market {
        market_id: ids::fresh(),
        match_id: ids::fresh(),
        outcome_ids: vec![ids::fresh(), ids::fresh()],
    };
    sqlx::query("INSERT INTO games (game_id, match_id, is_open) VALUES ($1, $2, $3)")
        .bind(market.market_id)
        .bind(market.match_id)
        .bind(is_open)
        .execute(pool)
        .await?;
    for outcome_id in &market.outcome_ids {
        sqlx::query("INSERT INTO choices (choice_id, game_id) VALUES ($1, $2)")
            .bind(outcome_id)
            .bind(market.market_id)
            .execute(pool)
            .await?;
    }
    Ok(market)
}
