//! How it starts, tells of itself, and stops.

use reqwest::StatusCode;
use tokio::{io::AsyncWriteExt, time};

use crate::harness::{PATIENCE, Web, saying, until_closed};

#[tokio::test]
async fn it_is_ready_by_itself_and_counts_its_answers_under_one_route() {
    let web = Web::start().await;
    for path in ["/", "/made/up", "/assets/made-up.js"] {
        web.get(path).await;
    }
    assert_eq!(web.admin("/livez").await.status(), StatusCode::OK);
    assert_eq!(web.admin("/readyz").await.text().await.unwrap(), "ready\n");
    let counted = |status: u16| {
        format!(r#"loljoa_http_requests_total{{loljoa_service="web",route="file",status="{status}"}}"#)
    };
    assert!(web.metric(&counted(200)).await >= 2);
    assert!(web.metric(&counted(404)).await >= 1);
    let metrics = web.admin("/metrics").await.text().await.unwrap();
    assert!(!metrics.contains("made"), "no path is a label");
}

#[tokio::test]
async fn it_says_that_it_drains_and_what_was_asked_before_is_answered() {
    let mut web = Web::start_with(|config, _| config.runtime.drain.delay_ms = 2_000).await;
    let mut asked = saying(&web, b"GET / HTTP/1.1\r\nHost: web\r\n").await;
    web.shutdown.cancel();
    let drains = async { while web.admin("/readyz").await.status() != StatusCode::SERVICE_UNAVAILABLE {} };
    time::timeout(PATIENCE, drains).await.expect("it says that it is not ready");
    assert_eq!(web.get("/").await.status(), StatusCode::OK, "it serves on until others know");
    asked.write_all(b"\r\n").await.unwrap();
    let answer = String::from_utf8_lossy(&until_closed(asked).await).into_owned();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    time::timeout(PATIENCE, &mut web.served).await.expect("it ends in time").unwrap().unwrap();
}

#[tokio::test]
async fn files_that_are_not_there_end_the_start() {
    let mut web = Web::start_with(|config, _| config.web_root = Some("/nowhere".into())).await;
    let error = time::timeout(PATIENCE, &mut web.served).await.unwrap().unwrap().unwrap_err();
    assert!(error.to_string().starts_with("web_root = /nowhere: "), "{error}");
}
