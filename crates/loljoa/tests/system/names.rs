//! What markets call teams whose club has taken another name since.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use loljoa_service_kit::Clock;
use serde_json::{Value, json};

use crate::support::{
    App,
    api::{Match, Page},
    eventually,
};

fn season(teams: &[Value], matches: &[Value]) -> Value {
    json!({ "format": "loljoa-season/1", "teams": teams, "matches": matches })
}

fn team(code: &str, name_en: &str, name_ko: &str) -> Value {
    json!({ "code": code, "nameEn": name_en, "nameKo": name_ko, "colour": "#E2012D" })
}

fn game(tournament: &str, slot: u32, starts_at: DateTime<Utc>) -> Value {
    json!({
        "tournament": tournament, "block": "Week 1", "date": "2022-01-12", "slot": slot, "bestOf": 3,
        "team1": "T1", "team2": "DK", "startsAt": starts_at,
    })
}

/// What the question who wins calls DK, of every match of the tournament, once `matches` of them are asked about.
async fn labels(app: &App, tournament: &str, matches: usize) -> BTreeSet<[String; 2]> {
    let all: Page<Value> = app.http.get("/api/league/matches?limit=100").await.ok();
    let ids = all.items.iter().filter(|game| game["tournament"] == tournament);
    let ids: Vec<_> = ids.map(|game| game["matchId"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), matches);
    let mut labels = BTreeSet::new();
    for id in ids {
        let path = format!("/api/betting/markets?matchId={id}");
        let market = eventually("the question who wins", async || {
            let markets: Page<Value> = app.http.get(&path).await.ok();
            markets.items.into_iter().find(|market| market["template"] == "match_winner")
        })
        .await;
        let outcomes = market["outcomes"].as_array().unwrap();
        let label = &outcomes.iter().find(|outcome| outcome["key"] == "DK").unwrap()["label"];
        labels.insert(["en", "ko"].map(|language| label[language].as_str().unwrap().to_owned()));
    }
    labels
}

#[tokio::test]
async fn markets_of_an_older_season_speak_of_teams_as_that_season_did() {
    let app = App::start().await;
    let admin = app.admin().await;
    let in_days = |days| Clock::system().now() + TimeDelta::days(days);
    let t1 = || team("T1", "T1", "티원");
    let old = season(&[t1(), team("DK", "DWG KIA", "담원 기아")], &[game("LCK 2022", 1, in_days(1))]);
    admin.import(&old).await.ok::<Value>();
    let new = season(&[t1(), team("DK", "Dplus KIA", "디플러스 기아")], &[game("LCK 2025", 1, in_days(30))]);
    admin.import(&new).await.ok::<Value>();
    // A match that comes to the old season later is one of that season, and so is one that moves.
    admin.import(&season(&[], &[game("LCK 2022", 2, in_days(2))])).await.ok::<Value>();
    let matches: Page<Match> = app.http.get("/api/league/matches").await.ok();
    let first = matches.items[0].match_id;
    admin.update_match(first, &json!({ "startsAt": in_days(3) })).await.ok::<Match>();

    let once = |en: &str, ko: &str| BTreeSet::from([[en.to_owned(), ko.to_owned()]]);
    assert_eq!(labels(&app, "LCK 2022", 2).await, once("DWG KIA", "담원 기아"));
    assert_eq!(labels(&app, "LCK 2025", 1).await, once("Dplus KIA", "디플러스 기아"));
}
