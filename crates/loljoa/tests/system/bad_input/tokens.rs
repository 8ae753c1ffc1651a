use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use loljoa::system::Service;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Unchanged, refused};
use crate::support::{App, Reply, eventually};

#[tokio::test]
async fn tokens_that_are_absent_forged_or_tampered() {
    let app = App::start().await;
    let faker = app.sign_up("faker").await;
    faker.me().await;
    let unchanged = Unchanged::from_here(&app).await;
    let [header, claims, signature] = &faker.token.split('.').collect::<Vec<_>>()[..] else {
        panic!("a token has three parts")
    };
    let admin = rewrite(claims, |claims| claims["role"] = json!("admin"));
    let other = rewrite(claims, |claims| claims["sub"] = json!(loljoa_service_kit::ids::fresh()));
    let later = rewrite(claims, |claims| claims["exp"] = json!(claims["exp"].as_i64().unwrap() + 1));
    let none = rewrite(header, |header| header["alg"] = json!("none"));
    let symmetric = rewrite(header, |header| header["alg"] = json!("HS256"));
    let unknown_key = rewrite(header, |header| header["kid"] = json!("faker"));
    for (what, token) in [
        ("tampered role", format!("{header}.{admin}.{signature}")),
        ("tampered subject", format!("{header}.{other}.{signature}")),
        ("tampered end", format!("{header}.{later}.{signature}")),
        ("alg none", format!("{none}.{claims}.")),
        ("alg none, signed", format!("{none}.{claims}.{signature}")),
        ("alg HS256", format!("{symmetric}.{claims}.{signature}")),
        ("unknown key", format!("{unknown_key}.{claims}.{signature}")),
        ("no signature", format!("{header}.{claims}.")),
        ("two parts", format!("{header}.{claims}")),
        ("nonsense", "faker".to_owned()),
        ("empty", String::new()),
        ("very long", "a".repeat(10_000)),
    ] {
        let reply = app.http.with_token(&token).get("/api/account/me").await;
        assert_eq!(reply.problem().status, 401, "{what}: {}", reply.text);
        assert!(reply.headers.contains_key("www-authenticate"), "{what}");
    }
    refused("no token", &app.http.get("/api/account/me").await, 401, "token_missing", &[]);
    let basic = app.http.request(Method::GET, "/api/account/me").header("Authorization", "Basic ZmFrZXI6");
    assert_eq!(Reply::to(basic).await.status, 401);
    unchanged.so_far().await;
}

/// A part of a token, changed.
fn rewrite(part: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut json: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    change(&mut json);
    BASE64_URL_SAFE_NO_PAD.encode(json.to_string())
}

#[tokio::test]
async fn a_token_runs_out() {
    let app = App::start_with(|options| {
        let account = options.overrides.get_mut(&Service::Account).unwrap();
        account["tokens"] = json!({ "access_seconds": 2 });
    })
    .await;
    let faker = app.sign_up("faker").await;
    faker.me().await;
    let expired = eventually("the token's end", async || {
        let reply = faker.http.get("/api/account/me").await;
        (reply.status != 200).then_some(reply)
    })
    .await;
    assert_eq!(expired.problem().status, 401, "{}", expired.text);
}
