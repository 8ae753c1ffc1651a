//! How a service starts its parts and stops them: not ready, a delay, ports close, work under way ends, connections close,
//! and the admin port, which tells all that while it lasts. Each step has a bound.

mod left;

use std::{collections::BTreeSet, future::Future, time::Duration};

use tokio::{
    signal::unix,
    task::{Id, JoinError, JoinSet},
    time::{self, Instant},
};
use tokio_util::sync::CancellationToken;

pub use left::end_within;
use left::{note, within};

use crate::{config::Drain, health::Health};

/// How long connections to the database may take to close; what does not is left to the server.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long the admin port may take to close, once all else has ended.
pub const LAST_TIMEOUT: Duration = Duration::from_secs(1);

type Ended = (&'static str, anyhow::Result<()>);

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
    tasks: JoinSet<Ended>,
    /// What ends when everything else has: the admin port.
    last: JoinSet<Ended>,
    names: Vec<(Id, &'static str)>,
    health: Health,
    shutdown: CancellationToken,
    closing: CancellationToken,
    ending: CancellationToken,
}

impl Parts {
    /// No parts yet; all of them stop after `shutdown`.
    #[must_use]
    pub fn new(health: Health, shutdown: CancellationToken) -> Self {
        Self {
            tasks: JoinSet::new(),
            last: JoinSet::new(),
            names: Vec::new(),
            health,
            shutdown,
            closing: CancellationToken::new(),
            ending: CancellationToken::new(),
        }
    }

    /// Cancelled when ports close and workers stop: after `shutdown` and the drain's delay.
    #[must_use]
    pub fn closing(&self) -> CancellationToken {
        self.closing.clone()
    }

    /// Cancelled when all parts but those of [`Self::spawn_last`] have ended.
    #[must_use]
    pub fn ending(&self) -> CancellationToken {
        self.ending.clone()
    }

    /// Starts a part that runs until [`Self::closing`] and can fail.
    pub fn spawn<E: Into<anyhow::Error>>(
        &mut self,
        name: &'static str,
        part: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        let task = self.tasks.spawn(async move { (name, part.await.map_err(Into::into)) });
        self.names.push((task.id(), name));
    }

    /// Starts a part that runs until [`Self::closing`] and cannot fail.
    pub fn spawn_worker(&mut self, name: &'static str, part: impl Future<Output = ()> + Send + 'static) {
        self.spawn(name, async move {
            part.await;
            anyhow::Ok(())
        });
    }

    /// Starts a part that outlives the others: it runs until [`Self::ending`].
    pub fn spawn_last<E: Into<anyhow::Error>>(
        &mut self,
        name: &'static str,
        part: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        self.last.spawn(async move { (name, part.await.map_err(Into::into)) });
    }

    /// Runs until `shutdown`, then drains: not ready, a delay, ports close, a bounded wait for what is under way, then for
    /// `close`, which closes connections, and at last the admin port.
    ///
    /// # Errors
    ///
    /// The first failure of a part.
    pub async fn run(mut self, drain: &Drain, close: impl Future<Output = ()>) -> anyhow::Result<()> {
        let ended = tokio::select! {
            () = self.shutdown.cancelled() => None,
            Some(ended) = self.tasks.join_next_with_id() => {
                self.forget(id_of(&ended));
                Some(ended.map(|(_, ended)| ended))
            }
            Some(ended) = self.last.join_next() => Some(ended),
        };
        let began = Instant::now();
        self.health.start_draining();
        let first = ended.map_or(Ok(()), early_end);
        if first.is_ok() {
            tracing::info!(
                event = "replica.draining",
                of = self.health.service(),
                delay_ms = drain.delay_ms,
                "draining"
            );
            time::sleep(Duration::from_millis(drain.delay_ms)).await;
        }
        self.closing.cancel();
        let rest = self.end_work(Duration::from_millis(drain.grace_ms)).await;
        let service = self.health.service();
        if !within(service, "connections", CLOSE_TIMEOUT, close).await {
            tracing::warn!(
                event = "replica.connections_left",
                of = service,
                "connections that did not close in time are left to the server"
            );
        }
        self.ending.cancel();
        let ended = async { while self.last.join_next().await.is_some() {} };
        within(service, "admin port", LAST_TIMEOUT, ended).await;
        tracing::info!(
            event = "replica.drained",
            of = service,
            took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "drained"
        );
        first.and(rest)
    }

    fn forget(&mut self, ended: Id) {
        self.names.retain(|(id, _)| *id != ended);
    }

    /// Waits for all parts; those that take longer than `grace` are dropped, by name.
    async fn end_work(&mut self, grace: Duration) -> anyhow::Result<()> {
        let service = self.health.service();
        let until = Instant::now() + grace;
        let mut outcome = Ok(());
        loop {
            note(service, self.names.iter().map(|(_, name)| *name));
            let Ok(Some(ended)) = time::timeout_at(until, self.tasks.join_next_with_id()).await else {
                break;
            };
            self.forget(id_of(&ended));
            outcome = outcome.and(ended.map_err(anyhow::Error::from).and_then(|(_, (_, result))| result));
        }
        if !self.tasks.is_empty() {
            let left = self.names.iter().map(|(_, name)| *name).collect::<BTreeSet<_>>();
            let left = left.into_iter().collect::<Vec<_>>().join(", ");
            tracing::warn!(
                event = "replica.work_left",
                of = service,
                left,
                "the grace period ended with work under way"
            );
            self.tasks.abort_all();
        }
        outcome
    }
}

fn id_of<T>(ended: &Result<(Id, T), JoinError>) -> Id {
    match ended {
        Ok((id, _)) => *id,
        Err(error) => error.id(),
    }
}

fn early_end(ended: Result<Ended, JoinError>) -> anyhow::Result<()> {
    let (name, result) = ended?;
    result.map_err(|error| error.context(format!("{name} failed")))?;
    anyhow::bail!("{name} ended before its time")
}
