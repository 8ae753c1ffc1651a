//! Which tokens are taken, and what a good one sets off.

use std::time::Duration;

use aws_lc_rs::{digest, hmac};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use loljoa_service_kit::{AccountId, Clock};
use serde_json::json;
use tokio::time;

use crate::harness::{
    Gateway, PATIENCE, Signer, problem,
    tokens::{claims, with},
    upstreams,
};

const ME: &str = "/api/account/me";

async fn answer(gateway: &Gateway, token: &str) -> String {
    problem(gateway.get(ME).bearer_auth(token)).await
}

/// A token put together by hand: this header, these claims, this signature over both.
fn forge(header: &str, token: &str, sign: impl FnOnce(&str) -> Vec<u8>) -> String {
    let payload = token.split('.').nth(1).unwrap();
    let signed = format!("{}.{payload}", BASE64.encode(header));
    let signature = BASE64.encode(sign(&signed));
    format!("{signed}.{signature}")
}

#[tokio::test]
async fn only_tokens_that_account_signed_for_us_are_taken() {
    let gateway = Gateway::start().await;
    let signer = &gateway.signer;
    let good = signer.token("user");
    assert!(gateway.get(ME).bearer_auth(&good).send().await.unwrap().status().is_success());
    assert_eq!(problem(gateway.get(ME)).await, "401 token_missing");
    assert_eq!(
        problem(gateway.get(ME).header("authorization", "Basic Zm9vOmJhcg==")).await,
        "401 token_malformed"
    );

    let past = json!(Clock::system().now().timestamp() - 1);
    assert_eq!(answer(&gateway, &signer.sign(&with(claims("user"), "exp", past))).await, "401 token_expired");

    let public = signer.key_set();
    let secret = hmac::Key::new(hmac::HMAC_SHA256, public.as_bytes());
    let (start, signature) = good.rsplit_once('.').unwrap();
    let admin = signer.token("admin");
    let other_claims = format!("{}.{signature}", admin.rsplit_once('.').unwrap().0);
    let bad = [
        ("of another key with a known name", Signer::new("first").token("admin")),
        ("of an unknown key", Signer::new("unknown").token("admin")),
        ("without algorithm", forge(r#"{"alg":"none","kid":"first"}"#, &admin, |_| Vec::new())),
        (
            "signed with the public key as a secret",
            forge(r#"{"alg":"HS256","kid":"first"}"#, &admin, |text| {
                hmac::sign(&secret, text.as_bytes()).as_ref().to_vec()
            }),
        ),
        (
            "with only a hash",
            forge(r#"{"alg":"ES256","kid":"first"}"#, &admin, |text| {
                digest::digest(&digest::SHA512, text.as_bytes()).as_ref().to_vec()
            }),
        ),
        ("with other claims", other_claims),
        ("without signature", format!("{start}.")),
        ("for somebody else", signer.sign(&with(claims("user"), "aud", json!("another-app")))),
        ("by somebody else", signer.sign(&with(claims("user"), "iss", json!("another-issuer")))),
        ("of no account", signer.sign(&with(claims("user"), "sub", json!("faker")))),
        ("with an unknown role", signer.sign(&claims("owner"))),
        ("that is none", "x.y.z".to_owned()),
        ("that is huge", "x".repeat(5_000)),
    ];
    for (what, token) in bad {
        assert_eq!(answer(&gateway, &token).await, "401 token_invalid", "a token {what}");
    }
}

#[tokio::test]
async fn a_token_of_a_new_key_is_taken_as_soon_as_account_publishes_it() {
    let gateway = Gateway::start().await;
    let (first, next) = (gateway.signer.clone(), Signer::new("second"));
    assert_eq!(answer(&gateway, &next.token("user")).await, "401 token_invalid");
    gateway.backend.account.publish(json!({"keys": [first.jwk(), next.jwk()]}).to_string());
    for token in [next.token("user"), first.token("user")] {
        assert!(gateway.get(ME).bearer_auth(token).send().await.unwrap().status().is_success());
    }
    let published = gateway.get("/.well-known/jwks.json").send().await.unwrap().text().await.unwrap();
    assert!(published.contains("second"));
}

#[tokio::test]
async fn while_account_is_away_nobody_is_called_a_forger() {
    let nowhere = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let gateway = Gateway::start_with(|config| {
        config.upstreams = upstreams(nowhere);
        config.http.public_hello = true;
    })
    .await;
    assert_eq!(answer(&gateway, &gateway.signer.token("user")).await, "503 unavailable");
    assert_eq!(problem(gateway.get("/.well-known/jwks.json")).await, "503 unavailable");
    assert!(
        gateway
            .get("/api/gateway/hello")
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
            .contains("\"ready\":true")
    );
}

#[tokio::test]
async fn the_first_request_of_a_day_claims_the_grant_once() {
    let gateway = Gateway::start().await;
    let (one, other) = (gateway.signer.token("user"), gateway.signer.token("user"));
    for token in [&one, &one, &other, &one] {
        assert!(gateway.get(ME).bearer_auth(token).send().await.unwrap().status().is_success());
    }
    assert_eq!(gateway.backend.account.grants(), 2);
}

#[tokio::test]
async fn a_grant_that_fails_costs_nothing_but_points() {
    let gateway = Gateway::start().await;
    gateway.backend.account.refuse_grants();
    let account = AccountId::fresh();
    let token = gateway.signer.sign(&with(claims("user"), "sub", json!(account)));
    let me: serde_json::Value =
        gateway.get(ME).bearer_auth(token).send().await.unwrap().json().await.unwrap();
    assert_eq!(me["accountId"], json!(account));
}

#[tokio::test]
async fn who_looks_at_points_sees_the_grant_and_a_bet_does_not_wait_for_it() {
    const BETTORS: usize = 30;
    let gateway = Gateway::start().await;
    let account = &gateway.backend.account;
    account.hold_grants(true);
    // Each of them would wait for a second or more, all together for longer than anybody is patient.
    let bets = async {
        for _ in 0..BETTORS {
            let token = gateway.signer.token("user");
            assert_eq!(gateway.bet(&token, 500).send().await.unwrap().status(), 201);
        }
    };
    time::timeout(PATIENCE, bets).await.expect("no bet waits for a grant");
    assert_eq!(account.grants_made(), 0);

    account.hold_grants(false);
    let all = async {
        while account.grants_made() < BETTORS {
            time::sleep(Duration::from_millis(5)).await;
        }
    };
    time::timeout(PATIENCE, all).await.expect("each grant is made once that is possible");
    let token = gateway.signer.token("user");
    let me: serde_json::Value =
        gateway.get(ME).bearer_auth(&token).send().await.unwrap().json().await.unwrap();
    assert_eq!(account.grants(), BETTORS + 1, "nothing was given up or asked again");
    assert_eq!(me["points"], 1_000 + 500 * (BETTORS + 1));
}
