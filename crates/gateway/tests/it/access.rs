//! Who may call what: every route of the document, as nobody, as a user and as an admin.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Gateway, key};

/// What the document says: method, path with an id in it, who.
fn routes(document: &Value) -> Vec<(Method, String, String)> {
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(access) = operation["x-access"].as_str() else { continue };
            let path = path.replace("{service}", "gateway");
            let path =
                path.split('/').map(|part| if part.starts_with('{') { key() } else { part.to_owned() });
            let method = method.to_uppercase().parse().unwrap();
            routes.push((method, path.collect::<Vec<_>>().join("/"), access.to_owned()));
        }
    }
    routes
}

async fn status(gateway: &Gateway, method: &Method, path: &str, token: Option<&str>) -> StatusCode {
    let mut request = gateway.request(method.clone(), path).header("Idempotency-Key", key());
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if *method == Method::POST || *method == Method::PATCH {
        request = request.json(&json!({}));
    }
    request.send().await.unwrap().status()
}

#[tokio::test]
async fn every_route_lets_in_whom_the_document_says() {
    let gateway = Gateway::start().await;
    let (user, admin) = (gateway.signer.token("user"), gateway.signer.token("admin"));
    let document = gateway.get("/api/openapi.json").send().await.unwrap().json().await.unwrap();
    let routes = routes(&document);
    assert!(routes.len() > 30, "{}", routes.len());
    for (method, path, access) in routes {
        let nobody = status(&gateway, &method, &path, None).await;
        let as_user = status(&gateway, &method, &path, Some(&user)).await;
        let as_admin = status(&gateway, &method, &path, Some(&admin)).await;
        let needs_login = path == "/api/account/refresh" || access == "user" || access == "admin";
        assert_eq!(nobody == StatusCode::UNAUTHORIZED, needs_login, "{method} {path} as nobody: {nobody}");
        assert_eq!(
            as_user == StatusCode::FORBIDDEN,
            access == "admin",
            "{method} {path} as a user: {as_user}"
        );
        let off = path.ends_with("/block") || path.ends_with("/turnoff");
        assert_eq!(as_admin == StatusCode::FORBIDDEN, off, "{method} {path} as an admin: {as_admin}");
        let known = path == "/api/account/refresh" || as_admin != StatusCode::UNAUTHORIZED;
        assert!(known, "{method} {path} as an admin: {as_admin}");
    }
}

#[tokio::test]
async fn experiments_work_only_where_they_are_enabled() {
    let off = Gateway::start().await;
    let block = |gateway: &Gateway, service: &str| {
        gateway.post(&format!("/api/{service}/block?seconds=1")).bearer_auth(gateway.signer.token("admin"))
    };
    for service in ["gateway", "account", "league", "betting"] {
        let refused = crate::harness::problem(block(&off, service)).await;
        assert_eq!(refused, "403 experiments_disabled", "{service}");
    }
    let on = Gateway::start_with(|config| {
        (config.runtime.experiments, config.http.public_hello) = (true, true);
    })
    .await;
    let blocked = block(&on, "gateway").send().await.unwrap();
    assert_eq!(blocked.json::<Value>().await.unwrap()["seconds"], 1);
    assert_eq!(on.get_admin("/readyz").send().await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    let hello: Value = on.get("/api/gateway/hello").send().await.unwrap().json().await.unwrap();
    assert_eq!(
        (&hello["service"], &hello["ready"], &hello["live"]),
        (&json!("gateway"), &json!(false), &json!(true))
    );
    assert_eq!(crate::harness::problem(on.get("/api/nonsense/hello")).await, "404 path_unknown");
}
