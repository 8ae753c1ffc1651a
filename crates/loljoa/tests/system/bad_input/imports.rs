use chrono::TimeDelta;
use loljoa_service_kit::Clock;
use reqwest::Method;
use serde_json::{Value, json};

use super::Unchanged;
use crate::support::{App, Cup, Reply, fixture, season};

#[tokio::test]
async fn seasons_that_cannot_be() {
    let app = App::start().await;
    let mut cup = Cup::of(&app).await;
    let game = cup.game().await;
    let unchanged = Unchanged::from_here(&app).await;
    let soon = Clock::system().now() + TimeDelta::days(2);
    let with = |field: &str, value: Value| {
        let mut line = fixture("2030-01-01", soon);
        line[field] = value;
        season(&[line])
    };
    let score = |team1: i64, team2: i64| {
        let mut line = fixture("2030-01-01", soon);
        line["team1Wins"] = json!(team1);
        line["team2Wins"] = json!(team2);
        season(&[line])
    };
    let twice = season(&[fixture("2030-01-01", soon), fixture("2030-01-01", soon)]);
    for (what, file) in [
        ("a team playing itself", with("team2", json!("T1"))),
        ("the same match twice", twice),
        ("an unknown team", with("team2", json!("C9"))),
        ("more wins than a best of three has", score(3, 0)),
        ("both teams winning", score(2, 2)),
        ("nobody winning", score(1, 1)),
        ("a best of two", with("bestOf", json!(2))),
        ("a day that is none", with("date", json!("2030-02-30"))),
        ("a field that nobody knows", with("faker", json!(1))),
    ] {
        let report: Value = cup.admin().import(&file).await.ok();
        assert_eq!(report["applied"], false, "{what}");
        let refused = report["lines"].as_array().unwrap().iter().find(|line| line["action"] == "refused");
        let refused = refused.unwrap_or_else(|| panic!("{what}: {report}"));
        assert!(!refused["message"].as_str().unwrap().is_empty(), "{what}");
    }
    truncated_and_untyped(&cup).await;
    for (team1, team2) in [(3, 0), (2, 2), (1, 0), (-1, 2)] {
        let reply = cup.admin().result(game.match_id, team1, team2).await;
        assert_eq!(reply.problem().status, 400, "{team1}-{team2}: {}", reply.text);
    }
    unchanged.so_far().await;
}

async fn truncated_and_untyped(cup: &Cup) {
    let whole = season(&[fixture("2030-01-01", Clock::system().now())]).to_string();
    let send = |media_type: &'static str, content: &str| {
        let request = cup.admin().http.request(Method::POST, "/api/league/import");
        request.header("Content-Type", media_type).body(content.to_owned())
    };
    let report: Value = Reply::to(send("application/json", &whole[..whole.len() / 2])).await.ok();
    assert_eq!((&report["applied"], &report["refused"]), (&json!(false), &json!(1)), "{report}");
    assert_eq!(Reply::to(send("text/plain", &whole)).await.problem().status, 415);
}
