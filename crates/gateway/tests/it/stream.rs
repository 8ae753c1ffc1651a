//! The event stream.

use loljoa_proto::betting::v1::BetState;
use loljoa_service_kit::{AccountId, Clock};
use reqwest::RequestBuilder;
use serde_json::json;

use crate::harness::{
    Gateway, PATIENCE,
    betting::{MATCH, bet, market},
    events::Events,
    key, problem,
    tokens::{claims, with},
};

const STREAM: &str = "/api/betting/stream";

fn of_match(gateway: &Gateway) -> RequestBuilder {
    gateway.get(&format!("{STREAM}?matchId={MATCH}&matchId={}", key()))
}

/// How many changes streams have told: of all stories of this process.
async fn changes_told(gateway: &Gateway) -> u64 {
    let metrics = gateway.get_admin("/metrics").send().await.unwrap().text().await.unwrap();
    let name = r#"loljoa_stream_age_seconds_count{loljoa_service="gateway"} "#;
    metrics.lines().find_map(|line| line.strip_prefix(name)).map_or(0, |count| count.parse().unwrap())
}

#[tokio::test]
async fn a_stream_begins_with_the_present_state_and_goes_on_with_changes() {
    let gateway = Gateway::start().await;
    let mut events = Events::open(of_match(&gateway)).await;
    let (name, hello) = events.next().await.unwrap();
    assert!(name == "hello" && hello["serverTime"].as_str().unwrap().ends_with('Z'), "{name} {hello}");
    let (name, present) = events.next().await.unwrap();
    assert_eq!((name.as_str(), &present["revision"], &present["pool"]), ("market", &json!(1), &json!(1_000)));
    let told = changes_told(&gateway).await;
    gateway.backend.betting.change(market(2, 1_500));
    let changed = events.find("market").await;
    assert!(changes_told(&gateway).await > told, "how old it was is measured");
    assert_eq!((&changed["revision"], &changed["outcomes"][0]["pool"]), (&json!(2), &json!(1_500)));
    gateway.backend.betting.change(market(1, 1));
    gateway.backend.betting.change(market(3, 1_600));
    assert_eq!(events.find("market").await["revision"], 3, "what is older than what was told is not told");
}

#[tokio::test]
async fn with_a_token_one_learns_of_ones_own_bets_and_of_nobody_elses() {
    let gateway = Gateway::start().await;
    let me = AccountId::fresh().to_string();
    let token = gateway.signer.sign(&with(claims("user"), "sub", json!(me)));
    let mut events = Events::open(gateway.get(STREAM).bearer_auth(token)).await;
    let betting = &gateway.backend.betting;
    betting.tell(bet(&AccountId::fresh().to_string(), BetState::Accepted, 999)).await;
    let states = [
        (BetState::Accepted, "accepted"),
        (BetState::Cancelled, "cancelled"),
        (BetState::Refunded, "refunded"),
        (BetState::Won, "settled"),
        (BetState::Lost, "settled"),
        (BetState::Void, "voided"),
    ];
    assert_eq!(events.next().await.unwrap().0, "hello");
    for (state, name) in states {
        betting.tell(bet(&me, state, 100)).await;
        let (event, told) = events.next().await.unwrap();
        assert_eq!((event.as_str(), &told["stake"]), (name, &json!(100)));
    }
}

#[tokio::test]
async fn a_stream_survives_bettings_absence_and_catches_up() {
    let gateway = Gateway::start().await;
    let (betting, token) = (&gateway.backend.betting, gateway.signer.token("user"));
    let mut events = Events::open(of_match(&gateway).bearer_auth(token)).await;
    assert_eq!(events.find("market").await["revision"], 1);
    betting.tell(bet("nobody", BetState::Accepted, 100)).await;
    betting.leave();
    events.find(": reconnecting").await;
    betting.change(market(2, 2_000));
    betting.come_back();
    let (mut caught_up, mut told_to_resync) = (false, false);
    while !(caught_up && told_to_resync) {
        let (event, data) = tokio::time::timeout(PATIENCE, events.next()).await.unwrap().unwrap();
        caught_up |= event == "market" && data["revision"] == 2;
        told_to_resync |= event == "resync";
    }
}

#[tokio::test]
async fn a_stream_that_begins_while_betting_is_away_waits_for_it() {
    let gateway = Gateway::start().await;
    gateway.backend.betting.leave();
    let mut events = Events::open(of_match(&gateway)).await;
    events.find(": reconnecting").await;
    gateway.backend.betting.come_back();
    assert_eq!(events.find("market").await["revision"], 1);
}

#[tokio::test]
async fn a_stream_ends_with_its_token() {
    let gateway = Gateway::start().await;
    let soon = Clock::system().now().timestamp() + 2;
    let token = gateway.signer.sign(&with(claims("user"), "exp", json!(soon)));
    let mut events = Events::open(gateway.get(STREAM).bearer_auth(token)).await;
    assert_eq!(events.next().await.unwrap().0, "hello");
    assert_eq!(tokio::time::timeout(PATIENCE, events.next()).await.unwrap(), None);
}

#[tokio::test]
async fn a_stream_ends_when_the_gateway_stops() {
    let mut gateway = Gateway::start().await;
    let mut events = Events::open(of_match(&gateway)).await;
    assert_eq!(events.find("market").await["revision"], 1);
    gateway.shutdown.cancel();
    assert_eq!(tokio::time::timeout(PATIENCE, events.next()).await.unwrap(), None);
    (&mut gateway.served).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stream_needs_something_to_tell_and_room_to_tell_it() {
    let gateway = Gateway::start_with(|config| config.streams.max_per_address = 1).await;
    let many = (0..101).map(|_| format!("matchId={}", key())).collect::<Vec<_>>().join("&");
    assert_eq!(
        problem(gateway.get(STREAM)).await,
        "400 match_missing | matchId: must be given, or a token sent"
    );
    let refused = problem(gateway.get(&format!("{STREAM}?{many}"))).await;
    assert_eq!(refused, "400 too_many_matches | matchId: must be at most 100");
    assert_eq!(problem(of_match(&gateway).bearer_auth("x.y.z")).await, "401 token_invalid");
    let _open = Events::open(of_match(&gateway)).await;
    assert_eq!(problem(of_match(&gateway)).await, "429 too_many_streams");
}
