//! The edge is the gateway's, whose stories say more of it: here, that it is in force, and counts as this service's.

use std::time::Duration;

use reqwest::StatusCode;
use tokio::time;

use crate::harness::{PATIENCE, Web, saying, until_closed};

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: web\r\n\r\n";

#[tokio::test]
async fn who_asks_nothing_is_closed_and_holds_nobody_up() {
    let web = Web::start_with(|config, _| {
        (config.http.header_timeout_ms, config.http.max_connections) = (400, 20);
    })
    .await;
    let silent = r#"loljoa_connections_dropped_total{loljoa_service="web",reason="silent"}"#;
    let before = web.metric(silent).await;
    let mut sockets = Vec::new();
    for _ in 0..10 {
        for said in [b"".as_slice(), b"GET / HTTP/1.1\r\nHost: "] {
            sockets.push(saying(&web, said).await);
        }
    }
    // All places are taken.
    assert_eq!(web.get("/").await.status(), StatusCode::OK);
    for socket in sockets {
        until_closed(socket).await;
    }
    let all = async { while web.metric(silent).await < before + 20 {} };
    time::timeout(PATIENCE, all).await.expect("each of them is counted");
}

#[tokio::test]
async fn one_address_has_so_many_connections_unless_it_is_a_proxy() {
    for trusted_proxies in [0, 1] {
        let web = Web::start_with(|config, _| {
            (config.http.max_connections_per_address, config.http.trusted_proxies) = (2, trusted_proxies);
        })
        .await;
        let mut open = Vec::new();
        for _ in 0..2 {
            let socket = saying(&web, GET).await;
            socket.readable().await.unwrap();
            open.push(socket);
        }
        let third = saying(&web, &[&GET[..GET.len() - 2], b"Connection: close\r\n\r\n"].concat()).await;
        let answer = String::from_utf8_lossy(&until_closed(third).await).into_owned();
        assert_eq!(answer.starts_with("HTTP/1.1 200"), trusted_proxies == 1, "{answer}");
    }
}

#[tokio::test]
async fn who_does_not_read_an_answer_is_cut_off() {
    let web = Web::start_with(|config, root| {
        config.http.write_timeout_ms = 400;
        std::fs::write(root.join("large.bin"), vec![0; 16 * 1024 * 1024]).unwrap();
    })
    .await;
    let socket = saying(&web, b"GET /large.bin HTTP/1.1\r\nHost: web\r\n\r\n").await;
    let cut_off = async {
        // It can be written to until the other side has hung up.
        while !matches!(socket.try_write(b"x"), Err(error) if error.kind() != std::io::ErrorKind::WouldBlock)
        {
            time::sleep(Duration::from_millis(5)).await;
        }
    };
    time::timeout(PATIENCE, cut_off).await.expect("it is cut off in time");
}
