//! `loljoa admin log-level`.

use std::process::Output;

use crate::support::{Place, loljoa, refusal};

fn said(output: &Output) -> Vec<String> {
    String::from_utf8(output.stdout.clone()).unwrap().lines().map(str::to_owned).collect()
}

/// The columns of a row: service, address, what is logged, until when, what is configured.
fn columns(row: &str) -> Vec<&str> {
    row.split_whitespace().collect()
}

#[tokio::test]
async fn a_level_is_changed_for_a_while_where_it_is_wanted() {
    let place = Place::new();
    let up = place.up(&["--processes", "--betting-cells", "2"]);
    up.log_in_as_admin().await;
    let level =
        |arguments: &[&str]| place.command(&[&["admin", "log-level"], arguments].concat()).output().unwrap();

    let shown = level(&["--service", "betting", "--filter", "error,loljoa_betting=info", "--for", "1m"]);
    assert!(shown.status.success(), "{shown:?}");
    let lines = said(&shown);
    assert_eq!(lines.len(), 4, "{lines:#?}");
    for line in &lines[1..3] {
        let columns = columns(line);
        assert_eq!((columns[0], columns[2], columns[4]), ("betting", "error,loljoa_betting=info", "warn"));
        assert!(columns[3].ends_with('Z'), "{line}");
    }
    assert_eq!(lines[3], "2 of 2 replicas were reached.");

    let lines = said(&level(&[]));
    assert_eq!(lines.last().unwrap(), "5 of 5 replicas were reached.");
    let changed = lines.iter().filter(|line| line.contains("loljoa_betting=info")).count();
    assert_eq!(changed, 2, "{lines:#?}");

    let refused = level(&["--filter", "debgu"]);
    let (code, complaint) = refusal(&refused);
    assert_eq!((code, complaint.lines().count()), (Some(1), 5), "{complaint}");
    assert!(complaint.contains(": filter: must be levels"), "{complaint}");
    assert_eq!(said(&refused), ["0 of 5 replicas were reached."]);
    let (_, too_long) = refusal(&level(&["--filter", "debug", "--for", "61m"]));
    assert!(too_long.contains(": forSeconds: must be from 1 to 3600"), "{too_long}");

    let lines = said(&level(&["--reset"]));
    assert!(lines[1..6].iter().all(|line| columns(line)[2..] == ["warn", "-", "warn"]), "{lines:#?}");
    up.stop();
}

#[test]
fn another_system_wants_a_token_and_who_is_not_there_is_named() {
    let elsewhere = ["admin", "log-level", "--admin-url", "http://127.0.0.1:9"];
    let output = loljoa(&elsewhere).output().unwrap();
    let wanted = "loljoa: another system wants an admin's access token: --token or LOLJOA_TOKEN";
    assert_eq!(refusal(&output), (Some(1), wanted.to_owned()));

    let output = loljoa(&elsewhere).env("LOLJOA_TOKEN", "secret").output().unwrap();
    let (code, complaint) = refusal(&output);
    assert_eq!((code, said(&output)), (Some(1), vec!["0 of 1 replicas were reached.".to_owned()]));
    assert!(complaint.starts_with("127.0.0.1:9: ") && !complaint.contains("secret"), "{complaint}");
}
