//! Looks at markets on their way through the gateway.

use std::{collections::HashSet, fmt::Display};

use futures::future::join_all;
use loljoa_proto::betting::v1::{Market, MarketState};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::harness::{
    Gateway, PATIENCE,
    betting::{LONG_MATCH, MARKET, MATCH, UNTOLD, UNTOLD_REVISION, market},
    key, problem,
};

/// The markets of a match, and whatever else is asked for after it.
async fn look(gateway: &Gateway, query: impl Display) -> Value {
    let response = gateway.get(&format!("/api/betting/markets?matchId={query}")).send().await.unwrap();
    let (status, page) = (response.status(), response.json().await.unwrap());
    assert_eq!(status, StatusCode::OK, "{page}");
    page
}

/// Looks until the match's first market is so.
async fn shows(gateway: &Gateway, match_id: &str, field: &str, value: Value) {
    let looks = async { while look(gateway, match_id).await["items"][0][field] != value {} };
    timeout(PATIENCE, looks).await.expect("it is seen");
}

#[tokio::test]
async fn who_looks_while_others_do_shares_the_next_read() {
    const LOOKS: usize = 50;
    let gateway = Gateway::start().await;
    let betting = &gateway.backend.betting;
    betting.hold_looks();
    let looks = (0..LOOKS).map(|_| look(&gateway, MATCH));
    let others = (0..LOOKS).map(|_| async { look(&gateway, key()).await["items"].clone() });
    let release = async {
        betting.looks(2).await;
        betting.release();
    };
    let (found, others, ()) = tokio::join!(join_all(looks), join_all(others), release);
    assert!(found.iter().all(|page| page["items"][0]["marketId"] == MARKET), "everybody is answered");
    assert!(
        others.iter().all(|items| *items == json!([])),
        "each with the markets of their own match: {others:?}"
    );
    let read = betting.looks(2).await;
    assert!(read.len() < LOOKS, "{} reads for {} looks", read.len(), 2 * LOOKS);
    let unique = |matches: &Vec<String>| matches.iter().collect::<HashSet<_>>().len() == matches.len();
    assert!(read.iter().all(unique), "a read is about each match once");
}

#[tokio::test]
async fn a_look_serves_for_a_moment_and_no_longer() {
    let gateway = Gateway::start().await;
    let betting = &gateway.backend.betting;
    for _ in 0..20 {
        look(&gateway, MATCH).await;
    }
    let at_first = betting.looks(1).await.len();
    assert!(at_first < 20, "each of 20 looks was a read");
    let again = async {
        while betting.looks(1).await.len() == at_first {
            look(&gateway, MATCH).await;
        }
    };
    timeout(PATIENCE, again).await.expect("betting is asked again");
}

#[tokio::test]
async fn who_has_bet_sees_the_market_with_the_bet() {
    let gateway = Gateway::start().await;
    look(&gateway, MATCH).await;
    let bet = gateway.bet(&gateway.signer.token("user"), UNTOLD).send().await.unwrap();
    assert_eq!(bet.status(), StatusCode::CREATED);
    let page = look(&gateway, format!("{MATCH}&matchId={MATCH}")).await;
    assert_eq!(page["items"].as_array().unwrap().len(), 1, "a match that is named twice counts once");
    assert_eq!(page["items"][0]["revision"], UNTOLD_REVISION);
}

#[tokio::test]
async fn what_a_watch_tells_is_seen_whatever_was_read() {
    let gateway = Gateway::start().await;
    // Reads go on telling of revision 1.
    gateway.backend.betting.change(Market { match_id: LONG_MATCH.into(), ..market(2, 2_000) });
    shows(&gateway, LONG_MATCH, "revision", json!(2)).await;
}

#[tokio::test]
async fn a_market_that_is_over_is_seen_as_such() {
    let gateway = Gateway::start().await;
    let over = Market { state: MarketState::Void.into(), ..market(3, 1_000) };
    gateway.backend.betting.change(over);
    let one = gateway.get(&format!("/api/betting/markets/{MARKET}")).send().await.unwrap();
    assert_eq!(one.json::<Value>().await.unwrap()["state"], "void");
    shows(&gateway, MATCH, "state", json!("void")).await;
}

#[tokio::test]
async fn what_does_not_fit_one_page_comes_in_pages() {
    let gateway = Gateway::start().await;
    let page = look(&gateway, format!("{LONG_MATCH}&limit=1")).await;
    let found = page["items"].as_array().unwrap().len();
    assert_eq!((found, &page["nextCursor"]), (1, &json!("further")));
    let whole = look(&gateway, format!("{LONG_MATCH}&limit=2")).await;
    let found = whole["items"].as_array().unwrap().len();
    assert_eq!((found, &whole["nextCursor"]), (2, &Value::Null));
}

#[tokio::test]
async fn while_betting_is_away_a_look_says_so() {
    let gateway = Gateway::start().await;
    gateway.backend.betting.leave();
    let looked = gateway.get(&format!("/api/betting/markets?matchId={}", key()));
    assert_eq!(problem(looked).await, "503 unavailable");
}
