//! What a replica says of itself: alive, ready, draining, or taken out by an experiment.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::PgPool;
use tokio::{sync::watch, time};
use tokio_util::sync::CancellationToken;

const PROBE_EVERY: Duration = Duration::from_secs(1);
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// The state behind `/livez`, `/readyz` and `grpc.health.v1`. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Health(Arc<State>);

#[derive(Debug)]
struct State {
    service: &'static str,
    instance: String,
    started: Instant,
    database_answers: AtomicBool,
    warming: AtomicBool,
    draining: AtomicBool,
    turned_off: AtomicBool,
    blocked_until: watch::Sender<Option<Instant>>,
}

impl Health {
    /// A replica that is alive and, without a database to wait for, ready.
    #[must_use]
    pub fn new(service: &'static str) -> Self {
        let instance = std::env::var("HOSTNAME").unwrap_or_else(|_| "localhost".into());
        Self(Arc::new(State {
            service,
            instance,
            started: Instant::now(),
            database_answers: AtomicBool::new(true),
            warming: AtomicBool::new(false),
            draining: AtomicBool::new(false),
            turned_off: AtomicBool::new(false),
            blocked_until: watch::Sender::new(None),
        }))
    }

    /// The service's name.
    #[must_use]
    pub fn service(&self) -> &'static str {
        self.0.service
    }

    /// The replica's host name, in Kubernetes its pod name.
    #[must_use]
    pub fn instance(&self) -> &str {
        &self.0.instance
    }

    /// How long this replica has been running.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.0.started.elapsed()
    }

    /// Whether Kubernetes should leave this replica running.
    #[must_use]
    pub fn is_live(&self) -> bool {
        !self.0.turned_off.load(Ordering::Relaxed)
    }

    /// Whether this replica should get traffic.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let blocked = self.0.blocked_until.borrow().is_some_and(|until| Instant::now() < until);
        self.is_live()
            && !blocked
            && !self.0.warming.load(Ordering::Relaxed)
            && !self.0.draining.load(Ordering::Relaxed)
            && self.0.database_answers.load(Ordering::Relaxed)
    }

    /// Not ready until [`Self::finish_warming`]: something has to be done before the first request.
    pub fn start_warming(&self) {
        self.0.warming.store(true, Ordering::Relaxed);
    }

    /// What had to be done before the first request is done.
    pub fn finish_warming(&self) {
        self.0.warming.store(false, Ordering::Relaxed);
    }

    /// From now on not ready: the replica is about to stop.
    pub fn start_draining(&self) {
        self.0.draining.store(true, Ordering::Relaxed);
    }

    /// Not ready for a while, then ready again.
    pub fn block(&self, duration: Duration) {
        self.0.blocked_until.send_replace(Some(Instant::now() + duration));
    }

    /// Not alive any more, until restarted.
    pub fn turn_off(&self) {
        self.0.turned_off.store(true, Ordering::Relaxed);
    }

    /// Lets readiness follow whether `pool`'s database answers, until `shutdown`.
    pub async fn watch_database(self, pool: PgPool, shutdown: CancellationToken) {
        let mut ticks = time::interval(PROBE_EVERY);
        ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
            let answers = time::timeout(PROBE_TIMEOUT, sqlx::query("SELECT 1").execute(&pool)).await;
            let ok = matches!(answers, Ok(Ok(_)));
            if self.0.database_answers.swap(ok, Ordering::Relaxed) != ok {
                tracing::warn!(database_answers = ok, "readiness changed");
            }
        }
    }
}
