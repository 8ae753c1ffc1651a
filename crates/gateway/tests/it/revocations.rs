//! Access tokens that end before their time, and who may end them.

use loljoa_service_kit::{AccountId, ids};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{
    Gateway, Signer, header, key, problem,
    tokens::{claims, with},
};

const ME: &str = "/api/account/me";

async fn is_taken(gateway: &Gateway, token: &str) -> bool {
    gateway.get(ME).bearer_auth(token).send().await.unwrap().status().is_success()
}

#[tokio::test]
async fn tokens_of_a_removed_key_are_refused_at_once_although_they_were_good_before() {
    let gateway = Gateway::start().await;
    let (stolen, next) = (gateway.signer.clone(), Signer::new("second"));
    gateway.backend.account.publish(json!({"keys": [stolen.jwk(), next.jwk()]}).to_string());
    let (old, new) = (stolen.token("admin"), next.token("user"));
    assert!(is_taken(&gateway, &new).await && is_taken(&gateway, &old).await);

    // One replica of account still publishes it.
    gateway.backend.account.remove("first");
    gateway.backend.account.told().await;
    assert_eq!(problem(gateway.get(ME).bearer_auth(&old)).await, "401 token_invalid");
    assert_eq!(problem(gateway.get(ME).bearer_auth(stolen.token("admin"))).await, "401 token_invalid");
    assert!(is_taken(&gateway, &new).await);
    let published: Value = gateway.get("/.well-known/jwks.json").send().await.unwrap().json().await.unwrap();
    assert_eq!(published["keys"].as_array().unwrap().len(), 1);
    assert_eq!(published["keys"][0]["kid"], "second");
}

#[tokio::test]
async fn tokens_of_an_ended_session_are_refused_and_no_others_of_the_account() {
    let gateway = Gateway::start().await;
    let (account, ended) = (AccountId::fresh(), ids::fresh());
    let of = |session: Value| {
        gateway.signer.sign(&with(with(claims("user"), "sub", json!(account)), "sid", session))
    };
    let (here, there, nameless) = (of(json!(ids::fresh())), of(json!(ended)), of(Value::Null));
    for token in [&here, &there, &nameless] {
        assert!(is_taken(&gateway, token).await);
    }
    gateway.backend.account.end(ended);
    gateway.backend.account.told().await;
    assert_eq!(problem(gateway.get(ME).bearer_auth(&there)).await, "401 session_over");
    assert_eq!(problem(gateway.bet(&there, 100)).await, "401 session_over");
    assert!(is_taken(&gateway, &here).await && is_taken(&gateway, &nameless).await);
}

#[tokio::test]
async fn whoever_changes_the_password_gets_a_session_and_says_whence() {
    let gateway = Gateway::start_with(|config| config.http.trusted_proxies = 1).await;
    let passwords = json!({"currentPassword": "correct horse", "newPassword": "battery staple"});
    let change = || {
        let request =
            gateway.post("/api/account/password").header("x-forwarded-for", "1.2.3.4").json(&passwords);
        request.bearer_auth(gateway.signer.token("user"))
    };
    let changed = change().send().await.unwrap();
    assert_eq!(changed.status(), StatusCode::OK);
    assert!(header(&changed, "set-cookie").starts_with("loljoa_refresh=refresh-token; "));
    assert_eq!(changed.json::<Value>().await.unwrap()["accessToken"], "access");
    assert_eq!(gateway.backend.account.calls(), ["correct horse to battery staple from 1.2.3.4"]);
    assert_eq!(problem(change().header("origin", "https://evil.example")).await, "403 cross_site_request");
}

#[tokio::test]
async fn a_password_is_changed_as_slowly_as_one_logs_in() {
    let slow = loljoa_gateway::config::SlowRate { per_minute: 1, burst: 2 };
    let gateway = Gateway::start_with(|config| config.limits.log_in = slow).await;
    let token = gateway.signer.token("user");
    let passwords = json!({"currentPassword": "correct horse", "newPassword": "battery staple"});
    let change = || gateway.post("/api/account/password").bearer_auth(&token).json(&passwords);
    for _ in 0..2 {
        assert!(change().send().await.unwrap().status().is_success());
    }
    assert_eq!(problem(change()).await, "429 rate_limited");
    assert!(is_taken(&gateway, &token).await);
}

#[tokio::test]
async fn one_ends_all_other_sessions_and_keeps_the_own() {
    let gateway = Gateway::start().await;
    let own = ids::fresh();
    let token = gateway.signer.sign(&with(claims("user"), "sid", json!(own)));
    let ended = gateway.post("/api/account/sessions/end").bearer_auth(&token).send().await.unwrap();
    assert_eq!(ended.json::<Value>().await.unwrap(), json!({"ended": 3}));
    assert_eq!(gateway.backend.account.calls(), [format!("end all but {own}")]);
}

#[tokio::test]
async fn what_tells_how_many_sessions_it_ended_is_not_repeated_behind_the_callers_back() {
    let gateway = Gateway::start().await;
    gateway.backend.account.lose_answers();
    let token = gateway.signer.token("admin");
    let paths = ["logout-all", "sessions/end", &format!("users/{}/sessions/end", key())]
        .map(|path| format!("/api/account/{path}"));
    for (n, path) in paths.iter().enumerate() {
        let answer = gateway.post(path).bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(gateway.backend.account.calls().len(), n + 1, "{path}");
    }
}

#[tokio::test]
async fn admins_find_keep_out_let_in_and_log_out_accounts() {
    let gateway = Gateway::start().await;
    let (admin, account) = (AccountId::fresh(), key());
    let token = gateway.signer.sign(&with(claims("admin"), "sub", json!(admin)));
    let found: Value = gateway
        .get("/api/account/users?username=Faker")
        .bearer_auth(&token)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!((&found["account"]["username"], &found["disabledAt"]), (&json!("faker"), &Value::Null));
    for action in ["disable", "enable", "sessions/end"] {
        let path = format!("/api/account/users/{account}/{action}");
        assert!(gateway.post(&path).bearer_auth(&token).send().await.unwrap().status().is_success());
    }
    let calls = [
        "find Faker".to_owned(),
        format!("{admin} disables {account}"),
        format!("{admin} enables {account}"),
        format!("{admin} ends sessions of {account}"),
    ];
    assert_eq!(gateway.backend.account.calls(), calls);
}

#[tokio::test]
async fn the_leaderboard_does_not_tell_who_is_an_admin() {
    let gateway = Gateway::start().await;
    let leaderboard: Value =
        gateway.get("/api/account/leaderboard").send().await.unwrap().json().await.unwrap();
    assert_eq!(leaderboard["items"][0]["username"], "faker");
    assert_eq!(leaderboard["items"][0].get("role"), None);
}
