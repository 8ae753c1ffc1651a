use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use loljoa_service_kit::Clock;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Admin, App,
    api::{Market, Match, Page},
    eventually,
};

const NAME: &str = "Test Cup";
const TEAMS: [&str; 2] = ["T1", "GEN"];

/// A tournament of T1 against GEN, best of three, as often as the story wants.
pub(crate) struct Cup {
    admin: Admin,
    matches: u32,
}

/// One match, with its markets.
pub(crate) struct Game {
    pub(crate) match_id: Uuid,
    /// 승부예측: `T1` or `GEN`.
    pub(crate) winner: Market,
    /// `2-0`, `2-1`, `1-2` or `0-2`.
    pub(crate) score: Market,
    /// `2` or `3`.
    pub(crate) sets: Market,
}

impl Cup {
    pub(crate) async fn of(app: &App) -> Self {
        Self { admin: app.admin().await, matches: 0 }
    }

    /// The tournament as another left it, after so many matches.
    pub(crate) async fn again(app: &App, matches: u32) -> Self {
        Self { admin: app.admin().await, matches }
    }

    pub(crate) fn admin(&self) -> &Admin {
        &self.admin
    }

    /// A match tomorrow, its markets open.
    pub(crate) async fn game(&mut self) -> Game {
        self.game_at(Clock::system().now() + TimeDelta::days(1)).await
    }

    /// A match that starts then, its markets open.
    pub(crate) async fn game_at(&mut self, starts_at: DateTime<Utc>) -> Game {
        self.matches += 1;
        let date = (DateTime::UNIX_EPOCH + TimeDelta::days(i64::from(self.matches))).date_naive();
        self.admin.import(&season(&[fixture(&date.to_string(), starts_at)])).await.ok::<Value>();
        let path =
            format!("/api/league/matches?from={}&limit=100", starts_at.format("%Y-%m-%dT%H:%M:%S%.6fZ"));
        let found: Page<Match> = self.admin.http.get(&path).await.ok();
        let found =
            found.items.iter().find(|found| (found.starts_at - starts_at).abs() < TimeDelta::milliseconds(1));
        self.open(found.expect("the match that was imported").match_id).await
    }

    async fn open(&self, match_id: Uuid) -> Game {
        let mut markets = eventually("opening the markets of a match", async || {
            let markets = self.markets(match_id).await;
            (markets.len() == 3).then_some(markets)
        })
        .await;
        let mut take = |template: &str| markets.remove(template).unwrap();
        Game { match_id, winner: take("match_winner"), score: take("exact_score"), sets: take("total_sets") }
    }

    async fn markets(&self, match_id: Uuid) -> BTreeMap<String, Market> {
        let path = format!("/api/betting/markets?matchId={match_id}");
        let page: Page<Market> = self.admin.http.get(&path).await.ok();
        page.items.into_iter().map(|market| (market.template.clone(), market)).collect()
    }

    /// The market as it is now.
    pub(crate) async fn look(&self, market: &Market) -> Market {
        self.admin.http.get(&format!("/api/betting/markets/{}", market.market_id)).await.ok()
    }

    /// The market when it is in this state.
    pub(crate) async fn until(&self, market: &Market, state: &str) -> Market {
        eventually(&format!("a market's becoming {state}"), async || {
            let market = self.look(market).await;
            (market.state == state).then_some(market)
        })
        .await
    }

    /// Locks a market and settles it on the outcome called `key`, and waits until it is paid.
    pub(crate) async fn settle(&self, market: &Market, key: &str) -> Market {
        self.admin.lock(market.market_id).await.ok::<Market>();
        self.admin.settle(market.market_id, market.outcome(key).outcome_id).await.ok::<Market>();
        self.until(market, "settled").await
    }
}

/// A season's file with T1, GEN and these matches.
pub(crate) fn season(matches: &[Value]) -> Value {
    let team = |code: &str| json!({ "code": code, "nameEn": code, "nameKo": code, "colour": "#E2012D" });
    json!({ "format": "loljoa-season/1", "teams": TEAMS.map(team), "matches": matches })
}

/// A line of such a file, without result.
pub(crate) fn fixture(date: &str, starts_at: DateTime<Utc>) -> Value {
    json!({
        "tournament": NAME, "block": "Week 1", "date": date, "slot": 1, "bestOf": 3,
        "team1": TEAMS[0], "team2": TEAMS[1], "startsAt": starts_at,
    })
}
