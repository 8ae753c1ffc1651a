use std::{process::Stdio, time::Duration};

use anyhow::anyhow;
use loljoa_service_kit::{cli::Listeners, config::environment};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use tokio::{
    process::{Child, ChildStdin, Command},
    task::JoinHandle,
    time,
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::{Mode, Service, service};

/// How long a service that does not live may take to end, once it is asked to.
const GRACE: Duration = Duration::from_secs(10);

/// One service that runs. Dropping it ends it at once.
pub(super) enum Running {
    Task { task: AbortOnDropHandle<anyhow::Result<()>>, shutdown: CancellationToken },
    Process { child: Box<Child>, _lifeline: Option<ChildStdin> },
}

impl Running {
    /// Starts `service`; `listeners` are there when it runs in this process.
    pub(super) fn start(
        service: Service,
        mode: &Mode,
        config: &Value,
        listeners: Option<Listeners>,
    ) -> anyhow::Result<Self> {
        match (mode, listeners) {
            (Mode::Processes { program }, _) => {
                let mut command = Command::new(program);
                command.args(["serve", service.name(), "--until-stdin-closes"]);
                command.env_clear().envs(environment(config));
                // Its own process group, so that a Ctrl-C is ours to handle; its standard input closes when we die.
                command.process_group(0).stdin(Stdio::piped()).kill_on_drop(true);
                let mut child = command.spawn()?;
                // Waiting for a child would close its input, which is to stay open until it stops or we die.
                let lifeline = child.stdin.take();
                Ok(Self::Process { child: Box::new(child), _lifeline: lifeline })
            }
            (Mode::InProcess, Some(listeners)) => {
                let shutdown = CancellationToken::new();
                let serving = service::serve(service, config.clone(), listeners, shutdown.clone());
                let task: JoinHandle<_> = tokio::spawn(serving);
                Ok(Self::Task { task: AbortOnDropHandle::new(task), shutdown })
            }
            (Mode::InProcess, None) => Err(anyhow!("{service} has no listeners")),
        }
    }

    /// The process that it runs in, unless that is ours or has ended.
    pub(super) fn process(&self) -> Option<u32> {
        match self {
            Self::Task { .. } => None,
            Self::Process { child, .. } => child.id(),
        }
    }

    /// Waits until the service ends by itself, and tells why.
    pub(super) async fn ended(&mut self) -> anyhow::Error {
        match self {
            Self::Task { task, .. } => match task.await {
                Ok(Ok(())) => anyhow!("it ended without a reason"),
                Ok(Err(error)) => error,
                Err(error) => error.into(),
            },
            Self::Process { child, .. } => match child.wait().await {
                Ok(status) => anyhow!("its process ended with {status}"),
                Err(error) => error.into(),
            },
        }
    }

    /// Lets the service finish what is under way, and waits for it.
    pub(super) async fn stop(&mut self) {
        match self {
            // Its end may have been looked at already, which a task allows once.
            Self::Task { task, .. } if task.is_finished() => return,
            Self::Task { shutdown, .. } => shutdown.cancel(),
            Self::Process { child, .. } => {
                if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
                    // It fails when the process has ended already, which is what is wanted.
                    let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
                }
            }
        }
        let end = self.ended().await;
        tracing::debug!(%end, "a service stopped");
    }

    /// Lets the service finish what is under way, but not for ever: what hangs is ended at once.
    pub(super) async fn end(&mut self) {
        if time::timeout(GRACE, self.stop()).await.is_err() {
            self.kill().await;
        }
    }

    /// Ends the service at once.
    pub(super) async fn kill(&mut self) {
        match self {
            Self::Task { task, .. } if task.is_finished() => {}
            Self::Task { task, .. } => {
                task.abort();
                let _ = task.await;
            }
            Self::Process { child, .. } => {
                let _ = child.kill().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_service_that_has_ended_by_itself_can_still_be_stopped() {
        let serving = tokio::spawn(async { Err(anyhow!("the key does not fit")) });
        let task = AbortOnDropHandle::new(serving);
        let mut running = Running::Task { task, shutdown: CancellationToken::new() };
        assert_eq!(running.ended().await.to_string(), "the key does not fit");
        running.stop().await;
    }
}
