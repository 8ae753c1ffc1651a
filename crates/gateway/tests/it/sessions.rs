//! The refresh cookie, and who may use it.

use reqwest::{StatusCode, header};
use serde_json::{Value, json};

use crate::harness::{Gateway, header, problem};

const REFRESH: &str = "/api/account/refresh";

#[tokio::test]
async fn a_session_is_a_token_in_the_body_and_a_cookie_out_of_reach() {
    let gateway = Gateway::start().await;
    let credentials = json!({"username": "faker", "password": "correct horse"});
    let response = gateway.post("/api/account/signup").json(&credentials).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::CREATED);
    let cookie = header(&response, "set-cookie").to_owned();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(pair, "loljoa_refresh=refresh-token");
    let (age, attributes): (Vec<_>, Vec<_>) =
        attributes.split("; ").partition(|part| part.starts_with("Max-Age="));
    assert!(age[0]["Max-Age=".len()..].parse::<i64>().unwrap() > 0);
    assert_eq!(attributes, ["Path=/api/account", "HttpOnly", "Secure", "SameSite=Strict"]);
    let body = response.text().await.unwrap();
    assert!(!body.contains("refresh-token"), "scripts never see it");
    insta::assert_snapshot!(body, @r#"{"account":{"accountId":"018f0000-0000-7000-8000-000000000001","username":"faker","role":"user","tier":"bronze","points":1000,"staked":0,"profit":0,"rank":1,"createdAt":"2022-01-12T15:06:40Z"},"accessToken":"access","expiresIn":900}"#);
}

#[tokio::test]
async fn the_cookie_is_traded_for_a_session_and_dropped_at_the_end() {
    let gateway = Gateway::start().await;
    assert_eq!(problem(gateway.post(REFRESH)).await, "401 refresh_token_missing");
    let with_cookie = |path: &str| gateway.post(path).header(header::COOKIE, "a=b; loljoa_refresh=one");
    assert_eq!(with_cookie(REFRESH).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(gateway.backend.account.refreshed_with(), ["one"]);
    for _ in 0..2 {
        let out = with_cookie("/api/account/logout").send().await.unwrap();
        assert_eq!(out.status(), StatusCode::NO_CONTENT);
        assert!(header(&out, "set-cookie").starts_with("loljoa_refresh=; Path=/api/account; Max-Age=0;"));
    }
    let everywhere = gateway.post("/api/account/logout-all").bearer_auth(gateway.signer.token("user"));
    assert_eq!(everywhere.send().await.unwrap().json::<Value>().await.unwrap(), json!({"ended": 2}));
}

#[tokio::test]
async fn how_many_sessions_were_ended_is_not_asked_a_second_time() {
    let gateway = Gateway::start().await;
    let somebody = "/api/account/users/018f0000-0000-7000-8000-000000000002/sessions/end";
    for (path, role) in
        [("/api/account/logout-all", "user"), ("/api/account/sessions/end", "user"), (somebody, "admin")]
    {
        let post = || gateway.post(path).bearer_auth(gateway.signer.token(role));
        gateway.backend.account.lose_an_answer();
        assert_eq!(problem(post()).await, "503 unavailable", "{path}: a second call would find none left");
        assert_eq!(post().send().await.unwrap().status(), StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn pages_of_other_sites_cannot_use_the_cookie() {
    let gateway =
        Gateway::start_with(|config| config.cookies.trusted_origins = vec!["https://friend.example".into()])
            .await;
    for path in [REFRESH, "/api/account/logout", "/api/account/login", "/api/account/signup"] {
        let post = || gateway.post(path).header(header::COOKIE, "loljoa_refresh=one");
        for (name, value) in
            [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")]
        {
            assert_eq!(
                problem(post().header(name, value)).await,
                "403 cross_site_request",
                "{path} {name}: {value}"
            );
        }
    }
    assert!(gateway.backend.account.refreshed_with().is_empty());
    let own = format!("http://{}", gateway.address);
    for (name, value) in
        [("origin", own.as_str()), ("origin", "https://friend.example"), ("sec-fetch-site", "same-origin")]
    {
        let refreshed =
            gateway.post(REFRESH).header(header::COOKIE, "loljoa_refresh=one").header(name, value);
        assert_eq!(refreshed.send().await.unwrap().status(), StatusCode::OK, "{name}: {value}");
    }
}
