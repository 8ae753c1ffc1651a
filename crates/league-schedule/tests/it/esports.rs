//! A stand-in for the LoL Esports API, with documents of its shape.

use loljoa_league_schedule::{
    config,
    source::{self, Source, live::Live},
};
use serde_json::{Value, json};
use sqlx::PgPool;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header, method, path, query_param, query_param_is_missing},
};

use crate::harness::Service;

const KEY: &str = "test-key";
const LCK: &str = "98767991310872058";

/// The API, a source that follows it, and a service to look at what came of it.
pub(crate) struct Esports {
    pub(crate) server: MockServer,
    pub(crate) live: Live,
    pub(crate) service: Service,
}

impl Esports {
    pub(crate) async fn start(pool: &PgPool) -> Self {
        let server = MockServer::start().await;
        answer_teams(&server).await;
        let live = Self::source(pool, &server);
        Self { server, live, service: Service::without_source(pool).await }
    }

    pub(crate) fn source(pool: &PgPool, server: &MockServer) -> Live {
        Self::source_with(pool, server, |_| ())
    }

    /// As [`Self::source`], told something else by `change`.
    pub(crate) fn source_with(
        pool: &PgPool,
        server: &MockServer,
        change: impl FnOnce(&mut config::Live),
    ) -> Live {
        let base = server.uri().parse().unwrap();
        let mut settings =
            config::Live { page_pause_ms: 0, max_bytes: 100_000, ..config::Live::at(base, KEY) };
        change(&mut settings);
        Live::new(pool.clone(), settings).unwrap()
    }

    /// Answers the schedule under `token` (none: the page around today) with `response`.
    pub(crate) async fn answer(&self, token: Option<&str>, response: ResponseTemplate) {
        let schedule = Mock::given(method("GET"))
            .and(path("/persisted/gw/getSchedule"))
            .and(header("x-api-key", KEY))
            .and(query_param("hl", "en-US"))
            .and(query_param("leagueId", LCK));
        let schedule = match token {
            Some(token) => schedule.and(query_param("pageToken", token)),
            None => schedule.and(query_param_is_missing("pageToken")),
        };
        schedule.respond_with(response).mount(&self.server).await;
    }

    /// One poll that finds just these events.
    pub(crate) async fn poll(&mut self, events: Vec<Value>) -> Result<(), source::Error> {
        self.poll_answer(ResponseTemplate::new(200).set_body_json(page(&events, None))).await
    }

    /// One poll that is answered with `response`.
    pub(crate) async fn poll_answer(&mut self, response: ResponseTemplate) -> Result<(), source::Error> {
        self.server.reset().await;
        answer_teams(&self.server).await;
        self.answer(None, response).await;
        self.live.step().await.map(|_| ())
    }

    /// How many pages of the schedule were asked for, with which tokens.
    pub(crate) async fn tokens(&self) -> Vec<String> {
        let requests = self.server.received_requests().await.unwrap();
        let schedules = requests.iter().filter(|request| request.url.path().ends_with("/getSchedule"));
        let token = |request: &wiremock::Request| {
            let found = request.url.query_pairs().find(|(name, _)| name == "pageToken");
            found.map_or_else(String::new, |(_, token)| token.into_owned())
        };
        schedules.map(token).collect()
    }
}

async fn answer_teams(server: &MockServer) {
    Mock::given(method("GET"))
        .and(path("/persisted/gw/getTeams"))
        .and(header("x-api-key", KEY))
        .and(query_param("hl", "en-US"))
        .respond_with(ResponseTemplate::new(200).set_body_json(teams()))
        .mount(server)
        .await;
}

/// The oldest page of the schedule.
pub(crate) fn page(events: &[Value], newer: Option<&str>) -> Value {
    page_between(None, events, newer)
}

/// A page of the schedule with others before and after it.
pub(crate) fn page_between(older: Option<&str>, events: &[Value], newer: Option<&str>) -> Value {
    json!({ "data": { "schedule": { "pages": { "older": older, "newer": newer }, "events": events } } })
}

/// A match of T1 and Gen.G, best of 3, with its state and both results.
pub(crate) fn event(id: &str, state: &str, results: [Value; 2]) -> Value {
    let [t1, geng] = results;
    between(id, state, ("T1", "T1", t1), ("Gen.G", "GEN", geng))
}

/// A match between two teams given as (name, code, result).
pub(crate) fn between(
    id: &str,
    state: &str,
    team1: (&str, &str, Value),
    team2: (&str, &str, Value),
) -> Value {
    let team = |(name, code, result): (&str, &str, Value)| {
        json!({ "name": name, "code": code, "image": "http://static.lolesports.com/teams/x.png",
                "result": result, "record": { "wins": 1, "losses": 0 } })
    };
    json!({
        "startTime": "2026-01-14T08:00:00Z", "state": state, "type": "match", "blockName": "Week 1",
        "league": { "name": "LCK", "slug": "lck" },
        "match": { "id": id, "flags": ["hasVod"], "teams": [team(team1), team(team2)],
                   "strategy": { "type": "bestOf", "count": 3 } }
    })
}

/// A team's result.
pub(crate) fn won(outcome: Option<&str>, game_wins: i64) -> Value {
    json!({ "outcome": outcome, "gameWins": game_wins })
}

fn teams() -> Value {
    let team = |slug: &str, name: &str, code: &str, league: &str| {
        json!({ "id": slug, "slug": slug, "name": name, "code": code, "image": "http://static.lolesports.com/x.png",
                "homeLeague": { "name": league, "region": "KOREA" } })
    };
    json!({ "data": { "teams": [
        team("dns-challengers", "DNS Challengers", "DNS", "LCK Challengers"),
        team("dn-soopers", "DN SOOPers", "DNS", "LCK"),
        team("t1", "T1", "T1", "LCK"),
        team("geng", "Gen.G", "GEN", "LCK"),
        { "id": "broken", "slug": null },
        { "id": "no-league", "slug": "no-league", "name": "Nomads", "code": "T1", "homeLeague": null },
    ] } })
}
