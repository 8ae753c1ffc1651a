//! Requests that cannot be right.

use reqwest::{Method, RequestBuilder, header};

use crate::harness::{
    Gateway,
    betting::{MARKET, OUTCOME},
    key, problem,
};

const BETS: &str = "/api/betting/bets";

fn bet(gateway: &Gateway, body: impl Into<reqwest::Body>) -> RequestBuilder {
    let request =
        gateway.post(BETS).bearer_auth(gateway.signer.token("user")).header("Idempotency-Key", key());
    request.header(header::CONTENT_TYPE, "application/json").body(body)
}

fn with_stake(stake: &str) -> String {
    format!(r#"{{"marketId":"{MARKET}","outcomeId":"{OUTCOME}","stake":{stake}}}"#)
}

#[tokio::test]
async fn a_bad_bet_is_told_its_field_and_reason() {
    let gateway = Gateway::start().await;
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let bodies: [Vec<u8>; 14] = [
        with_stake("0").into(),
        with_stake("-100").into(),
        with_stake("99").into(),
        with_stake("100.5").into(),
        with_stake("\"100\"").into(),
        with_stake("9223372036854775808").into(),
        with_stake("1e400").into(),
        with_stake(&deep).into(),
        with_stake("100").replace(MARKET, "T1").into(),
        with_stake("100").replace("stake", "bonus").into(),
        r#"{"stake":100}"#.into(),
        deep.into(),
        b"{\"stake\":\xff}".into(),
        "{\"stake\":100,}".into(),
    ];
    let mut answers = Vec::new();
    for body in bodies {
        answers.push(problem(bet(&gateway, body)).await);
    }
    insta::assert_snapshot!(answers.join("\n"), @r#"
    400 stake_too_small | stake: must be 100 or more
    400 stake_too_small | stake: must be 100 or more
    400 stake_too_small | stake: must be 100 or more
    400 field_invalid | stake: must be a whole number of points
    400 field_invalid | stake: must be a number, not text
    400 field_invalid | stake: must be 9223372036854775807 or less
    400 json_malformed | body: number out of range at line 1, column 115
    400 field_invalid | stake: invalid type: sequence, expected a whole number of points
    400 field_invalid | marketId: UUID parsing failed: invalid character: found `T` at 0
    400 field_invalid | bonus: unknown field `bonus`, expected one of `marketId`, `outcomeId`, `stake`
    400 field_invalid | marketId: must be given
    400 field_invalid | body: must be an object, not a list
    400 body_not_utf8 | body: is not UTF-8 at byte 9
    400 json_malformed | body: trailing comma at line 1, column 14
    "#);
}

#[tokio::test]
async fn a_body_has_a_type_a_size_and_a_key() {
    let gateway = Gateway::start().await;
    let good = with_stake("100");
    let post = || gateway.post(BETS).bearer_auth(gateway.signer.token("user"));
    let with_key = || post().header("Idempotency-Key", key());
    let answers = [
        problem(with_key().body(good.clone())).await,
        problem(with_key().header(header::CONTENT_TYPE, "text/plain").body(good.clone())).await,
        problem(with_key()).await,
        problem(bet(&gateway, format!("{good}{}", " ".repeat(65 * 1024)))).await,
        problem(post().json("x")).await,
        problem(post().header("Idempotency-Key", "1").json("x")).await,
        problem(bet(&gateway, good.clone()).header("Idempotency-Key", key())).await,
    ];
    insta::assert_snapshot!(answers.join("\n"), @r#"
    415 media_type_unsupported
    415 media_type_unsupported
    415 media_type_unsupported
    413 body_too_large
    400 idempotency_key_missing | Idempotency-Key: must be sent, as a UUID that is new for each new request
    400 not_a_uuid | Idempotency-Key: must be a UUID
    400 idempotency_key_repeated | Idempotency-Key: must be sent once
    "#);
    assert!(bet(&gateway, good).send().await.unwrap().status().is_success());
}

#[tokio::test]
async fn paths_methods_and_parameters_are_checked() {
    let gateway = Gateway::start().await;
    let user = gateway.signer.token("user");
    let answers = [
        problem(gateway.get("/api/betting/nothing")).await,
        problem(gateway.get("/api")).await,
        problem(gateway.request(Method::PUT, BETS)).await,
        problem(gateway.request(Method::DELETE, "/")).await,
        problem(gateway.request(Method::POST, "/api/openapi.json")).await,
        problem(gateway.get("/api/betting/markets/T1")).await,
        problem(gateway.get("/api/betting/markets?limit=0")).await,
        problem(gateway.get("/api/betting/markets?limit=many")).await,
        problem(gateway.get("/api/betting/markets?matchId=T1")).await,
        problem(gateway.get("/api/betting/markets?match=T1")).await,
        problem(gateway.get("/api/league/matches?from=yesterday")).await,
        problem(gateway.get("/api/league/matches?state=over")).await,
        problem(gateway.get("/api/league/standings")).await,
        problem(gateway.get("/api/betting/bets?state=open").bearer_auth(&user)).await,
        problem(gateway.get(&format!("/api/betting/bets/{}", key())).bearer_auth(&user)).await,
        problem(gateway.request(Method::DELETE, &format!("/api/betting/bets/{}", key())).bearer_auth(&user))
            .await,
    ];
    insta::assert_snapshot!(answers.join("\n"), @r#"
    404 path_unknown
    404 path_unknown
    405 method_not_allowed
    405 method_not_allowed
    405 method_not_allowed
    400 not_a_uuid | marketId: must be a UUID
    400 limit_out_of_range | limit: must be from 1 to 100
    400 parameter_invalid | limit: invalid digit found in string
    400 parameter_invalid | matchId[0]: UUID parsing failed: invalid character: found `T` at 0
    400 parameter_invalid | match: unknown field `match`, expected one of `matchId`, `limit`, `cursor`
    400 parameter_invalid | from: input contains invalid characters
    400 parameter_invalid | state: unknown variant `over`, expected one of `scheduled`, `in_progress`, `completed`, `forfeited`, `cancelled`
    400 parameter_invalid | tournament: must be given
    400 parameter_invalid | state: unknown variant `open`, expected one of `accepted`, `cancelled`, `refunded`, `won`, `lost`, `void`
    404 bet_unknown
    409 cancel_window_over
    "#);
    let refused = gateway.request(Method::PUT, BETS).send().await.unwrap();
    assert_eq!(refused.headers()[header::ALLOW], "GET, POST, HEAD");
}

#[tokio::test]
async fn a_problem_tells_everything_in_one_shape() {
    let gateway = Gateway::start().await;
    let body = bet(&gateway, with_stake("99")).send().await.unwrap().text().await.unwrap();
    insta::assert_snapshot!(body, @r#"{"type":"urn:loljoa:problem:stake_too_small","title":"Bad Request","status":400,"detail":"the request is not valid","code":"stake_too_small","errors":[{"field":"stake","message":"must be 100 or more"}]}"#);
}
