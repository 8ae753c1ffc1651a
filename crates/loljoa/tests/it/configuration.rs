//! What a service is told by files, and by variables that name files.

use std::{fs, path::PathBuf};

use tempfile::TempDir;

use crate::support::loljoa;

const SECRET: &str = "geheim";

/// A folder as a secret is mounted.
struct Mounted(TempDir);

impl Mounted {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

/// What a service says that is configured wrongly.
fn complaint(service: &str, variables: &[(&str, &str)]) -> String {
    let output = loljoa(&["serve", service]).envs(variables.iter().copied()).output().unwrap();
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(64), "{complaint}");
    assert!(!complaint.contains(SECRET), "{complaint}");
    complaint
}

#[test]
fn a_variable_that_names_a_file_stands_for_what_the_file_holds() {
    let mounted = Mounted::new();
    let url = mounted.write("url", &format!("mysql://{SECRET}@h/x\n"));
    let complaint = complaint("account", &[("LOLJOA__DATABASE__URL_FILE", url.to_str().unwrap())]);
    // All of it was read: what is lacking is the key that no variable names.
    assert!(complaint.contains("sealing_key") || complaint.contains("tokens"), "{complaint}");
    assert!(!complaint.contains("database"), "{complaint}");
}

#[test]
fn a_value_from_a_file_that_is_not_allowed_is_told_with_variable_and_file() {
    let mounted = Mounted::new();
    let url = mounted.write("url", &format!("mysql://{SECRET}@h/x\n"));
    let key = mounted.write("key", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n");
    let complaint = complaint(
        "account",
        &[
            ("LOLJOA__DATABASE__URL_FILE", url.to_str().unwrap()),
            ("LOLJOA__TOKENS__SEALING_KEY_FILE", key.to_str().unwrap()),
        ],
    );
    let expected = format!(
        "database.url = (not shown): must start with postgres:// (LOLJOA__DATABASE__URL_FILE names {})",
        url.display()
    );
    assert!(complaint.contains(&expected), "{complaint}");
    assert!(!complaint.contains("sealing_key"), "a newline at the end is none of the key: {complaint}");
}

#[test]
fn a_file_that_is_not_there_and_a_value_told_twice_are_refused_by_name() {
    let missing = complaint("account", &[("LOLJOA__DATABASE__URL_FILE", "/nowhere/url")]);
    assert!(missing.contains("LOLJOA__DATABASE__URL_FILE: /nowhere/url cannot be read"), "{missing}");
    let twice = complaint(
        "account",
        &[("LOLJOA__DATABASE__URL_FILE", "/nowhere/url"), ("LOLJOA__DATABASE__URL", SECRET)],
    );
    let expected = "LOLJOA__DATABASE__URL and LOLJOA__DATABASE__URL_FILE are both set: leave one out";
    assert!(twice.contains(expected), "{twice}");
}

#[test]
fn migrating_is_told_of_the_database_and_refuses_what_is_wrong_with_that_alone() {
    let folder = tempfile::tempdir().unwrap();
    // What a service's ConfigMap holds: all but the secrets.
    let text =
        "[tokens]\naccess_seconds = 60\n[bootstrap_admin]\nusername = 'bengi'\n[database]\nreplicas = 3\n";
    fs::write(folder.path().join("account.toml"), text).unwrap();
    let complaint = |variables: &[(&str, &str)]| {
        let mut migrate = loljoa(&["migrate", "account", "--config"]);
        let output = migrate.arg(folder.path()).envs(variables.iter().copied()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, lacking) = complaint(&[]);
    assert_eq!(code, Some(64));
    assert!(lacking.contains("database: missing field `url`") && !lacking.contains("tokens"), "{lacking}");
    let (code, wrong) = complaint(&[
        ("LOLJOA__DATABASE__URL", "mysql://h/x"),
        ("LOLJOA__RUNTIME__TELEMETRY__SAMPLE_RATIO", "2"),
    ]);
    assert_eq!(code, Some(64));
    assert!(wrong.contains("database.url = (not shown): must start with postgres://"), "{wrong}");
    assert!(wrong.contains("runtime.telemetry.sample_ratio = 2"), "{wrong}");
    assert!(loljoa(&["migrate", "gateway"]).status().unwrap().success(), "it has no database");
}

#[test]
fn a_wrong_variable_of_the_environment_is_named() {
    let complaint = complaint("account", &[("LOLJOA__DATABASE__MAX_CONNECTIONS", SECRET)]);
    let expected =
        "database.max_connections: invalid type, expected u32 (in LOLJOA__DATABASE__MAX_CONNECTIONS)";
    assert!(complaint.contains(expected), "{complaint}");
}
