//! What `loljoa up` refuses, in one clear line each.

use std::{fs, net::TcpListener};

use loljoa::data_dir::DataDir;

use crate::support::{Place, loljoa, refusal};

#[test]
fn a_second_up_on_the_same_data_is_refused() {
    let place = Place::new();
    let up = place.up(&[]);
    let (code, line) = refusal(&place.command(&["up", "--listen", "127.0.0.1:0"]).output().unwrap());
    assert_eq!(code, Some(1));
    assert_eq!(line, format!("loljoa: {} is in use by another `loljoa`", place.data_dir().display()));
    up.stop();
}

#[test]
fn a_port_that_is_taken_is_named() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, line) = refusal(&place.command(&["up", "--listen", &address]).output().unwrap());
    assert_eq!(code, Some(1));
    let expected = "choose another address with --listen: cannot listen on";
    assert_eq!(line, format!("loljoa: {expected} {address}: Address already in use (os error 98)"));
}

#[test]
fn data_of_another_postgresql_is_refused() {
    let place = Place::new();
    let data = DataDir::open_or_make(&place.data_dir()).unwrap();
    data.secrets().unwrap();
    fs::create_dir(data.cluster()).unwrap();
    fs::write(data.cluster().join("PG_VERSION"), "9\n").unwrap();
    let (code, line) = refusal(&place.command(&["up", "--listen", "127.0.0.1:0"]).output().unwrap());
    assert_eq!(code, Some(1));
    let expected =
        format!("loljoa: {} was made by PostgreSQL 9, but this is PostgreSQL", data.cluster().display());
    assert!(line.starts_with(&expected) && !line.contains('\n'), "{line}");
}

#[test]
fn a_machine_without_postgresql_is_told_what_to_install() {
    let place = Place::new();
    let nowhere = place.data_dir().with_file_name("nowhere");
    let mut command = place.command(&["up", "--listen", "127.0.0.1:0"]);
    let (code, line) = refusal(&command.arg("--pg-bin").arg(&nowhere).output().unwrap());
    assert_eq!(code, Some(1));
    assert!(line.starts_with("loljoa: no PostgreSQL server was found in "), "{line}");
    assert!(line.contains("apt-get install postgresql"), "{line}");
}

#[test]
fn a_directory_with_other_files_is_left_alone() {
    let place = Place::new();
    fs::create_dir(place.data_dir()).unwrap();
    fs::write(place.data_dir().join("thesis.tex"), "").unwrap();
    let (code, line) = refusal(&place.command(&["up"]).output().unwrap());
    assert_eq!(code, Some(1));
    let place = place.data_dir();
    let expected =
        format!("loljoa: {} holds other files: choose an empty directory with --data-dir", place.display());
    assert_eq!(line, expected);
    assert_eq!(place.read_dir().unwrap().count(), 1);
}

#[test]
fn data_whose_secrets_are_gone_is_refused() {
    let place = Place::new();
    let data = DataDir::open_or_make(&place.data_dir()).unwrap();
    fs::create_dir(data.cluster()).unwrap();
    let (code, line) = refusal(&place.command(&["up", "--listen", "127.0.0.1:0"]).output().unwrap());
    assert_eq!(code, Some(1));
    assert!(line.contains("secrets.toml is gone, and without it the data cannot be read"), "{line}");
}

#[test]
fn bad_usage_exits_64_and_names_the_option() {
    for (arguments, named) in [
        (vec!["up", "--replay-interval", "60"], "60 is no time such as 500ms, 60s or 2m"),
        (vec!["up", "--replay-week", "10"], "10 is not in 1..=9"),
        (vec!["up", "--listen", "localhost"], "invalid socket address"),
        (vec!["fly"], "unrecognized subcommand 'fly'"),
        (vec!["admin", "lock", "T1"], "marketId: must be a UUID"),
        (vec!["serve", "account"], "missing field"),
    ] {
        let output = loljoa(&arguments).output().unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(64), "{complaint}");
        assert!(complaint.contains(named), "{complaint}");
    }
}
