//! `loljoa audit` finds a point that is missing, and nothing where all are there.

use loljoa::{
    data_dir::{DataDir, RunFile},
    databases::{self, Cells},
};
use secrecy::ExposeSecret;
use sqlx::{Connection, PgConnection};

use crate::support::{Place, refusal};

/// Takes a point away behind the ledger's back.
async fn take_a_point_away(place: &Place) {
    let data = DataDir::open(&place.data_dir()).unwrap();
    let port = RunFile::read(&data.run_file()).unwrap().postgres_port;
    let url = databases::at_port(port, &data.secrets().unwrap(), Cells::default()).account;
    let mut connection = PgConnection::connect(url.expose_secret()).await.unwrap();
    let theft = "UPDATE user_balances SET balance = balance - 1
        WHERE account_id = (SELECT account_id FROM users WHERE username = 'oner')";
    assert_eq!(sqlx::query(theft).execute(&mut connection).await.unwrap().rows_affected(), 1);
    connection.close().await.unwrap();
}

#[tokio::test]
async fn it_is_content_with_a_system_that_runs_and_with_one_that_stands() {
    let place = Place::new();
    let up = place.up(&[]);
    assert_eq!(up.sign_up("zeus").await, 201);
    let audit = || place.command(&["audit"]).output().unwrap();

    let running = audit();
    assert_eq!(running.status.code(), Some(0), "{running:?}");
    up.stop();
    let stopped = audit();
    assert_eq!(stopped.status.code(), Some(0), "{stopped:?}");
    for output in [running, stopped] {
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.starts_with("Every point is accounted for: difference 0"), "{said}");
    }
}

#[tokio::test]
async fn it_exits_1_and_names_the_account_when_a_point_is_missing() {
    let place = Place::new();
    let up = place.up(&[]);
    assert_eq!(up.sign_up("oner").await, 201);
    take_a_point_away(&place).await;
    up.stop();

    let output = place.command(&["audit", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let differences = report["differences"].as_array().unwrap();
    let checks: Vec<_> = differences.iter().map(|difference| difference["check"].as_str().unwrap()).collect();
    assert_eq!(checks, ["balance", "sum"]);
    assert_eq!(differences[0]["expected"], "1000");
    assert_eq!(differences[0]["found"], "999");
}

#[tokio::test]
async fn what_it_finds_in_a_system_that_stands_is_mended_by_reconcile() {
    let place = Place::new();
    let up = place.up(&[]);
    assert_eq!(up.sign_up("oner").await, 201);
    take_a_point_away(&place).await;
    up.stop();

    let output = place.command(&["admin", "reconcile"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("balance is stored as 999, transfers make it 1000"), "{said}");
    let apply = ["admin", "reconcile", "--apply", "--yes", "--why", "a point was taken away"];
    let output = place.command(&apply).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(place.command(&["audit"]).output().unwrap().status.code(), Some(0));
}

#[test]
fn it_says_so_where_there_is_nothing_to_audit() {
    let place = Place::new();
    DataDir::open_or_make(&place.data_dir()).unwrap();
    let (code, line) = refusal(&place.command(&["audit"]).output().unwrap());
    assert_eq!(code, Some(1));
    assert_eq!(line, format!("loljoa: there is nothing to audit in {} yet", place.data_dir().display()));
}
