//! How a service starts its parts and stops them.

use std::{future::Future, time::Duration};

use tokio::{signal::unix, task::JoinSet, time};
use tokio_util::sync::CancellationToken;

use crate::{config::Drain, health::Health};

/// A token that is cancelled by SIGTERM or Ctrl-C.
///
/// # Panics
///
/// When the process cannot listen for signals at all.
#[must_use]
pub fn shutdown_on_signal() -> CancellationToken {
    let token = CancellationToken::new();
    let mut terminate = unix::signal(unix::SignalKind::terminate()).expect("SIGTERM can be listened for");
    let mut interrupt = unix::signal(unix::SignalKind::interrupt()).expect("SIGINT can be listened for");
    let cancelled = token.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        cancelled.cancel();
    });
    token
}

/// The parts of a running service. When one ends before its time, the service stops.
pub struct Parts {
    tasks: JoinSet<(&'static str, anyhow::Result<()>)>,
    health: Health,
    shutdown: CancellationToken,
    closing: CancellationToken,
}

impl Parts {
    /// No parts yet; all of them stop after `shutdown`.
    #[must_use]
    pub fn new(health: Health, shutdown: CancellationToken) -> Self {
        Self { tasks: JoinSet::new(), health, shutdown, closing: CancellationToken::new() }
    }

    /// Cancelled when ports close and workers stop: after `shutdown` and the drain's delay.
    #[must_use]
    pub fn closing(&self) -> CancellationToken {
        self.closing.clone()
    }

    /// Starts a part that runs until [`Self::closing`] and can fail.
    pub fn spawn<E: Into<anyhow::Error>>(
        &mut self,
        name: &'static str,
        part: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        self.tasks.spawn(async move { (name, part.await.map_err(Into::into)) });
    }

    /// Starts a part that runs until [`Self::closing`] and cannot fail.
    pub fn spawn_worker(&mut self, name: &'static str, part: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(async move {
            part.await;
            (name, Ok(()))
        });
    }

    /// Runs until `shutdown`, then drains: not ready, a delay, close, and a bounded wait for what is under way.
    ///
    /// # Errors
    ///
    /// The first failure of a part.
    pub async fn run(mut self, drain: &Drain) -> anyhow::Result<()> {
        let ended = tokio::select! {
            () = self.shutdown.cancelled() => None,
            ended = self.tasks.join_next() => ended,
        };
        self.health.start_draining();
        let first = ended.map_or(Ok(()), early_end);
        if first.is_ok() {
            time::sleep(Duration::from_millis(drain.delay_ms)).await;
        }
        self.closing.cancel();
        let grace = Duration::from_millis(drain.grace_ms);
        let rest = time::timeout(grace, join_all(&mut self.tasks)).await.unwrap_or_else(|_| {
            tracing::warn!(service = self.health.service(), "the grace period ended with work under way");
            Ok(())
        });
        first.and(rest)
    }
}

fn early_end(
    ended: Result<(&'static str, anyhow::Result<()>), tokio::task::JoinError>,
) -> anyhow::Result<()> {
    let (name, result) = ended?;
    result.map_err(|error| error.context(format!("{name} failed")))?;
    anyhow::bail!("{name} ended before its time")
}

async fn join_all(tasks: &mut JoinSet<(&'static str, anyhow::Result<()>)>) -> anyhow::Result<()> {
    let mut outcome = Ok(());
    while let Some(ended) = tasks.join_next().await {
        let result = ended.map_err(anyhow::Error::from).and_then(|(_, result)| result);
        outcome = outcome.and(result);
    }
    outcome
}
