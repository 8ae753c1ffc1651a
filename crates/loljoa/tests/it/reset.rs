//! `loljoa reset` forgets our data, and nobody else's.

use std::fs;

use loljoa::data_dir::DataDir;

use crate::support::{Place, refusal};

#[test]
fn it_deletes_the_data_directory() {
    let place = Place::new();
    DataDir::open_or_make(&place.data_dir()).unwrap().secrets().unwrap();
    assert!(place.command(&["reset", "--yes"]).status().unwrap().success());
    assert!(!place.data_dir().exists());
}

#[test]
fn it_has_nothing_to_do_where_nothing_is() {
    let place = Place::new();
    let output = place.command(&["reset", "--yes"]).output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8(output.stdout).unwrap().starts_with("There is nothing to forget in "));
}

#[test]
fn it_does_not_touch_a_directory_that_is_not_ours() {
    let place = Place::new();
    fs::create_dir(place.data_dir()).unwrap();
    fs::write(place.data_dir().join("thesis.tex"), "").unwrap();
    let (code, line) = refusal(&place.command(&["reset", "--yes"]).output().unwrap());
    assert_eq!(code, Some(1));
    assert_eq!(line, format!("loljoa: there is no data of `loljoa up` in {}", place.data_dir().display()));
    assert!(place.data_dir().join("thesis.tex").exists());
}

#[test]
fn it_asks_first_and_does_nothing_where_nobody_can_answer() {
    let place = Place::new();
    DataDir::open_or_make(&place.data_dir()).unwrap();
    let mut command = place.command(&["reset"]);
    let (code, line) = refusal(&command.stdin(std::process::Stdio::null()).output().unwrap());
    assert_eq!((code, line.as_str()), (Some(1), "loljoa: there is no terminal to ask at: say --yes"));
    assert!(place.data_dir().exists());
}

#[test]
fn it_refuses_while_the_data_is_in_use() {
    let place = Place::new();
    let data = DataDir::open_or_make(&place.data_dir()).unwrap();
    let lock = data.lock().unwrap();
    let (code, line) = refusal(&place.command(&["reset", "--yes"]).output().unwrap());
    assert_eq!(code, Some(1));
    assert!(line.ends_with("is in use by another `loljoa`"), "{line}");
    drop(lock);
}
