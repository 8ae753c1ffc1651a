//! Coming up, going down, and coming up again.

use std::{fs, process::Command};

use loljoa::system::Service;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::support::{Place, mode};

/// The processes that `parent` has started and that still run.
fn children(parent: Pid) -> Vec<Pid> {
    let output = Command::new("ps").args(["-o", "pid=", "--ppid", &parent.to_string()]).output().unwrap();
    let pids = String::from_utf8(output.stdout).unwrap();
    pids.split_whitespace().map(|pid| Pid::from_raw(pid.parse().unwrap())).collect()
}

fn command_line(pid: Pid) -> String {
    fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default().replace('\0', " ")
}

fn process_of(service: Service, parent: Pid) -> Pid {
    let serves = format!(" serve {service} ");
    children(parent).into_iter().find(|pid| command_line(*pid).contains(&serves)).unwrap()
}

#[tokio::test]
async fn the_next_up_goes_on_with_the_same_data() {
    let place = Place::new();
    let up = place.up(&[]);
    assert_eq!(up.sign_up("faker").await, 201);
    up.stop();
    assert!(!place.data_dir().join("run.json").exists());

    let up = place.up(&[]);
    assert_eq!(up.log_in("faker").await, 200);
    up.stop();
}

#[tokio::test]
async fn a_system_in_four_processes_has_the_same_data() {
    let place = Place::new();
    let up = place.up(&["--processes"]);
    assert_eq!(up.sign_up("keria").await, 201);
    up.stop();

    let up = place.up(&[]);
    assert_eq!(up.log_in("keria").await, 200);
    up.stop();
}

#[test]
fn only_its_owner_can_read_the_secrets_and_they_are_on_no_command_line() {
    let place = Place::new();
    let up = place.up(&["--processes"]);
    let file = place.data_dir().join("secrets.toml");
    assert_eq!(mode(&file), 0o600);

    let secrets = fs::read_to_string(&file).unwrap();
    let secrets: Vec<_> = secrets.lines().filter_map(|line| line.split('"').nth(1)).collect();
    assert_eq!(secrets.len(), 7);
    for pid in children(up.pid()) {
        let line = command_line(pid);
        assert!(!line.is_empty());
        assert!(secrets.iter().all(|secret| !line.contains(secret)), "{line}");
    }
    up.stop();
}

#[tokio::test]
async fn the_admin_logs_in_with_the_password_that_is_shown() {
    let place = Place::new();
    let up = place.up(&[]);
    let line = up.said().lines().find(|line| line.contains("admin")).unwrap().to_owned();
    let password = line.split_whitespace().last().unwrap();
    // The admin is made in the background, and may come a moment after everything is ready.
    while up.get("/api/account/leaderboard").await["items"] == serde_json::json!([]) {}
    let credentials = serde_json::json!({ "username": "admin", "password": password });
    let (status, session) = up.post("/api/account/login", &credentials).await;
    assert_eq!((status, &session["account"]["role"]), (200, &"admin".into()));
    up.stop();
}

#[tokio::test]
async fn after_kill_9_nothing_keeps_running_and_the_next_up_goes_on() {
    let place = Place::new();
    let mut up = place.up(&["--processes"]);
    assert_eq!(up.sign_up("gumayusi").await, 201);
    let services = Service::ALL.map(|service| process_of(service, up.pid()));
    up.signal(Signal::SIGKILL);
    up.wait();

    let up = place.up(&["--processes"]);
    assert_eq!(up.log_in("gumayusi").await, 200);
    for pid in services {
        while command_line(pid).contains(" serve ") {
            tokio::task::yield_now().await;
        }
    }
    up.stop();
}

#[test]
fn when_one_service_dies_all_stop_with_one_clear_line() {
    let place = Place::new();
    let mut up = place.up(&["--processes"]);
    kill(process_of(Service::Betting, up.pid()), Signal::SIGKILL).unwrap();
    assert_eq!(up.wait().code(), Some(1));
    let complaints = up.complaints();
    let expected = "loljoa: betting has stopped: its process ended with signal: 9 (SIGKILL)";
    assert!(complaints.lines().any(|line| line == expected), "{complaints}");
}

#[test]
fn when_the_database_dies_all_stop_with_one_clear_line() {
    let place = Place::new();
    let mut up = place.up(&[]);
    let server =
        children(up.pid()).into_iter().find(|pid| command_line(*pid).contains("postgres -D")).unwrap();
    kill(server, Signal::SIGKILL).unwrap();
    assert_eq!(up.wait().code(), Some(1));
    let complaints = up.complaints();
    assert!(
        complaints.contains("loljoa: PostgreSQL has stopped: it ended with signal: 9 (SIGKILL)"),
        "{complaints}"
    );
}
