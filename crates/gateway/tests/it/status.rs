//! How the system is, for everybody.

use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::harness::{Gateway, PATIENCE, header};

async fn status(gateway: &Gateway) -> Value {
    let response = gateway.get("/api/status").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response.json().await.unwrap()
}

/// Asks until the state is this; what is known serves for a moment.
async fn until(gateway: &Gateway, state: &str) -> Value {
    let asked = async {
        loop {
            let status = status(gateway).await;
            if status["state"] == state {
                return status;
            }
        }
    };
    timeout(PATIENCE, asked).await.expect("it is seen")
}

#[tokio::test]
async fn everybody_sees_what_all_parts_say() {
    let gateway = Gateway::start().await;
    let response = gateway.get("/api/status").send().await.unwrap();
    assert_eq!(header(&response, "cache-control"), "public, max-age=1");
    assert_eq!(header(&response, "content-type"), "application/json");
    let mut status: Value = response.json().await.unwrap();
    assert!(status["measuredAt"].take().is_string());
    let one = json!({"cells": 1, "answering": 1});
    assert_eq!(
        status,
        json!({
            "state": "ok",
            "reasons": [],
            "measuredAt": null,
            "parts": {"account": one, "betting": one, "leagueSchedule": one},
            "bets": {
                "lastMinute": 90, "perSecond": 1.5, "count": 12_345, "since": "2027-01-14T18:06:40Z",
            },
            "settlement": {"markets": 2, "oldestSeconds": 4},
            "audits": {
                "bets": {"lastSuccessAt": "2027-01-15T08:00:00Z", "ageSeconds": 2, "differences": 0},
                "points": {"lastSuccessAt": "2027-01-15T08:00:00Z", "ageSeconds": 2, "differences": 0},
            },
        })
    );
}

#[tokio::test]
async fn a_crowd_costs_one_call() {
    let gateway = Gateway::start().await;
    let betting = &gateway.backend.betting;
    betting.hold_statuses();
    let release = async {
        betting.statuses(1).await;
        betting.release();
    };
    let (statuses, ()) = tokio::join!(join_all((0..50).map(|_| status(&gateway))), release);
    assert!(statuses.iter().all(|status| *status == statuses[0] && status["state"] == "ok"));
    let asked = betting.statuses(1).await;
    // On a machine that takes longer than a second for 50 answers there is another look.
    assert!(asked < 5, "{asked} calls for 50 who asked");
}

#[tokio::test]
async fn a_look_serves_for_a_moment_and_no_longer() {
    let gateway = Gateway::start().await;
    until(&gateway, "ok").await;
    gateway.backend.account.differ(3);
    let status = until(&gateway, "difference").await;
    assert_eq!(status["reasons"], json!(["points_differ"]));
    assert_eq!(status["audits"]["points"]["differences"], 3);
}

#[tokio::test]
async fn a_part_that_is_away_is_told_as_such() {
    let gateway = Gateway::start().await;
    gateway.backend.betting.leave();
    let status = until(&gateway, "unknown").await;
    assert_eq!(status["reasons"], json!(["betting_unanswered"]));
    assert_eq!(status["parts"]["betting"], json!({"cells": 1, "answering": 0}));
    assert_eq!((&status["bets"], &status["settlement"]), (&Value::Null, &Value::Null));
    assert_eq!(status["audits"]["bets"], Value::Null);
    assert_eq!(status["audits"]["points"]["differences"], 0, "what others say is told");
    gateway.backend.betting.come_back();
    until(&gateway, "ok").await;
}

#[tokio::test]
async fn a_part_that_hangs_is_not_waited_for() {
    let gateway = Gateway::start_with(|config| config.http.timeout_ms = 1_000).await;
    gateway.backend.betting.hold_statuses();
    let status = status(&gateway).await;
    assert_eq!((&status["state"], &status["reasons"]), (&json!("unknown"), &json!(["betting_unanswered"])));
}
