//! What the admin ports do for everybody.

use loljoa::system::Service;
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;

use super::{
    GATES,
    callers::Callers,
    channel,
    table::{ADMIN_PORT, Caller, OUTCOMES, Outcome},
};
use crate::support::{App, eventually};

/// What becomes of a request without a body.
async fn outcome(url: &str, method: &str, token: Option<&str>) -> Outcome {
    let mut request = Client::new().request(Method::from_bytes(method.as_bytes()).unwrap(), url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.unwrap();
    assert_ne!(answer.status(), StatusCode::NOT_FOUND, "{method} {url} is not served");
    assert_ne!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{method} {url} is not served");
    let problem: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default();
    let gate = GATES.into_iter().find(|gate| problem["code"] == *gate);
    gate.map_or(Outcome::In, Outcome::Refused)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_admin_port_lets_in_whom_the_table_says() {
    let app = App::start().await;
    let channels = ["account", "betting", "league_schedule"].map(|server| channel(&app, server));
    let mut callers = Callers::gather(&app, channels.each_ref()).await;
    let mut wrong = Vec::new();
    for service in Service::ALL {
        let at = app.system.addresses()[&service].admin;
        let log = format!("http://{at}/log-level");
        // The gateway learns by itself of what the others were waited for.
        let admin = callers.token(Caller::AnAdmin).await;
        eventually("admins being known", async || {
            (outcome(&log, "GET", admin.as_deref()).await == Outcome::In).then_some(())
        })
        .await;
        for caller in [Caller::OfAnEndedSession, Caller::OfARemovedKey] {
            let token = callers.token(caller).await;
            eventually("what was revoked being known", async || {
                (outcome(&log, "GET", token.as_deref()).await != Outcome::In).then_some(())
            })
            .await;
        }
        for (method, path, door) in ADMIN_PORT {
            for (caller, outcomes) in OUTCOMES {
                let expected = outcomes.into_iter().find(|(through, _)| *through == door).unwrap().1;
                let token = callers.token(caller).await;
                let found = outcome(&format!("http://{at}{path}"), method, token.as_deref()).await;
                if found != expected {
                    wrong.push(format!("{service} {method} {path}, {caller:?}: {found:?}, not {expected:?}"));
                }
            }
        }
    }
    assert_eq!(wrong, [] as [String; 0]);
    app.stop().await;
}
