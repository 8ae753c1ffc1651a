//! `loljoa floor` beside a server that stands for the gateway and for the Kubernetes API.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    process::Output,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    routing::get,
};
use chrono::{DateTime, TimeDelta, Utc};
use loljoa_service_kit::{Clock, ids};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::support::loljoa;

/// What the server has, and what was asked of it.
#[derive(Default)]
struct Seen {
    matches: Vec<Value>,
    is_calendar_silent: bool,
    /// Floors and ceilings by name.
    autoscalers: BTreeMap<String, (u64, u64)>,
    query: String,
    patches: Vec<String>,
}

type Shared = Arc<Mutex<Seen>>;

struct Server {
    seen: Shared,
    url: String,
    account: TempDir,
}

const TOKEN: &str = "the-token";
const PATH: &str = "/apis/autoscaling/v2/namespaces/bets/horizontalpodautoscalers/{name}";

impl Server {
    async fn start() -> Self {
        let seen = Shared::default();
        let app = Router::new()
            .route("/api/league/matches", get(calendar))
            .route(PATH, get(read).patch(change))
            .with_state(Arc::clone(&seen));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let account = tempfile::tempdir().unwrap();
        fs::write(account.path().join("token"), format!("{TOKEN}\n")).unwrap();
        fs::write(account.path().join("namespace"), "bets").unwrap();
        Self { seen, url, account }
    }

    fn has(&self, name: &str, floor: u64, ceiling: u64) {
        self.seen.lock().unwrap().autoscalers.insert(name.into(), (floor, ceiling));
    }

    /// A match that starts in so many seconds.
    fn plays(&self, seconds: i64, state: &str) {
        let starts_at = Clock::system().now() + TimeDelta::seconds(seconds);
        let one = json!({ "matchId": ids::fresh(), "startsAt": starts_at, "state": state, "bestOf": 3 });
        self.seen.lock().unwrap().matches = vec![one];
    }

    fn floor(&self, name: &str) -> u64 {
        self.seen.lock().unwrap().autoscalers[name].0
    }

    fn patches(&self) -> Vec<String> {
        self.seen.lock().unwrap().patches.clone()
    }

    /// Looks once, as the chart has it look over and over.
    async fn look(&self, keep: &[&str]) -> Output {
        let mut command = loljoa(&["floor", "--once", "--lead", "600", "--hold", "120"]);
        command.args(["--url", &self.url, "--api-server", &self.url]);
        command.arg("--service-account").arg(self.account.path()).args(keep);
        tokio::process::Command::from(command).output().await.unwrap()
    }
}

async fn calendar(State(seen): State<Shared>, RawQuery(query): RawQuery) -> (StatusCode, Json<Value>) {
    let mut seen = seen.lock().unwrap();
    seen.query = query.unwrap_or_default();
    if seen.is_calendar_silent {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "detail": "the league does not answer" })));
    }
    (StatusCode::OK, Json(json!({ "items": seen.matches, "nextCursor": null })))
}

async fn read(
    State(seen): State<Shared>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> (StatusCode, Json<Value>) {
    let seen = seen.lock().unwrap();
    if headers["authorization"] != format!("Bearer {TOKEN}") {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "message": "Unauthorized" })));
    }
    match seen.autoscalers.get(&name) {
        Some((floor, ceiling)) => (
            StatusCode::OK,
            Json(json!({ "spec": { "minReplicas": floor, "maxReplicas": ceiling }, "status": {} })),
        ),
        None => (StatusCode::NOT_FOUND, Json(json!({ "message": format!("\"{name}\" not found") }))),
    }
}

async fn change(
    State(seen): State<Shared>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    assert_eq!(headers["content-type"], "application/merge-patch+json");
    assert_eq!(headers["authorization"], format!("Bearer {TOKEN}"));
    let mut seen = seen.lock().unwrap();
    let patch: Value = serde_json::from_slice(&body).unwrap();
    seen.patches.push(format!("{name} {patch}"));
    let (_, ceiling) = seen.autoscalers[&name];
    let floor = patch["spec"]["minReplicas"].as_u64().unwrap();
    seen.autoscalers.insert(name, (floor, ceiling));
    StatusCode::OK
}

