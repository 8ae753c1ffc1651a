use std::{
    ffi::OsString,
    io::{self, stdin},
    process::{ExitCode, Stdio},
    thread,
    time::Duration,
};

use anyhow::Context;
use clap::Args;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{
    process::{Child, Command},
    time,
};
use tokio_util::sync::CancellationToken;

use crate::signals::Signals;

/// How long a program may take to stop.
const GRACE: Duration = Duration::from_secs(10);

#[derive(Args)]
pub(super) struct Arguments {
    /// The program, and what it is told
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

/// Runs a program that knows nothing of us until it ends, or until standard input closes, as it does when the process at its
/// other end dies.
pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let signals = Signals::listen()?;
    let Arguments { command } = arguments;
    let (program, told) = command.split_first().context("no program is named")?;
    let mut child = Command::new(program).args(told).stdin(Stdio::null()).spawn()?;
    let closed = CancellationToken::new();
    let close = closed.clone();
    thread::spawn(move || {
        let _ = io::copy(&mut stdin().lock(), &mut io::sink());
        close.cancel();
    });
    tokio::select! {
        status = child.wait() => return Ok(if status?.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }),
        () = closed.cancelled() => {}
        () = signals.stop.cancelled() => {}
    }
    end(&mut child).await?;
    Ok(ExitCode::SUCCESS)
}

async fn end(child: &mut Child) -> io::Result<()> {
    if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
        // It fails when the program has ended already, which is what is wanted.
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
    }
    match time::timeout(GRACE, child.wait()).await {
        Ok(status) => status.map(drop),
        Err(_) => child.kill().await,
    }
}
