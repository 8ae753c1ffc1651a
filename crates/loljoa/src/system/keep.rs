use std::{convert::Infallible, future::pending};

use serde_json::Value;
use tokio::time::{self, Instant};

use super::{Mode, Part, ServiceAddresses, live, ready, running::Running};
use crate::{backoff::Backoff, console::complain};

/// One service in a process of its own, which is started again, at the addresses it had, whenever it dies.
pub(super) struct Kept<'a> {
    pub(super) part: Part,
    pub(super) at: ServiceAddresses,
    pub(super) mode: &'a Mode,
    pub(super) config: &'a Value,
    pub(super) running: &'a mut Running,
}

impl Kept<'_> {
    /// Keeps the service running for ever, and says when it dies and when it is there again.
    pub(super) async fn keep(mut self) -> Infallible {
        let part = self.part;
        let mut backoff = Backoff::new();
        let mut started = Instant::now();
        let mut why = self.lost().await;
        loop {
            let pause = backoff.after(started.elapsed());
            complain(format_args!("{why:#}; it is started again in {pause:?}"));
            time::sleep(pause).await;
            started = Instant::now();
            why = match Running::start(part.service, self.mode, self.config, None) {
                Ok(running) => {
                    *self.running = running;
                    self.lost_again().await
                }
                Err(error) => error.context(format!("{part} cannot be started")),
            };
        }
    }

    async fn lost_again(&mut self) -> anyhow::Error {
        let (part, admin) = (self.part, self.at.admin);
        let says_when_ready = async {
            ready::one(admin).await;
            complain(format_args!("{part} is up again"));
            pending().await
        };
        tokio::select! {
            why = self.lost() => why,
            never = says_when_ready => never,
        }
    }

    /// Waits until the process has ended, by itself or because it did not live any more, and tells why.
    async fn lost(&mut self) -> anyhow::Error {
        let why = tokio::select! {
            why = self.running.ended() => return why.context(format!("{} has stopped", self.part)),
            why = live::lost(self.at.admin) => why,
        };
        self.running.end().await;
        why.context(format!("{} does not live any more", self.part))
    }
}
