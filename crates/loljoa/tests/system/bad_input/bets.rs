use chrono::TimeDelta;
use loljoa_service_kit::{Clock, ids};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Unchanged, refused};
use crate::{
    promises,
    support::{
        App, Bettor, Cup, Reply,
        api::{Bet, Market},
        eventually,
    },
};

#[tokio::test]
async fn stakes_that_cannot_be() {
    let app = App::start().await;
    let game = Cup::of(&app).await.game().await;
    let faker = app.sign_up("faker").await;
    faker.me().await;
    let unchanged = Unchanged::from_here(&app).await;
    let body = |stake: &str| {
        let (market, outcome) = (game.winner.market_id, game.winner.outcome("T1").outcome_id);
        format!(r#"{{"marketId":"{market}","outcomeId":"{outcome}","stake":{stake}}}"#)
    };
    for (stake, status, code) in [
        ("0", 400, "stake_too_small"),
        ("-1", 400, "stake_too_small"),
        ("-9223372036854775808", 400, "stake_too_small"),
        ("99", 400, "stake_too_small"),
        ("100.5", 400, "field_invalid"),
        ("1e16", 400, "field_invalid"),
        ("9223372036854775808", 400, "field_invalid"),
        ("123456789012345678901234567890", 400, "field_invalid"),
        ("\"500\"", 400, "field_invalid"),
        ("null", 400, "field_invalid"),
        ("[500]", 400, "field_invalid"),
        ("1501", 409, "insufficient_points"),
        ("9223372036854775807", 409, "insufficient_points"),
    ] {
        let request = faker.http.request(Method::POST, "/api/betting/bets");
        let request = request.header("Content-Type", "application/json");
        let request = request.header("Idempotency-Key", ids::fresh().to_string()).body(body(stake));
        refused(stake, &Reply::to(request).await, status, code, &["stake"]);
    }
    unchanged.so_far().await;
}

#[tokio::test]
async fn markets_and_outcomes_that_are_not_there() {
    let app = App::start().await;
    let game = Cup::of(&app).await.game().await;
    let faker = app.sign_up("faker").await;
    faker.me().await;
    let unchanged = Unchanged::from_here(&app).await;
    let (market, outcome) = (json!(game.winner.market_id), json!(game.winner.outcome("T1").outcome_id));
    let (unknown, foreign) = (json!(ids::fresh()), json!(game.score.outcome("2-0").outcome_id));
    for (what, market, outcome, status, code, field) in [
        ("unknown market", &unknown, &outcome, 404, "market_not_found", &["marketId"][..]),
        ("unknown outcome", &market, &unknown, 400, "outcome_not_in_market", &["outcomeId"][..]),
        ("another market's outcome", &market, &foreign, 400, "outcome_not_in_market", &["outcomeId"][..]),
        ("market that is no id", &json!("T1"), &outcome, 400, "field_invalid", &["marketId"][..]),
        ("outcome that is no id", &market, &json!(7), 400, "field_invalid", &["outcomeId"][..]),
    ] {
        let reply = faker.bet_with(&json!({ "marketId": market, "outcomeId": outcome, "stake": 500 })).await;
        refused(what, &reply, status, code, field);
    }
    unchanged.so_far().await;
}

#[tokio::test]
async fn keys_that_are_missing_malformed_or_used() {
    let app = App::start().await;
    let game = Cup::of(&app).await.game().await;
    let faker = app.sign_up("faker").await;
    let key = ids::fresh();
    let bet: Bet = faker.try_bet(key, &game.winner, "T1", 500).await.ok();
    let unchanged = Unchanged::from_here(&app).await;

    let outcome_id = game.winner.outcome("T1").outcome_id;
    let body = json!({ "marketId": game.winner.market_id, "outcomeId": outcome_id, "stake": 500 });
    let request = || faker.http.request(Method::POST, "/api/betting/bets").json(&body);
    for malformed in [None, Some(""), Some("faker"), Some("00000000-0000-0000-0000-00000000000")] {
        let request = match malformed {
            Some(malformed) => request().header("Idempotency-Key", malformed),
            None => request(),
        };
        let problem = Reply::to(request).await.problem();
        assert_eq!((problem.status, problem.fields()), (400, vec!["Idempotency-Key"]), "{malformed:?}");
    }
    for (market, outcome, stake) in
        [(&game.winner, "T1", 501), (&game.winner, "GEN", 500), (&game.score, "2-0", 500)]
    {
        let reply = faker.try_bet(key, market, outcome, stake).await;
        assert_eq!(reply.refusal(), (409, "idempotency_key_reused".to_owned()));
    }
    let again = faker.try_bet(key, &game.winner, "T1", 500).await;
    assert_eq!(again.ok::<Bet>(), bet);
    assert_eq!(again.headers["idempotent-replayed"], "true");
    unchanged.so_far().await;
}

#[tokio::test]
async fn bets_on_markets_that_are_locked_settled_or_void() {
    let app = App::start().await;
    let mut cup = Cup::of(&app).await;
    let game = cup.game().await;
    let (faker, late) = (app.sign_up("faker").await, app.sign_up("late").await);
    let key = ids::fresh();
    let bet: Bet = faker.try_bet(key, &game.winner, "T1", 500).await.ok();
    cup.settle(&game.winner, "T1").await;
    cup.admin().lock(game.score.market_id).await.ok::<Value>();
    cup.admin().void(game.sets.market_id).await.ok::<Value>();
    cup.until(&game.sets, "void").await;
    late.me().await;
    let closed = [(&game.winner, "T1"), (&game.score, "2-0"), (&game.sets, "2")];
    for (market, outcome) in closed {
        is_plainly_closed(&late, market, outcome).await;
    }
    promises::all_hold(&app.db).await;

    let unchanged = Unchanged::from_here(&app).await;
    for (market, outcome) in closed {
        let reply = late.try_bet(ids::fresh(), market, outcome, 500).await;
        assert_eq!(reply.refusal(), (409, "market_locked".to_owned()));
    }
    let again: Bet = faker.try_bet(key, &game.winner, "T1", 500).await.ok();
    assert_eq!((again.bet_id, again.state.as_str()), (bet.bet_id, "won"), "the bet in its present state");
    unchanged.so_far().await;
}

/// Waits until the pre-check knows that the market is closed. Before, a refused stake is taken and given back.
async fn is_plainly_closed(bettor: &Bettor, market: &Market, outcome: &str) {
    eventually("the pre-check's notice", async || {
        let before = bettor.statement().await;
        let reply = bettor.try_bet(ids::fresh(), market, outcome, 500).await;
        assert_eq!(reply.refusal(), (409, "market_locked".to_owned()));
        (bettor.statement().await == before).then_some(())
    })
    .await;
}

#[tokio::test]
async fn bets_of_others_and_bets_that_are_not_there() {
    let app = App::start().await;
    let game = Cup::of(&app).await.game().await;
    let (faker, thief) = (app.sign_up("faker").await, app.sign_up("thief").await);
    let bet = faker.bet(&game.winner, "T1", 500).await;
    thief.me().await;
    let unchanged = Unchanged::from_here(&app).await;
    for bet_id in [bet.bet_id, ids::fresh()] {
        refused("reading", &thief.see(bet_id).await, 404, "bet_not_found", &[]);
        refused("cancelling", &thief.cancel(bet_id).await, 404, "bet_not_found", &[]);
    }
    let problem = thief.http.get("/api/betting/bets/faker").await.problem();
    assert_eq!((problem.status, problem.fields()), (400, vec!["betId"]));
    unchanged.so_far().await;
}

#[tokio::test]
async fn cancelling_after_the_window() {
    let app = App::start_with(|options| options.cancel_window = std::time::Duration::from_hours(2)).await;
    let mut cup = Cup::of(&app).await;
    let game = cup.game_at(Clock::system().now() + TimeDelta::hours(1)).await;
    let faker = app.sign_up("faker").await;
    let bet = faker.bet(&game.winner, "T1", 500).await;
    let unchanged = Unchanged::from_here(&app).await;
    refused("cancelling late", &faker.cancel(bet.bet_id).await, 409, "cancel_window_closed", &[]);
    unchanged.so_far().await;

    let tomorrow = cup.game().await;
    let bet = faker.bet(&tomorrow.winner, "T1", 500).await;
    assert_eq!(faker.cancel(bet.bet_id).await.ok::<Bet>().state, "cancelled");
    let again: Bet = faker.cancel(bet.bet_id).await.ok();
    assert_eq!((again.state.as_str(), again.returned), ("cancelled", 500));
    eventually("the refund", async || (faker.me().await.points == 1_000).then_some(())).await;
    promises::all_hold(&app.db).await;
}
