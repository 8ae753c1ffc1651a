use futures::{StreamExt, stream};
use loljoa::system::Service;
use loljoa_service_kit::ids;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream, time};

use super::Target;
use crate::support::{App, PASSWORD, season};

const ROUNDS: usize = 30;
const AT_ONCE: usize = 8;

/// Sends every request of the API document again and again, and resets the connection before or while it is answered.
pub(super) async fn storm(app: &App, target: &Target) {
    let document: Value = app.http.get("/api/openapi.json").await.ok();
    let operations = operations(&document);
    assert!(operations.len() > 30, "{operations:?}");
    let address = app.system.addresses()[&Service::Gateway].service;
    let calls = (0..ROUNDS).flat_map(|_| &operations);
    stream::iter(calls)
        .for_each_concurrent(AT_ONCE, |(method, path)| async move {
            target.turn().await;
            let request = request(method, path, target);
            let mut connection = TcpStream::connect(address).await.unwrap();
            connection.write_all(request.as_bytes()).await.unwrap();
            time::sleep(target.instant()).await;
            connection.set_zero_linger().unwrap();
        })
        .await;
}

/// Method and path of every operation.
fn operations(document: &Value) -> Vec<(String, String)> {
    let paths = document["paths"].as_object().unwrap();
    let methods = ["get", "post", "patch", "delete", "put"];
    paths
        .iter()
        .flat_map(|(path, item)| {
            let has = |method: &&str| item.get(*method).is_some();
            methods.into_iter().filter(has).map(|method| (method.to_uppercase(), path.clone()))
        })
        .collect()
}

fn request(method: &str, path: &str, target: &Target) -> String {
    let Target { game, bettor, admin_token, .. } = target;
    let is_admins =
        ["/league/", "/markets", "/incidents", "/block", "/turnoff"].iter().any(|part| path.contains(part));
    let token = if is_admins { admin_token } else { &bettor.token };
    let body = if method == "GET" { String::new() } else { body(path, target).to_string() };
    let path = path
        .replace("{matchId}", &game.match_id.to_string())
        .replace("{marketId}", &game.score.market_id.to_string())
        .replace("{betId}", &ids::fresh().to_string())
        .replace("{incidentId}", &ids::fresh().to_string())
        .replace("{service}", "betting");
    let query = match path.as_str() {
        "/api/betting/stream" | "/api/betting/markets" => format!("?matchId={}", game.match_id),
        _ => String::new(),
    };
    let refresh =
        format!("loljoa_refresh={}{}A", ids::fresh().simple(), &ids::fresh().simple().to_string()[..10]);
    format!(
        "{method} {path}{query} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\ncookie: {refresh}\r\n\
         origin: http://localhost\r\nidempotency-key: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        target.key(),
        body.len(),
    )
}

fn body(path: &str, target: &Target) -> Value {
    let Target { game, .. } = target;
    let outcome = &game.score.outcomes[0];
    match path {
        "/api/account/signup" => {
            json!({ "username": ids::fresh().simple().to_string()[..12], "password": PASSWORD })
        }
        "/api/account/login" => json!({ "username": target.bettor.username, "password": PASSWORD }),
        "/api/betting/bets" => json!({
            "marketId": game.score.market_id, "outcomeId": outcome.outcome_id, "stake": 100
        }),
        "/api/betting/markets" => json!({
            "matchId": game.match_id, "questionEn": "Q", "questionKo": "Q",
            "outcomes": [{ "labelEn": "A", "labelKo": "A" }, { "labelEn": "B", "labelKo": "B" }],
        }),
        "/api/league/import" => season(&[]),
        _ if path.ends_with("/settle") || path.ends_with("/correct") => {
            json!({ "outcomeId": outcome.outcome_id })
        }
        _ if path.ends_with("/result") => json!({ "team1Wins": 2, "team2Wins": 1 }),
        _ if path.ends_with("/resolve") => json!({ "note": "looked at" }),
        _ => json!({}),
    }
}
