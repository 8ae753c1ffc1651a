//! How the system is: the sum of its cells.

use loljoa::system::{Part, Service};
use serde_json::{Value, json};

use super::Story;
use crate::support::eventually;

const SECOND: Part = Part { service: Service::Betting, cell: 1 };

/// Waits until the status is so.
async fn until(story: &Story, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let status = async || story.app.http.get("/api/status").await.ok::<Value>();
    eventually(what, async || Some(status().await).filter(&wanted)).await
}

/// Changes one row.
async fn run(pool: &sqlx::PgPool, statement: &'static str) {
    assert_eq!(sqlx::query(statement).execute(pool).await.unwrap().rows_affected(), 1, "{statement}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cells_say_is_told_as_one_and_who_does_not_answer_is_named() {
    let mut story = Story::begin().await;
    for bettor in story.everybody() {
        for game in &story.games {
            bettor.bet(&game.winner, "T1", 150).await;
        }
    }
    let well =
        until(&story, "audits", |status| status["state"] == "ok" && status["bets"]["count"] == 8).await;
    let two = json!({"cells": 2, "answering": 2});
    assert_eq!((&well["parts"]["account"], &well["parts"]["betting"]), (&two, &two));
    assert_eq!(well["audits"]["bets"]["differences"], 0);

    // One difference in each cell of account, and one of betting in one.
    for account in &story.app.db.accounts {
        run(
            account,
            "UPDATE user_balances SET balance = balance + 1
            WHERE account_id = (SELECT account_id FROM users ORDER BY account_id LIMIT 1)",
        )
        .await;
    }
    run(&story.app.db.bettings[1], "UPDATE markets SET pool = pool + 1 WHERE pool > 0").await;
    let differs = |status: &Value| {
        status["audits"]["points"]["differences"].as_i64() == Some(2)
            && status["audits"]["bets"]["differences"].as_i64() > Some(0)
    };
    let found = until(&story, "differences", differs).await;
    assert_eq!(
        (&found["state"], &found["reasons"]),
        (&json!("difference"), &json!(["bets_differ", "points_differ"]))
    );
    for account in &story.app.db.accounts {
        run(
            account,
            "UPDATE user_balances SET balance = balance - 1
            WHERE account_id = (SELECT account_id FROM users ORDER BY account_id LIMIT 1)",
        )
        .await;
    }
    run(&story.app.db.bettings[1], "UPDATE markets SET pool = pool - 1 WHERE pool > 0").await;
    until(&story, "mending", |status| status["state"] == "ok").await;

    story.app.system.kill_part(SECOND).await;
    let half = until(&story, "silence", |status| status["state"] == "unknown").await;
    assert_eq!(half["reasons"], json!(["betting_unanswered"]));
    assert_eq!(half["parts"]["betting"], json!({"cells": 2, "answering": 1}));
    assert_eq!(half["bets"]["count"], 4, "what the other cell says is told");
    story.app.system.start_part_again(SECOND).await.unwrap();
    until(&story, "return", |status| status["state"] == "ok" && status["bets"]["count"] == 8).await;
}
