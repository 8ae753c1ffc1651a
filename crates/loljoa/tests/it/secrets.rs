//! What is secret is in no error.

use std::process::Command;

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
