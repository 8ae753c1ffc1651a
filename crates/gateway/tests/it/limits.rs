//! What happens when there is too much.

use loljoa_gateway::config::{Rate, SlowRate};
use reqwest::StatusCode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::harness::{Gateway, PATIENCE, problem};

const PUBLIC: &str = "/api/betting/markets";

#[tokio::test]
async fn an_address_that_asks_too_often_is_told_to_wait() {
    let rate = Rate { per_second: 1, burst: 3 };
    let gateway = Gateway::start_with(|config| {
        config.limits.per_address = rate;
        config.http.trusted_proxies = 1;
    })
    .await;
    let from = |client: &str| gateway.get(PUBLIC).header("x-forwarded-for", format!("6.6.6.6, {client}"));
    for _ in 0..rate.burst {
        assert_eq!(from("1.1.1.1").send().await.unwrap().status(), StatusCode::OK);
    }
    assert_eq!(problem(from("1.1.1.1")).await, "429 rate_limited");
    assert_eq!(
        from("2.2.2.2").send().await.unwrap().status(),
        StatusCode::OK,
        "another client is not to blame"
    );
}

#[tokio::test]
async fn without_trusted_proxies_a_client_cannot_pass_for_many() {
    let rate = Rate { per_second: 1, burst: 1 };
    let gateway = Gateway::start_with(|config| config.limits.per_address = rate).await;
    assert_eq!(gateway.get(PUBLIC).header("x-forwarded-for", "1.1.1.1").send().await.unwrap().status(), 200);
    assert_eq!(problem(gateway.get(PUBLIC).header("x-forwarded-for", "2.2.2.2")).await, "429 rate_limited");
}

/// Log-ins and sign-ups from an address, of a name that never comes twice.
fn enter(gateway: &Gateway, path: &str, client: &str) -> reqwest::RequestBuilder {
    let credentials = serde_json::json!({"username": "faker", "password": "12345678"});
    gateway.post(path).header("x-forwarded-for", client).json(&credentials)
}

async fn is_let_in(gateway: &Gateway, path: &str, client: &str) -> bool {
    enter(gateway, path, client).send().await.unwrap().status().is_success()
}

