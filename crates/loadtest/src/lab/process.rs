//! A process of the system under test.

use std::{
    fs::File,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{
    net::TcpStream,
    process::{Child, ChildStdin, Command},
    time::{self, Instant},
};

const POLL: Duration = Duration::from_millis(20);
const READY_TIMEOUT: Duration = Duration::from_mins(1);
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// The end of a log that is shown when something does not start.
const SHOWN: usize = 2_000;

/// A process that runs. It ends with us, and when it is dropped.
#[derive(Debug)]
pub(super) struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
    _lifeline: Option<ChildStdin>,
}

/// When a process is ready.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ready {
    /// Its admin port says so.
    Says(SocketAddr),
    /// It listens.
    Listens(SocketAddr),
}

impl Process {
    /// Starts `command`, whose output goes to the end of `<logs>/<name>.log`.
    pub(super) fn start(name: &'static str, mut command: Command, logs: &Path) -> anyhow::Result<Self> {
        let log = logs.join(format!("{name}.log"));
        let file = File::options().create(true).append(true).open(&log)?;
        command.stdin(Stdio::piped()).stdout(file.try_clone()?).stderr(file);
        command.process_group(0).kill_on_drop(true);
        let mut child = command.spawn().with_context(|| format!("{name} cannot be started"))?;
        let lifeline = child.stdin.take();
        Ok(Self { name, child, log, _lifeline: lifeline })
    }

    /// What it is, such as `betting`: replicas share a name.
    #[must_use]
    pub(super) const fn name(&self) -> &'static str {
        self.name
    }

    /// Its number, while it runs.
    #[must_use]
    pub(super) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Sends it a signal. One that has ended already is none the worse for it.
    pub(super) fn signal(&self, signal: Signal) {
        if let Some(pid) = self.child.id().and_then(|pid| i32::try_from(pid).ok()) {
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }

    /// Whether it has ended.
    pub(super) fn has_ended(&mut self) -> anyhow::Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Waits until it is ready.
    pub(super) async fn ready(&mut self, ready: Ready) -> anyhow::Result<()> {
        let started = Instant::now();
        let client = reqwest::Client::new();
        while started.elapsed() < READY_TIMEOUT {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended with {status}:\n{}", self.name, self.last_words());
            }
            if is(ready, &client).await {
                return Ok(());
            }
            time::sleep(POLL).await;
        }
        bail!("{} is not ready after {READY_TIMEOUT:?}:\n{}", self.name, self.last_words())
    }

    fn last_words(&self) -> String {
        let log = std::fs::read(&self.log).unwrap_or_default();
        let from = log.len().saturating_sub(SHOWN);
        String::from_utf8_lossy(&log[from..]).into_owned()
    }

    /// Lets it finish what is under way, but not for ever.
    pub(super) async fn stop(mut self) {
        self.signal(Signal::SIGTERM);
        if time::timeout(STOP_TIMEOUT, self.child.wait()).await.is_err() {
            let _ = self.child.kill().await;
        }
    }
}

async fn is(ready: Ready, client: &reqwest::Client) -> bool {
    match ready {
        Ready::Says(admin) => {
            let answer = client.get(format!("http://{admin}/readyz")).send().await;
            answer.is_ok_and(|answer| answer.status().is_success())
        }
        Ready::Listens(address) => TcpStream::connect(address).await.is_ok(),
    }
}
