//! Bets on their way through the gateway.

use std::time::Duration;

use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{
    Gateway,
    betting::{MARKET, MATCH, OUTCOME, SEEN_BEFORE},
    header, problem,
};

#[tokio::test]
async fn a_placed_bet_comes_back_with_its_odds_and_its_market() {
    let gateway = Gateway::start().await;
    let response = gateway.bet(&gateway.signer.token("user"), 500).send().await.unwrap();
    assert_eq!((response.status(), header(&response, "idempotent-replayed")), (StatusCode::CREATED, ""));
    let bet: Value = response.json().await.unwrap();
    assert_eq!((&bet["state"], &bet["stake"], &bet["odds"]), (&json!("accepted"), &json!(500), &json!(1.0)));
    assert_eq!((&bet["potentialPayout"], &bet["outcomeId"]), (&json!(500), &json!(OUTCOME)));
    let market = &bet["market"];
    assert_eq!((&market["marketId"], &market["matchId"]), (&json!(MARKET), &json!(MATCH)));
    assert_eq!(market["outcomes"][0]["topBettor"]["username"], "faker");
    assert_eq!(
        (&market["outcomes"][1]["odds"], &market["outcomes"][1]["topBettor"]),
        (&Value::Null, &Value::Null)
    );
    let place = &gateway.backend.betting.calls(1).await[0][0];
    assert_eq!((place.stake, place.market_id.as_str(), place.outcome_id.as_str()), (500, MARKET, OUTCOME));
}

#[tokio::test]
async fn a_bet_that_was_there_before_says_so() {
    let gateway = Gateway::start().await;
    let response = gateway.bet(&gateway.signer.token("user"), SEEN_BEFORE).send().await.unwrap();
    assert_eq!((response.status(), header(&response, "idempotent-replayed")), (StatusCode::CREATED, "true"));
}

#[tokio::test]
async fn bets_that_wait_share_the_next_call_and_a_full_queue_refuses_at_once() {
    const QUEUE: usize = 20;
    let gateway = Gateway::start_with(|config| {
        config.bets.queue = QUEUE;
        config.bets.workers = 1;
    })
    .await;
    let (betting, token) = (&gateway.backend.betting, gateway.signer.token("user"));
    betting.hold();
    let first = tokio::spawn(gateway.bet(&token, 100).send());
    betting.calls(1).await;

    // While the first call is under way one more than fits arrives; the one that does not fit is answered, and that
    // tells that all the others wait.
    let (answered, mut answers) = tokio::sync::mpsc::unbounded_channel();
    for number in 0..=QUEUE {
        let (request, answered) =
            (gateway.bet(&token, if number == 7 { 1 } else { 100 }).send(), answered.clone());
        tokio::spawn(async move { answered.send(request.await.unwrap().status()).unwrap() });
    }
    assert_eq!(answers.recv().await, Some(StatusCode::TOO_MANY_REQUESTS));
    betting.release();

    assert_eq!(first.await.unwrap().unwrap().status(), StatusCode::CREATED);
    let calls = betting.calls(2).await;
    assert_eq!((calls[0].len(), calls[1].len()), (1, QUEUE), "all that waited went in one call");
    let small = calls[1].iter().filter(|bet| bet.stake == 1).count();
    let mut statuses = Vec::new();
    for _ in 0..QUEUE {
        statuses.push(answers.recv().await.unwrap());
    }
    let refused = statuses.iter().filter(|status| **status == StatusCode::BAD_REQUEST).count();
    assert_eq!(refused, small, "a refused bet does not fail its neighbours");
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::CREATED).count(), QUEUE - small);
}

#[tokio::test]
async fn a_bet_is_sent_again_when_betting_was_not_reached() {
    let gateway = Gateway::start().await;
    let betting = &gateway.backend.betting;
    betting.leave();
    let bet = tokio::spawn(gateway.bet(&gateway.signer.token("user"), 100).send());
    betting.calls(1).await;
    betting.come_back();
    assert_eq!(bet.await.unwrap().unwrap().status(), StatusCode::CREATED);
    let keys: Vec<_> = betting.calls(2).await.iter().map(|bets| bets[0].idempotency_key.clone()).collect();
    assert_eq!(keys[0], keys[1], "the same bet");
}

#[tokio::test]
async fn while_betting_is_away_bets_are_refused_and_the_rest_goes_on() {
    let gateway = Gateway::start().await;
    let token = gateway.signer.token("user");
    gateway.backend.betting.leave();
    let bets = (0..5).map(|_| problem(gateway.bet(&token, 100)));
    assert!(join_all(bets).await.iter().all(|answer| answer == "503 unavailable"));
    assert_eq!(
        gateway.get("/api/account/me").bearer_auth(&token).send().await.unwrap().status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_call_ends_with_the_patience_of_those_who_wait_for_it() {
    let gateway = Gateway::start_with(|config| {
        config.http.timeout_ms = 200;
        config.bets.workers = 1;
        config.upstreams.betting.timeout_ms = 120_000;
    })
    .await;
    let (betting, token) = (&gateway.backend.betting, gateway.signer.token("user"));
    betting.hold();
    let second = async {
        assert_eq!(problem(gateway.bet(&token, 100)).await, "503 unavailable", "the first is held");
        while betting.calls(1).await.len() < 2 {
            assert_eq!(problem(gateway.bet(&token, 200)).await, "503 unavailable");
        }
    };
    let sent = tokio::time::timeout(Duration::from_secs(30), second).await;
    sent.expect("the only worker does not wait longer than anybody else does");
    betting.release();
}