/// The lines of the log, each with its event.
fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn events(output: &Output) -> Vec<String> {
    lines(output).iter().map(|line| line["event"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn floors_are_raised_before_a_match_and_lowered_after_it_and_each_change_is_a_line() {
    let server = Server::start().await;
    server.has("a", 1, 4);
    server.has("b", 2, 3);
    server.plays(300, "scheduled");
    let keep = ["a=1:3", "b=2:9"];
    let raised = server.look(&keep).await;
    assert!(raised.status.success(), "{raised:?}");
    assert_eq!((server.floor("a"), server.floor("b")), (3, 3), "never above the ceiling");
    assert_eq!(
        server.patches(),
        [r#"a {"spec":{"minReplicas":3}}"#, r#"b {"spec":{"minReplicas":3}}"#],
        "and nothing else is changed"
    );
    let line = &lines(&raised)[0];
    assert_eq!(
        (&line["event"], &line["autoscaler"], &line["from"], &line["to"]),
        (&json!("floor.raised"), &json!("a"), &json!(1), &json!(3))
    );
    let starts_at = line["starts_at"].as_str().map(DateTime::parse_from_rfc3339);
    assert!(line["match_id"].is_string() && matches!(starts_at, Some(Ok(_))), "{line}");

    let again = server.look(&keep).await;
    assert!(again.status.success() && lines(&again).is_empty(), "{again:?}");
    assert_eq!(server.patches().len(), 2);

    server.plays(-300, "in_progress");
    let lowered = server.look(&keep).await;
    assert_eq!((server.floor("a"), server.floor("b")), (1, 2));
    assert_eq!(events(&lowered), ["floor.lowered", "floor.lowered"]);
}

#[tokio::test]
async fn the_calendar_is_asked_for_what_is_near() {
    let server = Server::start().await;
    server.has("a", 1, 4);
    server.look(&["a=1:3"]).await;
    let query = server.seen.lock().unwrap().query.replace("%3A", ":");
    let of = |key: &str| {
        let value = query.split('&').find_map(|pair| pair.strip_prefix(key)).unwrap();
        value.parse::<DateTime<Utc>>().unwrap()
    };
    assert_eq!((of("to=") - of("from=")).num_seconds(), 720);
    assert!(query.ends_with("limit=100"), "{query}");
}

#[tokio::test]
async fn floors_stay_as_they_are_while_the_calendar_does_not_answer() {
    let server = Server::start().await;
    server.has("a", 3, 4);
    server.seen.lock().unwrap().is_calendar_silent = true;
    let output = server.look(&["a=1:3"]).await;
    assert!(!output.status.success());
    assert_eq!(server.floor("a"), 3);
    assert_eq!(events(&output), ["floor.unheard"]);
    assert!(
        lines(&output)[0]["error"].as_str().unwrap().contains("the league does not answer"),
        "{output:?}"
    );
}

#[tokio::test]
async fn an_autoscaler_that_is_not_there_holds_up_no_other() {
    let server = Server::start().await;
    server.has("b", 1, 4);
    server.plays(0, "in_progress");
    let output = server.look(&["a=1:3", "b=1:2"]).await;
    assert!(!output.status.success());
    assert_eq!(server.floor("b"), 2);
    assert_eq!(events(&output), ["floor.unheard", "floor.raised"]);
    assert!(lines(&output)[0]["error"].as_str().unwrap().contains("\"a\" not found"), "{output:?}");
}

#[tokio::test]
async fn without_the_service_accounts_files_nothing_begins() {
    let server = Server::start().await;
    let mut command = loljoa(&["floor", "--once", "--url", &server.url, "a=1:3"]);
    command.arg("--service-account").arg(PathBuf::from("/nowhere"));
    let output = tokio::process::Command::from(command).output().await.unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("/nowhere/ca.crt"), "{said}");
}
