//! A stranger's tool (Schemathesis) reads the OpenAPI document, sends what it says is valid and what it says is not, and
//! compares the answers with it: as nobody, as a user and as an admin; about matches and markets that are there, and any.

use std::{fmt::Write, path::PathBuf, process::Stdio};

use loljoa::system::Service;
use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;
use uuid::Uuid;

use crate::{
    promises,
    support::{App, Cup},
};

/// Never ends, so it has stories of its own.
const ENDLESS: &str = "^/api/betting/stream$";
/// Requests of each operation that are made up, besides those of every bound that the document names.
const MADE_UP: &str = "10";
/// The same requests each time.
const SEED: &str = "20220112";

fn tool() -> PathBuf {
    let tool = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/tools/schemathesis/bin/schemathesis");
    let tool = PathBuf::from(std::env::var("LOLJOA_SCHEMATHESIS").unwrap_or_else(|_| tool.into()));
    assert!(tool.exists(), "{} is missing: run scripts/setup.sh contract", tool.display());
    tool
}

/// These name something that must fit what is there, an outcome of the market or the present password, which no schema can
/// say: 400 tells of it.
const LEANING: [&str; 4] = ["settleMarket", "correctMarket", "recordResult", "changePassword"];

/// Requests that stand alone: those of the document, those of every bound that it names, and made up ones.
const ALONE: &str = "examples,coverage,fuzzing";
/// … and requests made of what earlier ones have answered, as the tool finds that they belong together.
const IN_ORDER: &str = "examples,coverage,fuzzing,stateful";

/// Runs the tool as somebody, about these paths' ids where they are given, and tells what it said when it found something.
async fn try_out(app: &App, token: Option<&str>, ids: &[(&str, Uuid)]) -> Result<(), String> {
    let home = TempDir::new().unwrap();
    let mut config = String::new();
    if let Some(token) = token {
        writeln!(config, "[headers]\nAuthorization = \"Bearer {token}\"").unwrap();
    }
    writeln!(config, "[parameters]").unwrap();
    for (name, id) in ids {
        writeln!(config, "\"path.{name}\" = \"{id}\"").unwrap();
    }
    for operation in LEANING {
        writeln!(config, "[[operations]]\ninclude-operation-id = \"{operation}\"").unwrap();
        let statuses = "[\"2xx\", 400, 401, 403, 404, 409, 429]";
        writeln!(config, "checks.positive_data_acceptance.expected-statuses = {statuses}").unwrap();
    }
    let config_file = home.path().join("schemathesis.toml");
    std::fs::write(&config_file, config).unwrap();
    // Only who is somebody gets anything that a later request could be made of; it takes some seconds each time.
    let phases = if token.is_some() && !ids.is_empty() { IN_ORDER } else { ALONE };
    let gateway = app.system.url(Service::Gateway);
    let hooks = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/contract/hooks.py");
    let run = Command::new(tool())
        .arg("--config-file")
        .arg(config_file)
        .args(["run", &format!("{gateway}/api/openapi.json"), "--checks", "all", "--no-color"])
        .args(["--phases", phases, "--max-examples", MADE_UP, "--seed", SEED])
        .args(["--exclude-path-regex", ENDLESS, "--request-timeout", "30", "--warnings", "off"])
        .args(["--suppress-health-check", "all", "--continue-on-failure"])
        .env("SCHEMATHESIS_HOOKS", hooks)
        .current_dir(home.path())
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    if run.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_document_and_the_services_say_the_same() {
    let app = App::start_with(|options| {
        let gateway = options.overrides.get_mut(&Service::Gateway).unwrap();
        gateway["http"]["public_hello"] = json!(false);
    })
    .await;
    let mut cup = Cup::of(&app).await;
    let game = cup.game().await;
    let faker = app.sign_up("faker").await;
    let bet = faker.bet(&game.winner, "T1", 200).await;
    let known = [("matchId", game.match_id), ("marketId", game.score.market_id), ("betId", bet.bet_id)];
    let admin = cup.admin().http.token();
    let mut found = String::new();
    for (who, token) in [("nobody", None), ("a user", Some(faker.token.as_str())), ("an admin", admin)] {
        for ids in [&known[..], &[]] {
            if let Err(said) = try_out(&app, token, ids).await {
                let about = if ids.is_empty() { "anything" } else { "what is there" };
                writeln!(found, "as {who}, about {about}:\n{said}").unwrap();
            }
        }
    }
    assert!(found.is_empty(), "{found}");
    promises::all_hold(&app.db).await;
    app.stop().await;
}
