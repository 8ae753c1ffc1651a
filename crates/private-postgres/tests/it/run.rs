//! `private-postgres -- command` leaves nothing behind, whatever becomes of the command.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::passable_directory;

fn private_postgres(place: &Path, script: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_private-postgres"));
    command.env("TMPDIR", place).args(["--", "sh", "-c", script]);
    command
}

fn is_empty(place: &Path) -> bool {
    place.read_dir().unwrap().next().is_none()
}

#[test]
fn the_exit_code_is_the_commands_and_the_cluster_is_gone() {
    let place = passable_directory();
    let status = private_postgres(place.path(), "exit 7").status().unwrap();
    assert_eq!(status.code(), Some(7));
    assert!(is_empty(place.path()));
}

#[test]
fn the_command_gets_a_url_for_each_database() {
    let place = passable_directory();
    let script = "echo $DATABASE_URL $ACCOUNT_DATABASE_URL $LEAGUE_DATABASE_URL $BETTING_DATABASE_URL";
    let output = private_postgres(place.path(), script).output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let databases = output.split_whitespace().map(|url| url.split(['/', '?']).nth(3).unwrap());
    assert_eq!(databases.collect::<Vec<_>>(), ["loljoa", "account", "league_schedule", "betting"]);
}

#[test]
fn a_command_that_does_not_exist_is_named_and_the_cluster_is_gone() {
    let place = passable_directory();
    let mut command = Command::new(env!("CARGO_BIN_EXE_private-postgres"));
    let output = command.env("TMPDIR", place.path()).args(["--", "no-such-program"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("no-such-program could not be run: "));
    assert!(is_empty(place.path()));
}

#[test]
fn a_signal_reaches_the_command_and_the_cluster_is_gone() {
    let place = passable_directory();
    let script = "trap 'exit 9' TERM; echo started; while :; do sleep 0.1; done";
    let mut running = private_postgres(place.path(), script).stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(running.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    assert_eq!(line, "started\n");

    kill(Pid::from_raw(running.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    assert_eq!(running.wait().unwrap().code(), Some(9));
    assert!(is_empty(place.path()));
}
