//! Markets about whole stages, from the season file to the points.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use loljoa_service_kit::Clock;
use serde_json::{Value, json};

use crate::{
    promises,
    support::{
        Admin, App, Bettor,
        api::{Market, Page},
        eventually,
    },
};

const TEAMS: [&str; 4] = ["T1", "GEN", "DK", "HLE"];

/// A match of the cup, on the day of its number from 1.
fn game(day: u32, block: &str, teams: [&str; 2], starts_at: DateTime<Utc>) -> Value {
    json!({
        "tournament": "Cup", "block": block, "date": format!("2030-01-0{day}"), "slot": 1, "bestOf": 3,
        "team1": teams[0], "team2": teams[1], "startsAt": starts_at,
    })
}

fn won(mut game: Value, wins: [u32; 2]) -> Value {
    (game["team1Wins"], game["team2Wins"]) = (wins[0].into(), wins[1].into());
    game
}

fn cup(stages: &Value, matches: &[Value]) -> Value {
    let team = |code: &&str| json!({ "code": code, "nameEn": code, "nameKo": code, "colour": "#E2012D" });
    let teams: Vec<_> = TEAMS.iter().map(team).collect();
    let tournaments = if stages.is_null() { json!([]) } else { json!([{ "name": "Cup", "stages": stages }]) };
    json!({ "format": "loljoa-season/1", "teams": teams, "matches": matches, "tournaments": tournaments })
}

/// The only question about the cup, and its market in this state.
async fn market(app: &App, state: &str) -> (Value, Market) {
    eventually("the market about the stage", async || {
        let questions: Page<Value> = app.http.get("/api/league/questions").await.ok();
        let [question] = &questions.items[..] else { return None };
        let path = format!("/api/betting/markets?matchId={}", question["questionId"].as_str()?);
        let markets: Page<Market> = app.http.get(&path).await.ok();
        let market = markets.items.into_iter().find(|market| market.state == state)?;
        Some((question.clone(), market))
    })
    .await
}

async fn until_points(bettor: &Bettor, points: i64) {
    eventually("the points", async || (bettor.me().await.points == points).then_some(())).await;
}

async fn import(admin: &Admin, file: &Value) {
    let report: Value = admin.import(file).await.ok();
    assert_eq!(report["refused"], 0, "{report}");
}

#[tokio::test]
async fn whoever_bets_on_the_champion_is_paid_by_the_final() {
    let app = App::start().await;
    let admin = app.admin().await;
    let start = (Clock::system().now() + TimeDelta::days(2)).trunc_subsecs(3);
    let semifinals = [
        game(1, "Playoffs Semifinals", ["T1", "DK"], start),
        game(2, "Playoffs Semifinals", ["GEN", "HLE"], start + TimeDelta::days(1)),
    ];
    let last = |teams| game(3, "Playoffs Final", teams, start + TimeDelta::days(2));
    let known = [semifinals.to_vec(), vec![last(["TBD", "TBD"])]].concat();
    import(&admin, &cup(&Value::Null, &known)).await;

    let (question, asked) = market(&app, "open").await;
    assert_eq!((&question["kind"], &question["stage"]), (&"champion".into(), &"Playoffs".into()));
    assert_eq!((asked.template.as_str(), asked.lock_at), ("champion", start));
    let keys: Vec<_> = asked.outcomes.iter().map(|outcome| outcome.key.as_str()).collect();
    assert_eq!(keys, ["DK", "GEN", "HLE", "T1"]);
    let (faker, chovy) = (app.sign_up("faker").await, app.sign_up("chovy").await);
    faker.bet(&asked, "T1", 500).await;
    chovy.bet(&asked, "GEN", 300).await;

    let [first, second] = semifinals.clone();
    import(&admin, &cup(&Value::Null, &[won(first, [2, 1])])).await;
    market(&app, "locked").await;
    import(&admin, &cup(&Value::Null, &[won(second, [2, 0]), last(["T1", "GEN"])])).await;
    let (question, _) = market(&app, "locked").await;
    assert_eq!((&question["state"], &question["winnerId"]), (&"in_progress".into(), &Value::Null));
    import(&admin, &cup(&Value::Null, &[won(last(["T1", "GEN"]), [2, 0])])).await;
    let (question, settled) = market(&app, "settled").await;
    assert_eq!(question["state"], "decided");
    assert_eq!(settled.settled_outcome_id, Some(asked.outcome("T1").outcome_id));
    until_points(&faker, 1_800).await;
    until_points(&chovy, 1_200).await;
    promises::all_hold(&app.db).await;
}

