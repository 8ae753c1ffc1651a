//! Ours and an old design in one run of the program.

use std::process::Stdio;

use loljoa_loadtest::{
    results::{Against, Results},
    scenario::Kind,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

use crate::support::{USERS, bench, run, text};

#[tokio::test]
async fn a_run_that_is_stopped_by_hand_writes_what_it_has_measured() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("results.json");
    let arguments = ["run", "hot-market", "--against", "ours", "--connections", "2,4", "--seconds", "2"];
    let mut stopped = Command::new(bench())
        .args(arguments)
        .args(["--users", "20", "--json", json.to_str().unwrap()])
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut told = BufReader::new(stopped.stderr.take().unwrap()).lines();
    let mut text = String::new();
    // Once the second is under way the first is over.
    while let Some(line) = told.next_line().await.unwrap() {
        text += &line;
        if line.contains("4 connections") {
            kill(Pid::from_raw(stopped.id().unwrap().try_into().unwrap()), Signal::SIGINT).unwrap();
        }
    }
    assert_eq!(stopped.wait().await.unwrap().code(), Some(1), "{text}");
    assert!(text.contains("stopped by hand"), "{text}");
    let results = Results::read(&json).unwrap();
    assert_eq!(results.runs.iter().map(|run| run.connections).collect::<Vec<_>>(), [2]);
}

#[tokio::test]
async fn a_run_measures_and_audits_both_systems_and_writes_what_came_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (json, html) = (folder.path().join("results.json"), folder.path().join("report.html"));
    let users = USERS.to_string();
    let output = run(&[
        "run",
        "hot-market",
        "refusals",
        "--against",
        "ours,pessimistic,single-statement",
        "--connections",
        "8",
        "--seconds",
        "1",
        "--warm-up",
        "0",
        "--users",
        &users,
        "--json",
        json.to_str().unwrap(),
        "--html",
        html.to_str().unwrap(),
    ])
    .await;
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));

    let results = Results::read(&json).unwrap();
    let made: Vec<_> = results.runs.iter().map(|run| (run.against.unwrap(), run.scenario)).collect();
    let expected: Vec<_> =
        Against::ALL.into_iter().flat_map(|of| [(of, Kind::HotMarket), (of, Kind::Refusals)]).collect();
    assert_eq!(made, expected);
    let page = std::fs::read_to_string(&html).unwrap();
    for run in &results.runs {
        assert!(run.accepted > 0, "{run:?}");
        assert_eq!(run.failures(), Vec::<String>::new(), "{run:?}");
        assert!(run.audit.is_some() && run.wal_per_bet().unwrap() > 0.0, "{run:?}");
        assert!(page.contains(&run.title()), "{}", run.title());
        let wrong = run.refused.values().sum::<u64>();
        assert_eq!(wrong > 0, run.scenario == Kind::Refusals, "{run:?}");
        let processes: Vec<_> = run.cost.as_ref().unwrap().cpu_seconds.keys().map(String::as_str).collect();
        assert_eq!(processes, ["account", "betting", "client", "gateway", "league-schedule", "postgres"]);
    }
}

#[tokio::test]
async fn replicas_share_the_load_and_users_come_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("results.json");
    let output = run(&[
        "run",
        "burst",
        "season",
        "--against",
        "ours",
        "--replicas",
        "2",
        "--connections",
        "20",
        "--seconds",
        "2",
        "--users",
        "20",
        "--json",
        json.to_str().unwrap(),
    ])
    .await;
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));

    let results = Results::read(&json).unwrap();
    let [burst, season] = results.runs.as_slice() else { panic!("{results:?}") };
    assert_eq!((burst.replicas.betting, season.replicas.betting), (2, 2));
    // Of twenty users each comes four times a second, for one of the two seconds.
    assert_eq!(burst.slices.iter().map(|slice| slice.requests).sum::<u64>(), 80, "{burst:?}");
    let of_requests = f64::from(u32::try_from(season.accepted).unwrap())
        / f64::from(u32::try_from(season.requests).unwrap());
    assert!((0.1..0.2).contains(&of_requests), "{season:?}");
}
