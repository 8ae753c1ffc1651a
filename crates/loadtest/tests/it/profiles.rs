//! A service looked at under load.

use tokio::process::Command;

use crate::support::{USERS, bench, run, text};

const FORBIDDEN: &str = "perf_event_paranoid";
const MISSING: &str = "scripts/setup.sh profile";

/// Not every machine lets us look; whoever may not is told what to do.
#[tokio::test]
async fn a_profile_shows_where_time_went_or_says_what_it_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let users = USERS.to_string();
    let output = run(&[
        "profile",
        "hot-market",
        "--service",
        "betting",
        "--connections",
        "8",
        "--seconds",
        "2",
        "--warm-up",
        "0",
        "--users",
        &users,
        "--out",
        folder.path().to_str().unwrap(),
    ])
    .await;
    let complaint = text(&output.stderr);
    if !output.status.success() {
        assert!(complaint.contains(FORBIDDEN) || complaint.contains(MISSING), "{complaint}");
        return;
    }
    let read = |file: &str| std::fs::read_to_string(folder.path().join(file)).unwrap();
    assert!(read("betting.svg").contains("betting under hot-market, ours, 8 connections"));
    assert!(read("betting.stacks.txt").contains("tokio"), "{}", read("betting.stacks.txt"));
    assert!(read("betting.html").contains("data=\"betting.svg\""));
    let statements = read("betting.statements.txt");
    for wanted in ["record_new_bets", "apply_transfers", "function", "betting", "account"] {
        assert!(statements.contains(wanted), "{wanted} is not in {statements}");
    }
}

#[tokio::test]
async fn whoever_has_no_perf_is_told_what_installs_it() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(bench())
        .args(["profile", "hot-market", "--out"])
        .arg(folder.path())
        .env("PATH", folder.path())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains(MISSING), "{}", text(&output.stderr));
}

#[tokio::test]
async fn what_is_more_than_requests_is_not_looked_at() {
    for scenario in ["bare", "overload", "settle", "stream", "long"] {
        let output = run(&["profile", scenario]).await;
        assert_eq!(output.status.code(), Some(64), "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains(scenario), "{}", text(&output.stderr));
    }
}
