//! What Prometheus learns.

use reqwest::Method;

use crate::harness::{Gateway, key};

#[tokio::test]
async fn requests_count_by_route_and_never_by_what_clients_make_up() {
    let gateway = Gateway::start().await;
    let (path, made_up) = (format!("/api/betting/bets/{}", key()), key());
    gateway.get(&path).bearer_auth(gateway.signer.token("user")).send().await.unwrap();
    gateway.get(&format!("/{made_up}")).send().await.unwrap();
    gateway.request(Method::from_bytes(made_up.as_bytes()).unwrap(), &path).send().await.unwrap();
    gateway.bet(&gateway.signer.token("user"), 100).send().await.unwrap();
    let metrics = gateway.get_admin("/metrics").send().await.unwrap().text().await.unwrap();
    for line in [
        r#"loljoa_http_requests_total{loljoa_service="gateway",route="GET /api/betting/bets/{betId}",status="404"}"#,
        r#"loljoa_http_requests_total{loljoa_service="gateway",route="/api/betting/bets/{betId}",status="405"}"#,
        r#"loljoa_http_requests_total{loljoa_service="gateway",route="unmatched",status="404"}"#,
        r#"loljoa_http_request_duration_seconds_count{loljoa_service="gateway",route="POST /api/betting/bets"}"#,
        r#"loljoa_bet_duration_seconds_count{loljoa_service="gateway",end="failed"}"#,
        r#"loljoa_bet_batch_size_count{loljoa_service="gateway"}"#,
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    assert!(!metrics.contains(&made_up));
}
