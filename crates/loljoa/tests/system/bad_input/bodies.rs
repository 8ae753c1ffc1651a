use loljoa_service_kit::ids;
use reqwest::Method;

use super::Unchanged;
use crate::support::{App, Reply};

#[tokio::test]
async fn bodies_that_cannot_be_read() {
    let app = App::start().await;
    let faker = app.sign_up("faker").await;
    faker.me().await;
    let unchanged = Unchanged::from_here(&app).await;
    let json = "application/json";
    let nested = [vec![b'['; 10_000], vec![b']'; 10_000]].concat();
    let in_field = [br#"{"marketId":"#.to_vec(), nested.clone(), b"}".to_vec()].concat();
    for (what, media_type, body, status) in [
        ("nothing", json, Vec::new(), 400),
        ("cut off", json, br#"{"marketId":"#.to_vec(), 400),
        ("no JSON", json, b"faker".to_vec(), 400),
        ("two documents", json, b"{}{}".to_vec(), 400),
        ("another shape", json, b"[]".to_vec(), 400),
        ("a field too many", json, br#"{"faker":1}"#.to_vec(), 400),
        ("not UTF-8", json, b"{\"marketId\":\"\xff\xfe\"}".to_vec(), 400),
        ("nested deep", json, nested, 400),
        ("nested deep in a field", json, in_field, 400),
        ("too large", json, vec![b' '; 65 * 1024], 413),
        ("a form", "application/x-www-form-urlencoded", b"stake=500".to_vec(), 415),
        ("no media type", "", b"{}".to_vec(), 415),
    ] {
        let request = faker.http.request(Method::POST, "/api/betting/bets").body(body);
        let request = request.header("Content-Type", media_type);
        let reply = Reply::to(request.header("Idempotency-Key", ids::fresh().to_string())).await;
        assert_eq!(reply.problem().status, status, "{what}: {}", reply.text);
    }
    unchanged.so_far().await;
}

#[tokio::test]
async fn paths_methods_and_parameters_that_are_not_there() {
    let app = App::start().await;
    let faker = app.sign_up("faker").await;
    assert_eq!(app.http.get("/api/faker").await.refusal(), (404, "path_unknown".to_owned()));
    let wrong = app.http.delete("/api/account/me").await;
    assert_eq!(wrong.refusal(), (405, "method_not_allowed".to_owned()));
    assert!(wrong.headers.contains_key("allow"));
    for (path, field) in [
        ("/api/betting/bets?limit=0", "limit"),
        ("/api/betting/bets?limit=101", "limit"),
        ("/api/betting/bets?limit=many", "limit"),
        ("/api/betting/bets?cursor=faker", "cursor"),
        ("/api/betting/markets?matchId=faker", "matchId"),
        ("/api/league/matches?from=yesterday", "from"),
        ("/api/league/matches?state=lost", "state"),
        ("/api/account/leaderboard?tier=wood", "tier"),
        ("/api/account/me/transfers?cursor=%00", "cursor"),
    ] {
        let reply = faker.http.get(path).await;
        let problem = reply.problem();
        assert_eq!(problem.status, 400, "{path}: {}", reply.text);
        assert!(problem.fields().iter().any(|named| named.starts_with(field)), "{path}: {}", reply.text);
    }
}