#[tokio::test]
async fn who_is_first_of_a_table_is_asked_where_the_file_says_the_stage_and_void_when_it_says_another() {
    let app = App::start().await;
    let admin = app.admin().await;
    let start = (Clock::system().now() + TimeDelta::days(2)).trunc_subsecs(3);
    let on = |day: u32, teams| game(day, "Battle", teams, start + TimeDelta::days(day.into()));
    let matches = [on(1, ["T1", "GEN"]), on(2, ["GEN", "DK"]), on(3, ["DK", "T1"])];
    let stage = |name: &str| json!([{ "name": name, "kind": "roundRobin", "blocks": ["Battle"] }]);
    import(&admin, &cup(&stage("Group Battle"), &matches)).await;
    let (question, asked) = market(&app, "open").await;
    assert_eq!((asked.template.as_str(), &question["group"]), ("first", &Value::Null));
    let faker = app.sign_up("faker").await;
    faker.bet(&asked, "DK", 400).await;

    let [one, two, three] = matches;
    import(&admin, &cup(&Value::Null, &[won(one, [2, 0]), won(two, [0, 2]), won(three, [2, 1])])).await;
    market(&app, "settled").await;
    until_points(&faker, 1_500).await;
    assert_eq!(faker.me().await.profit, 0, "what one alone has bet comes back");

    // A stage of another name is another question, which nobody can be asked any more.
    import(&admin, &cup(&stage("Group Stage"), &[])).await;
    let cancelled = eventually("the question that is gone", async || {
        let questions: Page<Value> = app.http.get("/api/league/questions").await.ok();
        questions.items.into_iter().find(|question| question["state"] == "cancelled")
    });
    assert_eq!(cancelled.await["stage"], "Group Battle");
    promises::all_hold(&app.db).await;
}

#[tokio::test]
async fn whoever_is_about_to_end_a_question_is_told_of_the_stakes_and_cannot_remove_a_match_over_them() {
    let app = App::start().await;
    let admin = app.admin().await;
    let start = (Clock::system().now() + TimeDelta::days(2)).trunc_subsecs(3);
    let on = |day: u32, teams| game(day, "Battle", teams, start + TimeDelta::days(day.into()));
    let matches = [on(1, ["T1", "GEN"]), on(2, ["GEN", "HLE"]), on(3, ["DK", "T1"])];
    let stage = json!([{ "name": "Group Battle", "kind": "roundRobin", "blocks": ["Battle"], "matches": 3 }]);
    import(&admin, &cup(&stage, &matches)).await;
    let (_, asked) = market(&app, "open").await;
    app.sign_up("faker").await.bet(&asked, "HLE", 400).await;

    // Without the only match of HLE nobody is asked about it any more.
    let other = cup(&Value::Null, &[on(2, ["GEN", "DK"])]);
    let report: Value = admin.http.post("/api/league/import?dryRun=true", &other).await.ok();
    let about_stages = |report: &Value| {
        let touched = report["markets"].as_array().unwrap().iter().filter(|market| market["line"].is_null());
        touched.map(|market| (market["effect"].clone(), market["givenBack"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(about_stages(&report), [(json!("withdrawn"), json!(400)), (json!("opens"), json!(0))]);

    let page: Page<Value> = app.http.get("/api/league/matches?team=HLE").await.ok();
    let only = page.items[0]["matchId"].as_str().unwrap().to_owned();
    let refused = admin.http.delete(&format!("/api/league/matches/{only}")).await;
    assert_eq!((refused.status, refused.problem().code.as_str()), (409, "match_has_stakes"));
    assert!(refused.text.contains("400 points are staked on questions about its stage"), "{}", refused.text);
    let (_, still) = market(&app, "open").await;
    assert_eq!(still.market_id, asked.market_id);
    promises::all_hold(&app.db).await;
}
