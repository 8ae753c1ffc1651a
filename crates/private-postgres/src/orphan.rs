use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::time;

use crate::Error;

const POLL: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(20);

/// Clears away what a launcher that was killed has left: a server that still runs is stopped, and a `postmaster.pid`
/// whose number another program has by now is removed, because PostgreSQL would take that program for the server.
///
/// The caller holds the lock of the data directory, so no other launcher uses this server.
pub(crate) async fn clear(cluster: &Path) -> Result<(), Error> {
    let pid_file = cluster.join("postmaster.pid");
    let Some(pid) = pid_in(&pid_file) else { return Ok(()) };
    match process(pid, cluster) {
        Process::OurServer => stop(pid, cluster).await,
        Process::Another => fs::remove_file(&pid_file).map_err(Error::file(&pid_file)),
        Process::Unknown => Ok(()),
    }
}

/// What has the number in the lock file.
#[derive(PartialEq, Eq)]
enum Process {
    OurServer,
    Another,
    /// None, or one that we cannot look at: PostgreSQL itself decides.
    Unknown,
}

/// A server's working directory is its cluster.
fn process(pid: Pid, cluster: &Path) -> Process {
    let works_in = fs::read_link(format!("/proc/{pid}/cwd"));
    match (works_in, cluster.canonicalize()) {
        (Ok(directory), Ok(cluster)) if directory == cluster => Process::OurServer,
        (Ok(_), Ok(_)) => Process::Another,
        _ => Process::Unknown,
    }
}

fn pid_in(file: &Path) -> Option<Pid> {
    let content = fs::read_to_string(file).ok()?;
    let number: i32 = content.lines().next()?.trim().parse().ok()?;
    (number > 1).then(|| Pid::from_raw(number))
}

async fn stop(pid: Pid, cluster: &Path) -> Result<(), Error> {
    tracing::info!(%pid, "stopping a server that was left running");
    for signal in [Signal::SIGINT, Signal::SIGQUIT] {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if kill(pid, signal).is_err() || process(pid, cluster) != Process::OurServer {
                return Ok(());
            }
            time::sleep(POLL).await;
        }
    }
    Err(Error::Passing { reason: format!("the server that was left running (process {pid}) does not stop") })
}
