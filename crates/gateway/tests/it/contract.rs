//! The OpenAPI document.

use crate::harness::Gateway;

#[test]
fn the_committed_document_is_the_one_that_the_code_gives() {
    let committed = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json"));
    let same = committed.unwrap_or_default() == loljoa_gateway::openapi().unwrap();
    assert!(same, "run: cargo run -p loljoa-gateway --bin loljoa-openapi > docs/openapi.json");
}

#[tokio::test]
async fn the_document_and_its_viewer_come_from_the_gateway_alone() {
    let gateway = Gateway::start().await;
    let served: serde_json::Value =
        gateway.get("/api/openapi.json").send().await.unwrap().json().await.unwrap();
    assert_eq!(
        served,
        serde_json::from_str::<serde_json::Value>(&loljoa_gateway::openapi().unwrap()).unwrap()
    );
    let viewer = gateway.get("/api/docs/").send().await.unwrap();
    let policy = viewer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("script-src 'self';") && !policy.contains("http"), "{policy}");
    let page = viewer.text().await.unwrap();
    assert!(!page.contains("https://") && !page.contains("<script>"), "{page}");
    let script = gateway.get("/api/docs/swagger-initializer.js").send().await.unwrap().text().await.unwrap();
    assert!(script.contains("/api/openapi.json"), "{script}");
}
