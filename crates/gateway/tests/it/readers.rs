//! Many who watch, and those among them who do not read.

use std::time::Duration;

use loljoa_proto::betting::v1::BetState;
use loljoa_service_kit::AccountId;
use reqwest::StatusCode;
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpStream,
    time,
};

use crate::harness::{
    Gateway, PATIENCE,
    betting::{MATCH, bet, market},
    events::Events,
    frames::{get, opening},
    key, problem,
    raw::Raw,
    tokens::{claims, with},
};

const STREAM: &str = "/api/betting/stream";
/// How many streams are opened at once; 5,000 in the command of CONTRIBUTING.md.
const NUMBER: &str = "LOLJOA_TEST_STREAMS";

#[tokio::test]
async fn bets_go_on_while_a_hundred_readers_do_not_read() {
    const READERS: u32 = 100;
    let gateway = Gateway::start_with(|config| config.streams.max_per_address = 1_000).await;
    // Room for a greeting, so that the watch begins, and for nothing that follows.
    let mut asks = opening(100);
    let accounts: Vec<String> = (0..READERS).map(|_| AccountId::fresh().to_string()).collect();
    for (number, account) in (0..).zip(&accounts) {
        let token = gateway.signer.sign(&with(claims("user"), "sub", json!(account)));
        asks.extend(get(2 * number + 1, STREAM, &[("authorization", &format!("Bearer {token}"))]));
    }
    let _unread = Raw::saying(&gateway, &asks).await;
    gateway.backend.betting.watched_by(READERS as usize).await;
    for round in 0..9 {
        for account in &accounts {
            let mut told = bet(account, BetState::Accepted, 100);
            if round >= 6 {
                // More than a connection has room for, and little for each reader.
                told.outcome_id = "x".repeat(60_000);
            }
            gateway.backend.betting.tell(told).await;
        }
    }
    let token = gateway.signer.token("user");
    for _ in 0..20 {
        assert_eq!(gateway.bet(&token, 100).send().await.unwrap().status(), StatusCode::CREATED);
    }
}

#[tokio::test]
async fn who_does_not_read_makes_room_for_who_does() {
    let gateway = Gateway::start_with(|config| {
        (config.streams.max, config.streams.kept_for_users) = (5, 0);
        (config.streams.slow_reader_ms, config.streams.keep_alive_ms) = (200, 50);
        // The connection itself is kept.
        config.http.write_timeout_ms = 3_600_000;
    })
    .await;
    let path = format!("{STREAM}?matchId={MATCH}");
    let asks: Vec<u8> = (0..5).flat_map(|number| get(2 * number + 1, &path, &[])).collect();
    let mut unread = Raw::saying(&gateway, &[opening(0), asks].concat()).await;
    assert!(unread.answered_on(9).await, "all five are open");
    let open = async {
        while gateway.get(&path).send().await.unwrap().status() != StatusCode::OK {
            time::sleep(Duration::from_millis(20)).await;
        }
    };
    time::timeout(PATIENCE, open).await.expect("the place of a slow reader is free again");
}

#[tokio::test]
async fn strangers_are_sent_elsewhere_after_a_while_and_leave_room_for_users() {
    let gateway = Gateway::start_with(|config| {
        (config.streams.max, config.streams.kept_for_users) = (2, 1);
        config.streams.max_age_ms = 2_000;
    })
    .await;
    let watch = || gateway.get(&format!("{STREAM}?matchId={MATCH}"));
    let mut stranger = Events::open(watch()).await;
    assert_eq!(problem(watch()).await, "429 too_many_streams");
    let mut user = Events::open(watch().bearer_auth(gateway.signer.token("user"))).await;
    let ended = async { while stranger.next().await.is_some() {} };
    time::timeout(PATIENCE, ended).await.expect("a stranger's stream has an end");
    gateway.backend.betting.change(market(2, 1_500));
    while user.find("market").await["revision"] != 2 {}
    Events::open(watch()).await.find("market").await;
}

#[tokio::test]
async fn many_streams_are_told_of_a_change_at_once() {
    let number = std::env::var(NUMBER).map_or(300, |number| number.parse::<u64>().unwrap());
    let gateway = Gateway::start_with(|config| {
        config.http.max_connections_per_address = 0;
        (config.streams.max_per_address, config.streams.kept_for_users) = (10_000, 0);
        config.limits.max_in_flight_per_address = 0;
    })
    .await;
    let ask = format!("GET {STREAM}?matchId={MATCH}&matchId={} HTTP/1.1\r\nHost: gateway\r\n\r\n", key());
    let mut streams = Vec::new();
    for _ in 0..number {
        let Raw(socket) = Raw::saying(&gateway, ask.as_bytes()).await;
        streams.push(BufReader::new(socket));
    }
    // The longer the more there are, on a machine that does the clients' part as well.
    let patience = PATIENCE + Duration::from_millis(20 * number);
    let told = async |streams: &mut [BufReader<TcpStream>], text: &str| {
        for stream in streams {
            while !next_line(stream).await.contains(text) {}
        }
    };
    time::timeout(patience, told(&mut streams, "\"revision\":1")).await.expect("all are told what is");
    gateway.backend.betting.change(market(2, 1_500));
    time::timeout(patience, told(&mut streams, "\"revision\":2")).await.expect("all are told what changes");
    assert_eq!(gateway.bet(&gateway.signer.token("user"), 100).send().await.unwrap().status(), 201);
}

async fn next_line(stream: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    assert_ne!(stream.read_line(&mut line).await.unwrap(), 0, "the stream goes on");
    line
}
