//! What is secret is in no error, and in no log.

use std::{
    fs::{self, File},
    process::Command,
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::support::Place;

/// What account says of itself when told this.
fn told(variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_loljoa"))
        .args(["serve", "account"])
        .env("LOLJOA__TOKENS__SEALING_KEY", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=")
        .env("LOLJOA__BOOTSTRAP_ADMIN__USERNAME", "admin")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_password_of_digits_is_text_and_is_not_told() {
    let database = ("LOLJOA__DATABASE__URL", "postgres://localhost/account");
    for password in ["12345678", "00001234", "1e100000", "true", "1.50"] {
        let (code, error) = told(&[
            database,
            ("LOLJOA__BOOTSTRAP_ADMIN__PASSWORD", password),
            // So that it stops after reading all.
            ("LOLJOA__GRPC__TIMEOUT_MS", "0"),
        ]);
        assert_eq!(code, Some(64), "{error}");
        assert!(error.contains("grpc.timeout_ms = 0") && !error.contains(password), "{error}");
        assert_eq!(error.lines().count(), 2, "nothing else is wrong: {error}");
    }
}

#[test]
fn a_secret_in_the_wrong_place_is_not_told_either() {
    let admin = ("LOLJOA__BOOTSTRAP_ADMIN__PASSWORD", "correct horse");
    let (code, error) = told(&[admin, ("LOLJOA__DATABASE", "postgres://u:hunter2@db/account")]);
    assert_eq!(code, Some(64), "{error}");
    assert!(error.contains("expected struct Database") && !error.contains("hunter2"), "{error}");
}

#[test]
fn the_launchers_log_at_trace_has_no_secret_but_the_line_that_shows_the_password() {
    let place = Place::new();
    let kept = place.data_dir().with_file_name("log");
    let command = ["up", "--listen", "127.0.0.1:0", "--no-replay", "--no-demo", "--log", "trace"];
    let log = File::create(&kept).unwrap();
    let mut up = place.command(&command).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
    let read = || fs::read_to_string(&kept).unwrap_or_default();
    while !read().contains("Ctrl-C stops it") {
        assert_eq!(up.try_wait().unwrap(), None, "it did not come up: {}", read());
        thread::sleep(Duration::from_millis(50));
    }
    kill(Pid::from_raw(up.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    assert!(up.wait().unwrap().success());

    let secrets = fs::read_to_string(place.data_dir().join("secrets.toml")).unwrap();
    let secrets: Vec<_> = secrets.lines().filter_map(|line| line.split('"').nth(1)).collect();
    assert_eq!(secrets.len(), 7);
    let (log, mut shown) = (read(), 0);
    assert!(log.lines().count() > 1_000, "it says next to nothing");
    for line in log.lines() {
        if line.starts_with("  admin     admin, password ") {
            shown += 1;
        } else {
            assert!(secrets.iter().all(|secret| !line.contains(secret)), "{line}");
        }
    }
    assert_eq!(shown, 1);
}
