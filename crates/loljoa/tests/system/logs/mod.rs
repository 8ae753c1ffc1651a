//! What services write into their logs: with everything at `trace`, lines of the shape that docs/logs.md tells, and no secret.

mod secrets;
mod shipped;
mod written;

use loljoa::system::{Mode, Service};
use loljoa_service_kit::ids;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use self::{
    secrets::{Secrets, refresh_token},
    written::Written,
};
use crate::support::{ADMIN_PASSWORD, App, Bettor, Cup, Http, PASSWORD, Reply, eventually};

const NEW_PASSWORD: &str = "hide on bush 2026";
const WRONG_PASSWORD: &str = "hide in bush 2013";

/// Every service in a process of its own, whose log is kept.
async fn start(written: &Written) -> App {
    App::start_as_processes(|options| {
        options.mode = Mode::Processes { program: written.program() };
        options.log = "trace".into();
        for service in Service::ALL {
            let told = options.overrides.entry(service).or_insert_with(|| json!({}));
            told["runtime"]["telemetry"]["log_format"] = "json".into();
        }
    })
    .await
}

/// Opens a session, and goes on with it once.
async fn enter(http: &Http, path: &str, username: &str, password: &str, secrets: &mut Secrets) -> Bettor {
    let reply = http.post(path, &json!({ "username": username, "password": password })).await;
    let opened = Bettor::from_session(http, reply.ok());
    let cookie = refresh_token(&reply);
    secrets.add("an access token", &opened.token);
    secrets.add("a refresh token", &cookie);
    let refresh = http.request(Method::POST, "/api/account/refresh");
    let reply = Reply::to(refresh.header("Cookie", format!("loljoa_refresh={cookie}"))).await;
    let bettor = Bettor::from_session(http, reply.ok());
    secrets.add("an access token", &bettor.token);
    secrets.add("a refresh token", &refresh_token(&reply));
    bettor
}

/// All that somebody does who has secrets.
async fn live(app: &App, secrets: &mut Secrets) {
    let bettor = enter(&app.http, "/api/account/signup", "faker", PASSWORD, secrets).await;
    let game = Cup::of(app).await.game().await;
    let bet = bettor.bet(&game.winner, "T1", 300).await;
    let too_much = bettor.try_bet(ids::fresh(), &game.winner, "T1", 1_000_000).await;
    assert_eq!(too_much.refusal().0, 409);
    bettor.cancel(bet.bet_id).await.ok::<Value>();

    let wrong = json!({ "username": "faker", "password": WRONG_PASSWORD });
    assert_eq!(app.http.post("/api/account/login", &wrong).await.status, 401);
    let forged = format!("{}x", bettor.token);
    assert_eq!(app.http.with_token(&forged).get("/api/account/me").await.status, 401);
    assert_eq!(bettor.http.get("/api/admin/actions").await.status, 403);

    let passwords = json!({ "currentPassword": PASSWORD, "newPassword": NEW_PASSWORD });
    let changed = bettor.http.post("/api/account/password", &passwords).await;
    secrets.add("a refresh token", &refresh_token(&changed));
    secrets.add("an access token", &Bettor::from_session(&app.http, changed.ok()).token);
    let again = enter(&app.http, "/api/account/login", "faker", NEW_PASSWORD, secrets).await;
    again.http.post("/api/account/logout", &json!({})).await;
    let admin = enter(&app.http, "/api/account/login", "admin", ADMIN_PASSWORD, secrets).await;
    let found: Value = admin.http.get("/api/account/users?username=faker").await.ok();
    let desk = format!("/api/account/users/{}", found["account"]["accountId"].as_str().unwrap());
    admin.http.post(&format!("{desk}/sessions/end"), &json!({})).await.ok::<Value>();
    admin.http.get("/api/admin/actions").await.ok::<Value>();
    turn_down(app, &admin.token).await;
}

/// Turns betting's log down for a while, and up again.
async fn turn_down(app: &App, token: &str) {
    let url = format!("http://{}/log-level", app.system.addresses()[&Service::Betting].admin);
    let ask = async |method: Method, body: Value| {
        let answer = Client::new().request(method, &url).bearer_auth(token).json(&body).send().await.unwrap();
        (answer.status(), answer.json::<Value>().await.unwrap())
    };
    let misspelt = json!({ "filter": "wran", "forSeconds": 60 });
    let (status, problem) = ask(Method::PUT, misspelt).await;
    assert_eq!(
        (status, &problem["errors"][0]["field"]),
        (StatusCode::BAD_REQUEST, &json!("filter")),
        "{problem}"
    );
    let (_, level) = ask(Method::GET, json!({})).await;
    assert_eq!((&level["filter"], &level["until"]), (&json!("trace"), &Value::Null), "{level}");

    let (status, level) = ask(Method::PUT, json!({ "filter": "warn", "forSeconds": 60 })).await;
    assert_eq!(status, StatusCode::OK, "{level}");
    let said = (&level["service"], &level["filter"], &level["configured"]);
    assert_eq!(said, (&json!("betting"), &json!("warn"), &json!("trace")));
    assert!(level["until"].is_string(), "{level}");
    let (_, level) = ask(Method::DELETE, json!({})).await;
    assert_eq!((&level["filter"], &level["until"]), (&json!("trace"), &Value::Null), "{level}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logs_at_trace_hold_no_secret_and_say_what_is_documented() {
    let written = Written::new();
    let app = start(&written).await;
    let mut secrets = Secrets::of(&app).await;
    for (what, secret) in
        [("a password", PASSWORD), ("a password", NEW_PASSWORD), ("a password", WRONG_PASSWORD)]
    {
        secrets.add(what, secret);
    }
    live(&app, &mut secrets).await;
    secrets.add_hashes(&app).await;
    written.migrate(&app);
    // What is written in the background comes a moment later.
    eventually("betting's log", async || written.read("betting").contains("log.filter_reset").then_some(()))
        .await;
    app.stop().await;

    secrets.look_for_them(&written);
    let index = shipped::Mapping::of("deploy/logging/template-logs.json");
    for service in Service::ALL {
        written.look_at_lines(service);
        for line in written.lines(service.name()) {
            assert_eq!(index.takes(&line), Ok(()), "{line}");
            assert_ne!(line["event"], "replica.work_left", "{line}");
        }
    }
    let line = |service: &str, event: &str| {
        let lines = written.lines(service);
        lines
            .into_iter()
            .find(|line| line["event"] == event)
            .unwrap_or_else(|| panic!("no {event} of {service}"))
    };
    let changed = line("betting", "log.filter_changed");
    let (who, from, to) = (&changed["admin"], &changed["from"], &changed["to"]);
    assert_eq!((who, from, to), (&json!("admin"), &json!("trace"), &json!("warn")), "{changed}");
    assert_eq!(line("betting", "log.filter_reset")["to"], "trace");
    assert_eq!(line("betting", "bet.refused")["reason"], "insufficient_points");
    let answered = line("gateway", "request.answered");
    assert!(answered["took_ms"].is_u64() && answered["trace_id"] != "", "{answered}");
}
