use std::{
    future,
    path::PathBuf,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use clap::Args;
use serde::Deserialize;
use tokio::time;

use super::{
    password_file,
    release::{Address, Release, json},
};
use crate::{console, demo, signals::Signals};

const LOOK_EVERY: Duration = Duration::from_secs(1);
const TELL_EVERY: Duration = Duration::from_mins(1);

#[derive(Args)]
#[command(
    after_help = "They bet on whatever is open. Matches that start by themselves come from a replay, which league-schedule's setting\n\
    source.kind = \"replay\" runs.\n\nExamples:\n  \
    loljoa demo --url http://127.0.0.1:8080 --password-file demo-password\n  \
    loljoa demo --url https://loljoa.example --bettors 50 --bets 1000 --password-file /run/secrets/demo-password"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    address: Address,
    /// How many bet at the same time
    #[arg(long, value_name = "NUMBER", default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    bettors: u16,
    /// Stop after so many bets, instead of at Ctrl-C
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    bets: Option<u64>,
    /// A file with the password of all of them
    #[arg(long, value_name = "FILE")]
    password_file: PathBuf,
    /// How long services that do not answer yet are waited for
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    wait: u64,
}

#[derive(Deserialize)]
struct Page<T> {
    items: Vec<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tournament {
    name: String,
    replay_state: Option<String>,
}

/// Lets demo bettors bet until Ctrl-C, or until there are as many bets as were asked for.
pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let signals = Signals::listen()?;
    let password = password_file::read(&arguments.password_file)?;
    let release = arguments.address.open()?;
    let beginning = async {
        release.ready(Duration::from_secs(arguments.wait)).await?;
        tell_of_replays(&release).await
    };
    let Some(begun) = signals.stop.run_until_cancelled(beginning).await else { return Ok(ExitCode::SUCCESS) };
    begun?;
    let placed = Arc::new(AtomicU64::new(0));
    let options = demo::Options {
        http: release.http,
        url: release.url,
        bettors: arguments.bettors.into(),
        password,
        placed: Arc::clone(&placed),
    };
    console::say(format_args!("{} demo bettors bet at {}", options.bettors, options.url));
    let stop = signals.stop.child_token();
    let betting = demo::run(options, stop.clone());
    let enough = async {
        count(&placed, arguments.bets.unwrap_or(u64::MAX)).await;
        stop.cancel();
        future::pending::<()>().await;
    };
    tokio::select! {
        () = betting => {}
        () = enough => {}
    }
    console::say(format_args!("{} bets were placed", placed.load(Ordering::Relaxed)));
    Ok(ExitCode::SUCCESS)
}

/// Says now and then how many bets there are, until there are `enough`.
async fn count(placed: &AtomicU64, enough: u64) {
    let mut told = time::Instant::now();
    loop {
        time::sleep(LOOK_EVERY).await;
        let number = placed.load(Ordering::Relaxed);
        if number >= enough {
            return;
        }
        if told.elapsed() >= TELL_EVERY {
            told = time::Instant::now();
            console::say(format_args!("{number} bets were placed so far"));
        }
    }
}

async fn tell_of_replays(release: &Release) -> anyhow::Result<()> {
    let tournaments: Page<Tournament> =
        json(release.http.get(release.at("/api/league/tournaments")?)).await?;
    let replayed = tournaments.items.iter().filter(|tournament| tournament.replay_state.is_some());
    let lines: Vec<_> = replayed
        .map(|tournament| match tournament.replay_state.as_deref() {
            Some("finished") => format!("the replay of {} has ended", tournament.name),
            _ => format!("{} is being replayed", tournament.name),
        })
        .collect();
    for line in &lines {
        console::say(line);
    }
    if lines.is_empty() {
        console::say("no season is replayed here, so they bet on whatever else is open");
    }
    Ok(())
}
