//! Private clusters, with real servers.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod cluster;
mod run;

use std::{fs, os::unix::fs::PermissionsExt};

use tempfile::TempDir;

/// A directory that the server's user can walk through.
fn passable_directory() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o711)).unwrap();
    directory
}
