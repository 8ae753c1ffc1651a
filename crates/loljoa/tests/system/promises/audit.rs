//! What `loljoa audit` says.

use tokio::process::Command;

use crate::support::TestDatabases;

/// Promise 8, as an operator would ask for it: the audit finds no difference and says so with its exit code.
pub(crate) async fn audit_finds_no_difference(db: &TestDatabases) {
    let (clean, said) = audit(db).await;
    assert!(clean, "{said}");
}

/// Whether the audit is content, and what it says. Nothing is under way, so it leaves nothing alone for being young.
pub(crate) async fn audit(db: &TestDatabases) -> (bool, String) {
    let [account, _, betting] = db.urls();
    let audit = Command::new(env!("CARGO_BIN_EXE_loljoa"))
        .args(["audit", "--grace", "0"])
        .envs([("LOLJOA_ACCOUNT_DATABASE", account), ("LOLJOA_BETTING_DATABASE", betting)])
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&audit.stdout) + String::from_utf8_lossy(&audit.stderr);
    (audit.status.success(), said.into_owned())
}
