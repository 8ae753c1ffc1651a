//! Coming up, going down, and coming up again.

use std::fs;

use loljoa::system::Service;
use nix::sys::signal::Signal;

use crate::{
    processes::{children, command_line, process_of},
    support::{Place, mode},
};

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
    let (status, session) = up.log_in_as_admin().await;
    assert_eq!((status, &session["account"]["role"]), (200, &"admin".into()), "{session}");
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
