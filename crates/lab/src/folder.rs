//! The folder of a run: what was started by the lab lives in it.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, ensure};
use loljoa_service_kit::ids;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::time::{self, Instant};

const PATIENCE: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(50);

/// A name for one in `place`, which is not there yet.
#[must_use]
pub fn fresh(place: &Path) -> PathBuf {
    place.join(format!("loljoa-lab-{}", ids::fresh().simple()))
}

/// Makes it, open enough that PostgreSQL's user gets to its own folder inside.
///
/// # Errors
///
/// When it cannot be made.
pub fn make(path: &Path) -> anyhow::Result<()> {
    fs::create_dir(path).with_context(|| path.display().to_string())?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o711))?;
    Ok(())
}

/// Ends the servers whose data lies in it, and removes it. One that is gone already is fine. Services have ended before: they hang
/// on the standard input that the run held.
///
/// # Errors
///
/// When a server does not end, or the folder stays.
pub async fn clear(path: &Path) -> anyhow::Result<()> {
    if !path.exists() {
        return Ok(());
    }
    end_servers(&path.canonicalize()?).await?;
    fs::remove_dir_all(path).with_context(|| path.display().to_string())
}

/// SIGINT: PostgreSQL ends its sessions, and stops.
async fn end_servers(path: &Path) -> anyhow::Result<()> {
    let began = Instant::now();
    for pid in working_in(path)? {
        // It fails when it has ended meanwhile, which is what is wanted.
        let _ = kill(Pid::from_raw(pid), Signal::SIGINT);
    }
    loop {
        let left = working_in(path)?;
        if left.is_empty() {
            return Ok(());
        }
        ensure!(began.elapsed() < PATIENCE, "processes do not end: {left:?}");
        time::sleep(POLL).await;
    }
}

/// The processes that work in a folder of it.
fn working_in(path: &Path) -> anyhow::Result<Vec<i32>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").context("there is no /proc")? {
        let entry = entry?;
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // It may have ended meanwhile, or be somebody else's.
        let Ok(at) = fs::read_link(entry.path().join("cwd")) else { continue };
        if at.starts_with(path) {
            found.push(pid);
        }
    }
    Ok(found)
}
