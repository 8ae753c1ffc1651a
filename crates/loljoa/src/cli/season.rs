use std::{fs, path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context, bail};
use clap::Args;
use loljoa_league_schedule::source::file::BUNDLED;
use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::{
    password_file,
    release::{Address, Failure, Release, Session, Wait, json},
};
use crate::{console, signals::Signals, system::ADMIN};

/// At a first start account makes its admin a moment after it is ready. So many tries, of which none is throttled.
const LOG_INS: u32 = 5;
const LOG_IN_PAUSE: Duration = Duration::from_secs(3);

#[derive(Args)]
#[command(
    after_help = "A season that is there already changes nothing, so it may be brought in as often as one likes.\n\nExamples:\n  \
    loljoa season --url http://127.0.0.1:8080 --password-file admin-password\n  \
    loljoa season --url https://loljoa.example --password-file /run/secrets/admin-password lck-2023-spring.json"
)]
pub(super) struct Arguments {
    /// A season in JSON or CSV, told apart by the file's ending [default: the bundled LCK 2022 Spring]
    file: Option<PathBuf>,
    #[command(flatten)]
    address: Address,
    /// The admin's name
    #[arg(long, value_name = "NAME", default_value = ADMIN)]
    username: String,
    /// A file with the admin's password
    #[arg(long, value_name = "FILE")]
    password_file: PathBuf,
    /// How long services that do not answer yet are waited for
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    wait: u64,
}

#[derive(Deserialize)]
struct Report {
    added: u32,
    changed: u32,
    unchanged: u32,
    refused: u32,
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "line")]
    number: u32,
    action: String,
    message: String,
}

/// Brings a season in as an admin does, by the public address, once the services answer there.
pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let signals = Signals::listen()?;
    tokio::select! {
        result = bring_in(arguments) => result,
        () = signals.stop.cancelled() => bail!("stopped before the season was in"),
    }
}

async fn bring_in(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let (content, media_type) = season(arguments.file)?;
    let password = password_file::read(&arguments.password_file)?;
    let release = arguments.address.open()?;
    let patience = Duration::from_secs(arguments.wait);
    release.ready(patience).await?;
    let admin = log_in(&release, &arguments.username, &password, patience).await?;

    let report = import(&release, &admin, &content, media_type, patience).await;
    // The session ends with the work, however that ended.
    if let Err(error) = admin.close(&release).await {
        console::complain(format_args!("the admin's session for this could not be ended: {error:#}"));
    }
    Ok(tell(&report.context("the season was not brought in")?))
}

/// Sends the season until there is an answer: the same one again changes nothing.
async fn import(
    release: &Release,
    admin: &Session,
    content: &[u8],
    media_type: &str,
    patience: Duration,
) -> anyhow::Result<Report> {
    let send = async || {
        let request = admin.by(release.http.post(release.at("/api/league/import")?));
        Ok(json(request.header("Content-Type", media_type).body(content.to_vec())).await)
    };
    Wait::begin(patience).for_answer("the import", send).await
}

fn season(file: Option<PathBuf>) -> anyhow::Result<(Vec<u8>, &'static str)> {
    let Some(file) = file else { return Ok((BUNDLED.into(), "application/json")) };
    let content = fs::read(&file).with_context(|| file.display().to_string())?;
    let is_csv = file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
    Ok((content, if is_csv { "text/csv" } else { "application/json" }))
}

async fn log_in(
    release: &Release,
    username: &str,
    password: &SecretString,
    patience: Duration,
) -> anyhow::Result<Session> {
    let mut wait = Wait::begin(patience);
    let mut tries = 1;
    loop {
        let credentials = json!({ "username": username, "password": password.expose_secret() });
        let request = release.http.post(release.at("/api/account/login")?).json(&credentials);
        let failure = match Session::open(request).await {
            Ok(session) => return Ok(session),
            Err(failure) => failure,
        };
        let is_unknown =
            matches!(failure, Failure::Refused { status, .. } if status == StatusCode::UNAUTHORIZED);
        let pause = match failure.retry_after() {
            Some(pause) => pause,
            None if is_unknown && tries < LOG_INS => LOG_IN_PAUSE,
            None => return Err(failure).with_context(|| format!("{username} could not be logged in")),
        };
        tries += u32::from(is_unknown);
        wait.pause(&format!("{username}'s log-in: {failure}"), pause).await?;
    }
}

fn tell(report: &Report) -> ExitCode {
    for line in report.lines.iter().filter(|line| line.action == "refused") {
        console::complain(format_args!("line {}: {}", line.number, line.message));
    }
    let Report { added, changed, unchanged, refused, .. } = report;
    let counts = format!("{added} added, {changed} changed, {unchanged} unchanged, {refused} refused.");
    if *refused == 0 {
        console::say(counts);
        return ExitCode::SUCCESS;
    }
    console::say(format_args!("{counts} Nothing was changed: one refused line refuses the whole file."));
    ExitCode::FAILURE
}
