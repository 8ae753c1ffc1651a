use std::{
    env,
    ffi::OsString,
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, bail};
use tokio::{
    net::TcpStream,
    process::{Child, ChildStdin, Command},
    task::JoinHandle,
    time,
};
use tokio_util::sync::CancellationToken;

use super::programs::Program;
use crate::console::complain;

const LISTENS_WITHIN: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);

/// How a program is started.
pub(super) struct Start<'a> {
    /// What people call it.
    pub(super) name: &'static str,
    pub(super) program: &'a Program,
    pub(super) arguments: Vec<OsString>,
    pub(super) environment: Vec<(&'static str, OsString)>,
    /// Where what it says goes.
    pub(super) log: PathBuf,
    /// Where it listens.
    pub(super) port: u16,
}

/// A program that runs beside the services. When it is dropped, and when this process dies, it ends.
pub(super) struct Running {
    name: &'static str,
    log: PathBuf,
    port: u16,
    lifeline: Option<ChildStdin>,
    stopping: CancellationToken,
    ended: JoinHandle<()>,
}

impl Running {
    /// Starts it behind `loljoa guard`, which ends it when its standard input closes.
    pub(super) fn start(start: Start<'_>) -> anyhow::Result<Self> {
        let Start { name, program, arguments, environment, log, port } = start;
        let said = File::create(&log).with_context(|| format!("{} cannot be written", log.display()))?;
        let mut command = Command::new(env::current_exe()?);
        command.arg("guard").arg("--").arg(&program.0).args(arguments).envs(environment);
        // Its own process group, so that a Ctrl-C is ours to handle.
        command.process_group(0).stdin(Stdio::piped()).stdout(said.try_clone()?).stderr(said);
        let mut child = command.spawn().with_context(|| format!("{name} cannot be started"))?;
        let (lifeline, stopping) = (child.stdin.take(), CancellationToken::new());
        let ended = tokio::spawn(watch(name, child, log.clone(), stopping.clone()));
        Ok(Self { name, log, port, lifeline, stopping, ended })
    }

    /// Waits until it listens.
    ///
    /// # Errors
    ///
    /// When it ends instead, or takes far longer than it should.
    pub(super) async fn listens(&mut self) -> anyhow::Result<()> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let listening = async {
            while TcpStream::connect(address).await.is_err() {
                time::sleep(POLL).await;
            }
        };
        tokio::select! {
            // Why has been said already.
            _ = &mut self.ended => Ok(()),
            listens = time::timeout(LISTENS_WITHIN, listening) => match listens {
                Ok(()) => Ok(()),
                Err(_) => bail!("{} does not listen yet; its log is {}", self.name, self.log.display()),
            },
        }
    }

    /// Lets it end, and waits for it.
    pub(super) async fn stop(mut self) {
        self.stopping.cancel();
        self.lifeline = None;
        if !self.ended.is_finished() {
            let _ = self.ended.await;
        }
    }
}

/// Says when it ends by itself, with its last words. The services need it not.
async fn watch(name: &'static str, mut child: Child, log: PathBuf, stopping: CancellationToken) {
    let status = child.wait().await;
    if stopping.is_cancelled() {
        return;
    }
    let said = fs::read(&log).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let last = said.lines().next_back().unwrap_or_default();
    let how = status.map_or_else(|error| error.to_string(), |status| status.to_string());
    complain(format_args!("{name} has ended ({how}): {last}\nits log is {}", log.display()));
}