#[tokio::test]
async fn accounts_and_log_ins_of_one_address_come_slowly_and_everything_else_goes_on() {
    let gateway = Gateway::start_with(|config| {
        config.limits.sign_up = SlowRate { per_minute: 1, burst: 2 };
        config.limits.log_in = SlowRate { per_minute: 1, burst: 3 };
        config.http.trusted_proxies = 1;
    })
    .await;
    for (path, burst) in [("/api/account/signup", 2), ("/api/account/login", 3)] {
        for host in 0..burst {
            let client = format!("2001:db8:1:2::{host}");
            assert!(is_let_in(&gateway, path, &client).await, "{path}");
        }
        let refused = enter(&gateway, path, "2001:db8:1:2:3:4:5:6").send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS, "{path}");
        let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{path}: {wait}");
        assert!(is_let_in(&gateway, path, "2001:db8:1:3::1").await, "{path}");
    }
    let from_there = gateway.get(PUBLIC).header("x-forwarded-for", "2001:db8:1:2::1");
    assert_eq!(from_there.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_site_with_many_addresses_has_limits_of_its_own() {
    let gateway = Gateway::start_with(|config| {
        config.limits.sign_up_per_network = SlowRate { per_minute: 1, burst: 4 };
        config.limits.log_in_per_network = SlowRate { per_minute: 1, burst: 5 };
        config.http.trusted_proxies = 1;
    })
    .await;
    for (path, burst) in [("/api/account/signup", 4), ("/api/account/login", 5)] {
        for subnet in 0..burst {
            let client = format!("2001:db8:1:{subnet}::1");
            assert!(is_let_in(&gateway, path, &client).await, "{path}");
        }
        assert_eq!(problem(enter(&gateway, path, "2001:db8:1:ffff::1")).await, "429 rate_limited", "{path}");
        for elsewhere in ["2001:db8:2:ffff::1", "203.0.113.7"] {
            assert!(is_let_in(&gateway, path, elsewhere).await, "{path}");
        }
    }
}

#[tokio::test]
async fn who_has_had_enough_takes_nothing_from_the_neighbours_on_the_same_site() {
    let gateway = Gateway::start_with(|config| {
        config.limits.log_in = SlowRate { per_minute: 1, burst: 1 };
        config.limits.log_in_per_network = SlowRate { per_minute: 1, burst: 2 };
        config.http.trusted_proxies = 1;
    })
    .await;
    let from = |client| enter(&gateway, "/api/account/login", client);
    assert!(from("2001:db8:1:1::1").send().await.unwrap().status().is_success());
    for _ in 0..5 {
        assert_eq!(problem(from("2001:db8:1:1::1")).await, "429 rate_limited");
    }
    assert!(from("2001:db8:1:2::1").send().await.unwrap().status().is_success());
}

#[tokio::test]
async fn by_default_an_address_makes_ten_accounts_at_once_and_no_more() {
    let gateway = Gateway::start_with(|config| {
        config.limits.sign_up = loljoa_gateway::config::Limits::default().sign_up;
    })
    .await;
    let sign_ups = (0..50).map(|_| enter(&gateway, "/api/account/signup", "").send());
    let answers = futures::future::join_all(sign_ups).await;
    let made = answers.iter().filter(|answer| answer.as_ref().unwrap().status() == StatusCode::CREATED);
    // One more for each twelve seconds that all this takes.
    assert!((10..20).contains(&made.count()));
}

#[tokio::test]
async fn an_account_is_limited_wherever_it_asks_from() {
    let rate = Rate { per_second: 1, burst: 2 };
    let gateway = Gateway::start_with(|config| config.limits.per_account = rate).await;
    let (one, other) = (gateway.signer.token("user"), gateway.signer.token("user"));
    let me = |token: &str| gateway.get("/api/account/me").bearer_auth(token);
    for _ in 0..rate.burst {
        assert_eq!(me(&one).send().await.unwrap().status(), StatusCode::OK);
    }
    assert_eq!(problem(me(&one)).await, "429 rate_limited");
    assert_eq!(me(&other).send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn more_than_fits_at_once_is_refused_at_once() {
    let gateway = Gateway::start_with(|config| config.limits.max_in_flight = 1).await;
    gateway.backend.betting.hold();
    let held = tokio::spawn(gateway.bet(&gateway.signer.token("user"), 100).send());
    gateway.backend.betting.calls(1).await;
    assert_eq!(problem(gateway.get(PUBLIC)).await, "503 overloaded");
    // It has what every answer has, though nobody has looked at what was asked.
    let refused = gateway.get("/nowhere").header("x-request-id", "mine").send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    for (name, value) in [
        ("content-type", "application/problem+json"),
        ("retry-after", "1"),
        ("x-request-id", "mine"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(refused.headers()[name], value, "{name}");
    }
    // Nor at where it goes: it is turned away before that.
    let metrics = gateway.get_admin("/metrics").send().await.unwrap().text().await.unwrap();
    let is_counted =
        |line: &str| line.starts_with("loljoa_http_requests_total") && line.contains("route=\"overloaded\"");
    assert!(metrics.lines().any(is_counted), "{metrics}");
    gateway.backend.betting.release();
    assert_eq!(held.await.unwrap().unwrap().status(), StatusCode::CREATED);
    assert_eq!(gateway.get(PUBLIC).send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_service_that_does_not_answer_in_time_is_not_waited_for() {
    let gateway = Gateway::start_with(|config| config.http.timeout_ms = 50).await;
    gateway.backend.betting.hold();
    assert_eq!(problem(gateway.bet(&gateway.signer.token("user"), 100)).await, "503 unavailable");
}

#[tokio::test]
async fn a_client_that_never_ends_its_request_is_cut_off() {
    let gateway = Gateway::start_with(|config| config.http.header_timeout_ms = 50).await;
    let mut socket = TcpStream::connect(gateway.address).await.unwrap();
    socket.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ").await.unwrap();
    let mut rest = Vec::new();
    timeout(PATIENCE, socket.read_to_end(&mut rest)).await.unwrap().unwrap();
}

#[tokio::test]
async fn the_address_behind_the_proxies_reaches_account() {
    let gateway = Gateway::start_with(|config| config.http.trusted_proxies = 2).await;
    let login = gateway.post("/api/account/login").header("x-forwarded-for", "6.6.6.6, 1.2.3.4, 10.0.0.1");
    login.json(&serde_json::json!({"username": "faker", "password": "12345678"})).send().await.unwrap();
    assert_eq!(gateway.backend.account.addresses(), ["1.2.3.4"]);
}

#[tokio::test]
async fn a_request_under_way_is_answered_before_the_port_closes() {
    let mut gateway = Gateway::start().await;
    gateway.backend.betting.hold();
    let held = tokio::spawn(gateway.bet(&gateway.signer.token("user"), 100).send());
    gateway.backend.betting.calls(1).await;
    gateway.shutdown.cancel();
    while TcpStream::connect(gateway.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!gateway.served.is_finished(), "it waits for the bet");
    let ready = gateway.get_admin("/readyz").send().await.unwrap();
    assert_eq!(
        (ready.status().as_u16(), ready.text().await.unwrap().as_str()),
        (503, "not ready: draining\n")
    );
    assert_eq!(gateway.get_admin("/metrics").send().await.unwrap().status(), StatusCode::OK);
    gateway.backend.betting.release();
    assert_eq!(held.await.unwrap().unwrap().status(), StatusCode::CREATED);
    (&mut gateway.served).await.unwrap().unwrap();
}
