//! Requests that could mean two things, and what is believed of a head.

use loljoa_service_kit::{config::Telemetry, telemetry};
use reqwest::header;

use crate::harness::{Gateway, key, problem, raw::Raw};

const ME: &str = "/api/account/me";

async fn answer(gateway: &Gateway, said: &str) -> String {
    let read = Raw::saying(gateway, said.as_bytes()).await.answer().await;
    let (head, body) = read.split_once("\r\n\r\n").unwrap();
    let body: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let status = head.split(' ').nth(1).unwrap();
    format!("{status} {}", body["code"].as_str().unwrap_or("fine"))
}

#[tokio::test]
async fn a_request_names_one_host_and_one_who_asks() {
    let gateway = Gateway::start().await;
    let path = "/api/betting/markets";
    let answers = [
        answer(&gateway, &format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).await,
        answer(&gateway, &format!("GET {path} HTTP/1.1\r\n\r\n")).await,
        answer(&gateway, &format!("GET {path} HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n")).await,
        answer(&gateway, &format!("GET {path} HTTP/1.1\r\nHost: a/b\r\n\r\n")).await,
        answer(&gateway, &format!("GET {path} HTTP/1.0\r\n\r\n")).await,
    ];
    insta::assert_snapshot!(answers.join("\n"), @r"
    200 fine
    400 host_missing
    400 header_repeated
    400 host_invalid
    200 fine
    ");
    let token = gateway.signer.token("user");
    let twice = gateway.get(ME).bearer_auth(&token).header(header::AUTHORIZATION, format!("Bearer {token}"));
    assert_eq!(problem(twice).await, "400 header_repeated | Authorization: must be sent once");
}

#[tokio::test]
async fn a_packed_body_is_not_unpacked() {
    let gateway = Gateway::start().await;
    let bet = |encoding: &str| {
        gateway.bet(&gateway.signer.token("user"), 100).header(header::CONTENT_ENCODING, encoding)
    };
    for encoding in ["gzip", "br", "x"] {
        assert_eq!(problem(bet(encoding)).await, "415 encoding_unsupported", "{encoding}");
    }
    assert!(bet("identity").send().await.unwrap().status().is_success());
}

#[tokio::test]
async fn an_empty_parameter_is_not_taken_for_none() {
    let gateway = Gateway::start().await;
    let answers = [
        problem(gateway.get("/api/betting/markets?limit=")).await,
        problem(gateway.get("/api/betting/markets?cursor")).await,
        problem(gateway.get("/api/league/matches?week=3&team=")).await,
        problem(gateway.get("/api/account/leaderboard?tier=")).await,
        problem(gateway.get("/api/betting/stream?matchId=")).await,
    ];
    insta::assert_snapshot!(answers.join("\n"), @r"
    400 parameter_empty | limit: must not be empty: leave it out
    400 parameter_empty | cursor: must not be empty: leave it out
    400 parameter_empty | team: must not be empty: leave it out
    400 parameter_empty | tier: must not be empty: leave it out
    400 parameter_empty | matchId: must not be empty: leave it out
    ");
}

#[tokio::test]
async fn a_stranger_does_not_choose_which_traces_are_kept() {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    let log = "off,loljoa_gateway::http::observe=info".to_owned();
    let config = Telemetry { log, sample_ratio: 0.0, ..Telemetry::default() };
    std::mem::forget(telemetry::init("gateway", &config).unwrap());
    for trusted in [false, true] {
        let gateway = Gateway::start_with(|config| config.http.trust_traceparent = trusted).await;
        let bet = gateway.bet(&gateway.signer.token("user"), 100);
        let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
        let b3 = format!("{TRACE}-00f067aa0ba902b7-1");
        let sent = bet.header("traceparent", parent).header("b3", b3).header("x-request-id", key()).send();
        assert!(sent.await.unwrap().status().is_success());
        let traceparent = gateway.backend.betting.calls(1).await[0][0].traceparent.clone();
        assert_eq!(traceparent.contains(TRACE), trusted, "{traceparent}");
        assert_eq!(
            traceparent.ends_with("-01"),
            trusted,
            "sampled because the caller says so: {traceparent}"
        );
    }
}
