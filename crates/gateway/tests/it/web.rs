//! The web app's files and the headers around every answer.

use std::fs;

use loljoa_gateway::Config;
use loljoa_service_kit::config::checked;
use reqwest::{StatusCode, header};

use crate::harness::{Gateway, betting::MATCH, header, problem, upstreams};

async fn with_app() -> (Gateway, tempfile::TempDir) {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("assets")).unwrap();
    fs::write(root.path().join("index.html"), format!("<!doctype html>{}", "app ".repeat(100))).unwrap();
    fs::write(root.path().join("assets/app-1a2b.js"), "run()").unwrap();
    let web_root = Some(root.path().to_owned());
    (Gateway::start_with(|config| config.web_root = web_root).await, root)
}

#[tokio::test]
async fn the_app_answers_its_own_deep_links_and_never_the_apis() {
    let (gateway, _root) = with_app().await;
    for path in ["/", "/matches/42", "/leaderboard?tier=gold"] {
        let page = gateway.get(path).send().await.unwrap();
        assert_eq!(header(&page, "cache-control"), "no-cache");
        assert!(page.text().await.unwrap().contains("app"), "{path}");
    }
    assert_eq!(problem(gateway.get("/api/nothing")).await, "404 path_unknown");
    assert_eq!(problem(gateway.get("/assets/gone.js")).await, "404 path_unknown");
    let outside = gateway.get("/assets/..%2f..%2fetc%2fpasswd").send().await.unwrap();
    assert_eq!(outside.status(), StatusCode::NOT_FOUND);
    assert_eq!(header(&outside, "cache-control"), "no-store", "the next roll-out may have it");
}

#[tokio::test]
async fn hashed_files_stay_in_caches_and_known_ones_are_not_sent_again() {
    let (gateway, _root) = with_app().await;
    let script = gateway.get("/assets/app-1a2b.js").send().await.unwrap();
    assert_eq!(header(&script, "cache-control"), "public, max-age=31536000, immutable");
    assert!(header(&script, "content-type").contains("javascript"));
    let tag = header(&script, "etag").to_owned();
    let again = gateway.get("/assets/app-1a2b.js").header(header::IF_NONE_MATCH, tag).send().await.unwrap();
    assert_eq!((again.status(), again.text().await.unwrap().as_str()), (StatusCode::NOT_MODIFIED, ""));
}

#[tokio::test]
async fn pages_are_compressed_for_who_can_read_that() {
    let (gateway, _root) = with_app().await;
    for encoding in ["br", "gzip"] {
        let page = gateway.get("/").header(header::ACCEPT_ENCODING, encoding).send().await.unwrap();
        assert_eq!(header(&page, "content-encoding"), encoding);
    }
}

#[tokio::test]
async fn looks_are_compressed_and_what_has_to_leave_at_once_is_not() {
    let gateway = Gateway::start().await;
    let look = || gateway.get(&format!("/api/betting/markets?matchId={MATCH}"));
    let events = || gateway.get(&format!("/api/betting/stream?matchId={MATCH}"));
    let bet = || gateway.bet(&gateway.signer.token("user"), 100);
    for (request, encoding) in [(look(), "br"), (events(), ""), (bet(), "")] {
        let answer =
            request.header(header::ACCEPT_ENCODING, "gzip;q=0.5").header(header::ACCEPT_ENCODING, "br");
        let answer = answer.send().await.unwrap();
        assert_eq!(header(&answer, "content-encoding"), encoding, "{}", answer.url());
    }
    assert_eq!(header(&look().send().await.unwrap(), "vary"), "accept-encoding", "caches have to know");
}

#[tokio::test]
async fn without_the_app_the_first_page_points_to_the_documentation() {
    let nothing = tempfile::tempdir().unwrap();
    let web_root = Some(nothing.path().to_owned());
    let gateway = Gateway::start_with(|config| config.web_root = web_root).await;
    assert!(gateway.get("/").send().await.unwrap().text().await.unwrap().contains("/api/docs"));
    assert_eq!(problem(gateway.get("/matches/42")).await, "404 path_unknown");
}

#[tokio::test]
async fn a_gateway_that_leaves_pages_to_others_has_none() {
    let gateway = Gateway::start_with(|config| config.serve_web = false).await;
    for path in ["/", "/matches/42", "/index.html"] {
        assert_eq!(problem(gateway.get(path)).await, "404 path_unknown", "{path}");
    }
    assert_eq!(gateway.get("/api/betting/markets").send().await.unwrap().status(), StatusCode::OK);
    let mut config = Config::new(upstreams(gateway.address));
    (config.serve_web, config.web_root) = (false, Some(std::env::temp_dir()));
    let refused = checked(config).unwrap_err().to_string();
    assert!(refused.contains("serve_web = false: must be true where web_root is set"), "{refused}");
}

#[tokio::test]
async fn every_answer_tells_browsers_what_it_may_do() {
    let gateway = Gateway::start_with(|config| config.http.hsts_seconds = 60).await;
    for path in ["/", "/api/betting/markets", "/api/account/me", "/api/nothing"] {
        let response = gateway.get(path).header("x-request-id", "of-a-proxy").send().await.unwrap();
        assert_eq!(header(&response, "x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header(&response, "strict-transport-security"), "max-age=60");
        assert!(header(&response, "content-security-policy").starts_with("default-src 'none'"));
        assert!(header(&response, "content-security-policy").contains("frame-ancestors 'none'"));
        assert_eq!(header(&response, "cross-origin-opener-policy"), "same-origin");
        assert_eq!(header(&response, "x-request-id"), "of-a-proxy");
    }
    let private =
        gateway.get("/api/account/me").bearer_auth(gateway.signer.token("user")).send().await.unwrap();
    assert_eq!(header(&private, "cache-control"), "no-store");
    let odd = gateway.get("/").header("x-request-id", "x".repeat(65)).send().await.unwrap();
    assert_eq!(header(&odd, "x-request-id").len(), 36, "an id that is not fit for a log is replaced");
}

#[tokio::test]
async fn subdomains_are_bound_to_tls_only_where_that_is_asked_for() {
    let gateway = Gateway::start_with(|config| {
        (config.http.hsts_seconds, config.http.hsts_include_subdomains) = (60, true);
    })
    .await;
    let page = gateway.get("/").send().await.unwrap();
    assert_eq!(header(&page, "strict-transport-security"), "max-age=60; includeSubDomains");
    let without = Gateway::start().await.get("/").send().await.unwrap();
    assert_eq!(header(&without, "strict-transport-security"), "");
}
