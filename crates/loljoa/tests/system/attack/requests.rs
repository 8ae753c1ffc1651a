//! Requests that no honest client sends, or not so often.

use futures::{StreamExt, stream};
use loljoa_service_kit::ids;
use reqwest::{Client, Method, RequestBuilder, header};
use serde_json::json;
use tokio::time;

use super::foes::{Kind, MADE_UP, Target, Told};
use crate::support::PASSWORD;

const MIB: usize = 1_024 * 1_024;
/// Lists whose pages have cursors.
const LISTS: [&str; 4] = [
    "/api/betting/markets?limit=100",
    "/api/league/matches?limit=100",
    "/api/account/leaderboard?limit=100",
    "/api/league/teams?limit=100",
];

/// Sends so many at once, again and again.
pub(super) async fn storm(kind: Kind, target: &Target) {
    let client = Client::builder().no_proxy().local_address(Some(kind.address().into())).build().unwrap();
    let cookie = if kind == Kind::RefreshStorm { session(&client, target).await } else { String::new() };
    let (at_once, name) = storm_of(kind, target);
    stream::repeat(())
        .map(|()| async {
            let told = match request(kind, target, &client, &cookie).send().await {
                Ok(answer) => Told::Status(answer.status().as_u16()),
                Err(_) => Told::Closed,
            };
            target.count(name, told);
            time::sleep(target.pause).await;
        })
        .buffer_unordered(at_once)
        .for_each(|()| async {})
        .await;
}

/// How many at once, and what it is called.
fn storm_of(kind: Kind, target: &Target) -> (usize, &'static str) {
    let name = match kind {
        Kind::ForgedCursors => "forged cursors",
        Kind::ForgedTokens => "forged tokens",
        Kind::RefreshStorm => "refresh storm",
        Kind::LogInStorm => "log-in storm",
        Kind::SignUpStorm => "sign-up storm",
        Kind::RandomPaths => "random paths",
        Kind::RandomMethods => "random methods",
        Kind::OversizedHeads => "oversized heads",
        Kind::OversizedBodies => "oversized bodies",
        Kind::OversizedQueries => "oversized queries",
        _ => "wrong content types",
    };
    let many = matches!(kind, Kind::LogInStorm | Kind::SignUpStorm);
    (if many { 8 * target.at_once } else { target.at_once }, name)
}

/// Someone's refresh cookie, which is used up with the first refresh.
async fn session(client: &Client, target: &Target) -> String {
    let body = json!({ "username": made_up()[..20].to_owned(), "password": PASSWORD });
    loop {
        let answer = client.post(url(target, "/api/account/signup")).json(&body).send().await;
        let cookie = answer.as_ref().ok().and_then(|answer| answer.headers().get(header::SET_COOKIE));
        if let Some((cookie, _)) = cookie.and_then(|cookie| cookie.to_str().ok()?.split_once(';')) {
            return cookie.to_owned();
        }
        time::sleep(target.pause).await;
    }
}

fn request(kind: Kind, target: &Target, client: &Client, cookie: &str) -> RequestBuilder {
    let get = |path: &str| client.get(url(target, path));
    let post = |path: &str| client.post(url(target, path));
    let log_in = post("/api/account/login");
    match kind {
        Kind::ForgedCursors => {
            get(&format!("{}&cursor={}", LISTS[rand::random_range(0..LISTS.len())], forged()))
        }
        Kind::ForgedTokens => {
            let head = "eyJhbGciOiJFUzI1NiIsImtpZCI6Im1hZGV1cGJ5Zm9lcyJ9";
            get("/api/account/me").bearer_auth(format!("{head}.{}.{}", forged(), forged()))
        }
        Kind::RefreshStorm => {
            let made_up = format!("loljoa_refresh={}A", &forged().repeat(2)[..42]);
            let cookie = if rand::random() { cookie } else { &made_up };
            post("/api/account/refresh")
                .header(header::COOKIE, cookie)
                .header(header::ORIGIN, url(target, ""))
        }
        Kind::LogInStorm => log_in
            .json(&json!({ "username": format!("nobody_{}", rand::random::<u8>()), "password": PASSWORD })),
        Kind::SignUpStorm => {
            post("/api/account/signup").json(&json!({ "username": &made_up()[..20], "password": PASSWORD }))
        }
        Kind::RandomPaths => {
            get(&format!("/{}/{}", ["api", "assets", ""][rand::random_range(0..3)], made_up()))
        }
        Kind::RandomMethods => client
            .request(Method::from_bytes(made_up().as_bytes()).unwrap(), url(target, "/api/betting/bets")),
        Kind::OversizedHeads => get(LISTS[0]).header("x-large", "x".repeat(MIB / 2)),
        Kind::OversizedBodies => {
            log_in.header(header::CONTENT_TYPE, "application/json").body("[".repeat(4 * MIB))
        }
        Kind::OversizedQueries => get(&format!("{}&cursor={}", LISTS[0], forged().repeat(800))),
        _ => {
            let content_type =
                ["text/plain", "multipart/form-data", "application/xml", MADE_UP][rand::random_range(0..4)];
            log_in.header(header::CONTENT_TYPE, content_type).body("{}")
        }
    }
}

fn url(target: &Target, path: &str) -> String {
    format!("http://{}{path}", target.gateway)
}

/// A name that never comes twice.
fn made_up() -> String {
    format!("{MADE_UP}{}", ids::fresh().simple().to_string().chars().rev().collect::<String>())
}

/// Letters that look as if they were ours.
fn forged() -> String {
    format!("{}{}", ids::fresh().simple(), ids::fresh().simple())
}
