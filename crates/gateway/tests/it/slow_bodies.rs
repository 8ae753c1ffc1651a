//! Bodies that come slowly, and requests that are too many.

use std::time::Duration;

use loljoa_gateway::Config;
use reqwest::StatusCode;
use tokio::{io::AsyncWriteExt, time};

use crate::harness::{Gateway, problem, raw::Raw};

const PUBLIC: &str = "/api/betting/markets";
const BODY: &str = r#"{"username":"faker","password":"correct horse"}"#;

fn log_in(length: usize) -> Vec<u8> {
    format!(
        "POST /api/account/login HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n"
    )
    .into_bytes()
}

async fn told_to_hurry(mut socket: Raw) {
    let answer = socket.answer().await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("body_too_slow"), "{answer}");
    socket.until_closed().await;
}

#[tokio::test]
async fn a_body_that_does_not_come_frees_its_place() {
    let gateway = Gateway::start_with(|config| {
        config.http.body_timeout_ms = 400;
        config.limits.max_in_flight = 20;
    })
    .await;
    let mut slow = Vec::new();
    for _ in 0..20 {
        slow.push(Raw::saying(&gateway, &[&log_in(BODY.len()), &BODY.as_bytes()[..10]].concat()).await);
    }
    for socket in slow {
        told_to_hurry(socket).await;
    }
    assert_eq!(gateway.get(PUBLIC).send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_body_that_drips_is_not_waited_for() {
    let gateway = Gateway::start_with(|config: &mut Config| {
        (config.http.body_timeout_ms, config.http.min_body_rate) = (3_600_000, 1_000);
    })
    .await;
    let Raw(socket) = Raw::saying(&gateway, &log_in(60_000)).await;
    let (read, mut write) = socket.into_split();
    let dripping = tokio::spawn(async move {
        while write.write_all(b" ").await.is_ok() {
            time::sleep(Duration::from_millis(20)).await;
        }
        write
    });
    read.readable().await.unwrap();
    dripping.abort();
    let write = dripping.await;
    drop(write);
    let mut head = [0; 12];
    assert_eq!(read.try_read(&mut head).unwrap(), 12);
    assert_eq!(&head, b"HTTP/1.1 408");
}

#[tokio::test]
async fn the_time_for_an_answer_begins_when_the_body_is_whole() {
    let gateway = Gateway::start_with(|config| config.http.timeout_ms = 500).await;
    let mut client = Raw::saying(&gateway, &log_in(BODY.len())).await;
    for piece in BODY.as_bytes().chunks(12) {
        time::sleep(Duration::from_millis(250)).await;
        client.0.write_all(piece).await.unwrap();
    }
    assert!(client.answer().await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn one_address_has_so_many_requests_under_way() {
    let gateway = Gateway::start_with(|config| {
        config.limits.max_in_flight_per_address = 1;
        config.http.trusted_proxies = 1;
    })
    .await;
    let (one, other) = ("1.1.1.1", "2.2.2.2");
    gateway.backend.betting.hold();
    let bet = gateway.bet(&gateway.signer.token("user"), 100).header("x-forwarded-for", one);
    let held = tokio::spawn(bet.send());
    gateway.backend.betting.calls(1).await;
    let from = |client: &str| gateway.get(PUBLIC).header("x-forwarded-for", client);
    assert_eq!(problem(from(one)).await, "429 too_many_requests_at_once");
    assert_eq!(from(other).send().await.unwrap().status(), StatusCode::OK);
    gateway.backend.betting.release();
    assert_eq!(held.await.unwrap().unwrap().status(), StatusCode::CREATED);
    assert_eq!(from(one).send().await.unwrap().status(), StatusCode::OK);
}
