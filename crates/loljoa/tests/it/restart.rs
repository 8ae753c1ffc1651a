//! What dies under `loljoa up --processes` is started again; without `--processes` all ends, and says why.

use std::fs;

use loljoa::{data_dir::DataDir, system::Service};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{
    processes::{children, command_line, postgres, process_of},
    support::Place,
};

const KILLED: &str = "its process ended with signal: 9 (SIGKILL)";

fn kill_9(pid: Pid) {
    kill(pid, Signal::SIGKILL).unwrap();
}

#[tokio::test]
async fn every_service_that_dies_is_started_again() {
    let place = Place::new();
    let up = place.up(&["--processes"]);
    assert_eq!(up.sign_up("zeus").await, 201);
    for service in Service::ALL {
        let before = process_of(service, up.pid());
        kill_9(before);
        up.complains(&format!("{service} has stopped: {KILLED}; it is started again in 500ms"));
        up.complains(&format!("{service} is up again"));
        assert_ne!(process_of(service, up.pid()), before);
        assert_eq!(up.log_in("zeus").await, 200);
    }
    up.stop();
}

#[test]
fn what_dies_again_and_again_waits_longer_and_ctrl_c_ends_the_wait() {
    let place = Place::new();
    let mut up = place.up(&["--processes"]);
    let mut started = children(up.pid());
    for pause in ["500ms", "1s", "2s"] {
        let pid = process_of(Service::Betting, up.pid());
        started.push(pid);
        kill_9(pid);
        up.complains(&format!("betting has stopped: {KILLED}; it is started again in {pause}"));
        if pause != "2s" {
            up.complains("betting is up again");
        }
    }
    up.signal(Signal::SIGINT);
    let status = up.wait();
    assert!(status.success(), "{status}: {}", up.complaints());
    assert_eq!(started.len(), 5 + 3);
    for pid in started {
        assert_eq!(command_line(pid), "", "a process is left");
    }
}

#[tokio::test]
async fn the_database_that_dies_is_started_again_where_it_was() {
    let place = Place::new();
    let up = place.up(&["--processes"]);
    assert_eq!(up.sign_up("keria").await, 201);
    let before = postgres(up.pid());
    kill_9(before);
    let log = DataDir::open(&place.data_dir()).unwrap().postgres_log();
    let died = "PostgreSQL has stopped: it ended with signal: 9 (SIGKILL)";
    up.complains(&format!("{died} (the whole story: {}); it is started again in 500ms", log.display()));
    up.complains("PostgreSQL is up again");
    assert_ne!(postgres(up.pid()), before);
    assert_eq!(up.log_in("keria").await, 200);
    let starts = fs::read_to_string(log).unwrap().matches("starting PostgreSQL").count();
    assert_eq!(starts, 2, "the log tells the story before the end and after it");
    up.stop();
}

#[tokio::test]
async fn a_service_that_was_turned_off_is_started_again() {
    let place = Place::new();
    let up = place.up(&["--processes", "--experiments"]);
    for service in ["betting", "gateway"] {
        assert_eq!(up.turn_off(service).await, 200);
        let why = "/livez says turned off, 503 Service Unavailable";
        up.complains(&format!("{service} does not live any more: {why}; it is started again in 500ms"));
        up.complains(&format!("{service} is up again"));
        // The gateway tries again until it finds the new process.
        let hello = up.get(&format!("/api/{service}/hello")).await;
        assert_eq!(hello["live"], true, "{hello}");
    }
    up.stop();
}

#[tokio::test]
async fn in_one_process_a_service_that_was_turned_off_ends_all_with_one_clear_line() {
    let place = Place::new();
    let mut up = place.up(&["--experiments"]);
    assert_eq!(up.turn_off("league").await, 200);
    assert_eq!(up.wait().code(), Some(1));
    up.complains(
        "loljoa: league-schedule does not live any more: /livez says turned off, 503 Service Unavailable",
    );
}

#[test]
fn in_one_process_the_death_of_the_database_ends_all_with_one_clear_line() {
    let place = Place::new();
    let mut up = place.up(&[]);
    kill_9(postgres(up.pid()));
    assert_eq!(up.wait().code(), Some(1));
    let complaints = up.complaints();
    let expected = "loljoa: PostgreSQL has stopped: it ended with signal: 9 (SIGKILL)";
    assert!(complaints.lines().any(|line| line.starts_with(expected)), "{complaints}");
}
