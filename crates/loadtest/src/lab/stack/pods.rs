//! Replicas of betting one by one, as Kubernetes handles pods: for experiments.

use std::net::SocketAddr;

use anyhow::Context;
use nix::sys::signal::Signal;

use super::{Lab, Stack};

/// A replica of betting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pod {
    /// Where it serves gRPC.
    pub service: SocketAddr,
    /// Where it says how it feels.
    pub admin: SocketAddr,
    /// Its process, while that runs.
    pub pid: Option<u32>,
}

impl Stack {
    /// The replicas of betting.
    #[must_use]
    pub fn pods(&self) -> Vec<Pod> {
        let pod = |(at, process): (&super::At, &super::Process)| Pod {
            service: at.service,
            admin: at.admin,
            pid: process.pid(),
        };
        self.betting_at.iter().zip(&self.betting).map(pod).collect()
    }

    /// Sends the process of a replica a signal, unless it has ended.
    pub fn signal(&self, pod: usize, signal: Signal) {
        if let Some(process) = self.betting.get(pod) {
            process.signal(signal);
        }
    }

    /// Whether the process of a replica has ended.
    ///
    /// # Errors
    ///
    /// When the system does not tell.
    pub fn has_ended(&mut self, pod: usize) -> anyhow::Result<bool> {
        self.betting.get_mut(pod).context("there is no such replica")?.has_ended()
    }
}

impl Lab {
    /// Starts a replica whose process has ended, where it was. It is not ready yet.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub async fn start_again(&self, stack: &mut Stack, pod: usize) -> anyhow::Result<()> {
        let at = *stack.betting_at.get(pod).context("there is no such replica")?;
        stack.betting[pod] = self.begin_betting(at, 0, &stack.names.0).await?;
        Ok(())
    }

    /// Lets gateways know the replicas of betting that are `ready`, and no others, as the endpoints of a Service do.
    ///
    /// # Errors
    ///
    /// When their names cannot be written.
    pub fn route(&self, stack: &Stack, ready: &[bool]) -> anyhow::Result<()> {
        let (account, betting) = &stack.names;
        betting.only(ready).tell(&[account], self.postgres.directory())
    }
}
