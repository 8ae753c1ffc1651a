//! Connections that are not worth their place.

use std::fs;

use loljoa_gateway::Config;
use reqwest::StatusCode;

use crate::harness::{
    Gateway, PATIENCE,
    betting::MATCH,
    frames::{PREFACE, get, opening, reset, window_update},
    raw::Raw,
};

const PUBLIC: &str = "/api/betting/markets";
const GET: &[u8] = b"GET /api/betting/markets HTTP/1.1\r\nHost: gateway\r\n\r\n";
/// Soon for a test, and long enough for a machine that is busy.
const SOON: u64 = 400;

/// How many connections were dropped for this reason: of all stories of this process, so that a story knows the least of it.
async fn dropped(gateway: &Gateway, reason: &str) -> u64 {
    let metrics = gateway.get_admin("/metrics").send().await.unwrap().text().await.unwrap();
    let name = format!("loljoa_connections_dropped_total{{loljoa_service=\"gateway\",reason=\"{reason}\"}} ");
    metrics.lines().find_map(|line| line.strip_prefix(&name)).map_or(0, |count| count.parse().unwrap())
}

async fn serves(gateway: &Gateway) {
    assert_eq!(gateway.get(PUBLIC).send().await.unwrap().status(), StatusCode::OK);
}

async fn all_saying(gateway: &Gateway, number: usize, said: &[u8]) -> Vec<Raw> {
    let mut all = Vec::new();
    for _ in 0..number {
        all.push(Raw::saying(gateway, said).await);
    }
    all
}

#[tokio::test]
async fn who_asks_nothing_is_closed_and_holds_nobody_up() {
    let gateway = Gateway::start_with(|config| {
        config.http.header_timeout_ms = SOON;
        config.http.max_connections = 400;
    })
    .await;
    let mut silent = Vec::new();
    for (number, said) in [
        (150, b"".as_slice()),
        (150, b"PRI * H"),
        (50, PREFACE),
        (25, &opening(65_535)),
        (25, b"GET / HTTP/1.1\r\nHost: "),
    ] {
        silent.extend(all_saying(&gateway, number, said).await);
    }
    // All places are taken.
    serves(&gateway).await;
    for socket in silent {
        socket.until_closed().await;
    }
}

#[tokio::test]
async fn who_asks_nothing_more_is_closed() {
    const EACH: usize = 40;
    let gateway = Gateway::start_with(|config| config.http.idle_timeout_ms = SOON).await;
    let before = dropped(&gateway, "idle").await;
    let mut plain = all_saying(&gateway, EACH, GET).await;
    // A next head that is begun and never whole is nothing asked.
    plain.extend(all_saying(&gateway, EACH, &[GET, b"GET / HTTP/1.1\r\nX-Slow: "].concat()).await);
    for socket in &mut plain {
        assert!(socket.answer().await.starts_with("HTTP/1.1 200"));
    }
    let asked = [opening(65_535), get(1, PUBLIC, &[])].concat();
    let mut framed = all_saying(&gateway, EACH, &asked).await;
    for socket in &mut framed {
        assert!(socket.answered_on(1).await);
    }
    for socket in plain.into_iter().chain(framed) {
        socket.until_closed().await;
    }
    let all = async { while dropped(&gateway, "idle").await < before + 3 * EACH as u64 {} };
    tokio::time::timeout(PATIENCE, all).await.expect("each of them is counted");
}

#[tokio::test]
async fn one_address_has_so_many_connections_unless_it_is_a_proxy() {
    let limited = |config: &mut Config| config.http.max_connections_per_address = 3;
    let gateway = Gateway::start_with(limited).await;
    let mut open = all_saying(&gateway, 3, GET).await;
    for socket in &mut open {
        assert!(socket.answer().await.starts_with("HTTP/1.1 200"));
    }
    assert!(Raw::saying(&gateway, b"").await.until_closed().await.is_empty());
    drop(open.pop());
    crate::harness::system::eventually(async || gateway.get(PUBLIC).send().await.ok()).await;

    let gateway = Gateway::start_with(|config| {
        limited(config);
        config.http.trusted_proxies = 1;
    })
    .await;
    for mut socket in all_saying(&gateway, 10, GET).await {
        assert!(socket.answer().await.starts_with("HTTP/1.1 200"));
    }
}

#[tokio::test]
async fn who_does_not_read_an_answer_is_cut_off() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("index.html"), "<!doctype html>").unwrap();
    fs::write(root.path().join("large.bin"), vec![0; 16 * 1024 * 1024]).unwrap();
    let web_root = Some(root.path().to_owned());
    let gateway = Gateway::start_with(|config| {
        config.http.write_timeout_ms = SOON;
        config.web_root = web_root;
    })
    .await;
    let before = dropped(&gateway, "unread").await;
    let mut unread = Vec::new();
    for _ in 0..30 {
        let ask = b"GET /large.bin HTTP/1.1\r\nHost: gateway\r\n\r\n";
        unread.push(Raw::narrow(&gateway, ask).await);
    }
    let asks: Vec<u8> = (0..20).flat_map(|number| get(2 * number + 1, "/large.bin", &[])).collect();
    let no_room = Raw::saying(&gateway, &[opening(0), asks].concat()).await;
    serves(&gateway).await;
    for socket in unread {
        socket.cut_off().await;
    }
    no_room.until_closed().await;
    let all = async { while dropped(&gateway, "unread").await < before + 31 {} };
    tokio::time::timeout(PATIENCE, all).await.expect("each of them is counted");
}

#[tokio::test]
async fn a_stream_that_is_read_keeps_no_answers_that_are_not() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("index.html"), "<!doctype html>").unwrap();
    let web_root = Some(root.path().to_owned());
    let gateway = Gateway::start_with(|config| {
        config.http.write_timeout_ms = SOON / 2;
        (config.streams.keep_alive_ms, config.streams.max_age_ms) = (50, 3_600_000);
        config.web_root = web_root;
    })
    .await;
    let watch = get(1, &format!("/api/betting/stream?matchId={MATCH}"), &[]);
    let asks: Vec<u8> = (1..100).flat_map(|number| get(2 * number + 1, "/", &[])).collect();
    let said = [opening(0), watch, window_update(1, 1_000_000), asks].concat();
    // All is read that comes, and there is only no room for the answers.
    Raw::saying(&gateway, &said).await.until_closed().await;
}

#[tokio::test]
async fn who_reads_slowly_gets_the_whole_answer() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("index.html"), "<!doctype html>").unwrap();
    fs::write(root.path().join("large.bin"), vec![7; 4 * 1024 * 1024]).unwrap();
    let web_root = Some(root.path().to_owned());
    let gateway = Gateway::start_with(|config| {
        (config.http.write_timeout_ms, config.http.idle_timeout_ms) = (2_000, 2_000);
        config.web_root = web_root;
    })
    .await;
    let ask = b"GET /large.bin HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n";
    let read = Raw::narrow(&gateway, ask).await.until_closed().await;
    let (_, body) = read.split_at(read.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4);
    assert_eq!(body.len(), 4 * 1024 * 1024);
}

#[tokio::test]
async fn a_proxy_that_gives_up_many_requests_at_once_keeps_its_connection() {
    let gateway = Gateway::start().await;
    let given_up: Vec<u8> = (0..200)
        .flat_map(|number| [get(2 * number + 1, PUBLIC, &[]), reset(2 * number + 1)].concat())
        .collect();
    let mut proxy = Raw::saying(&gateway, &[opening(65_535), given_up, get(401, PUBLIC, &[])].concat()).await;
    assert!(proxy.answered_on(401).await);
}
