//! What a replica says of itself: alive, ready, draining, or taken out by an experiment.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::watch;

use crate::postgres;

/// What is wrong with a pooler that is too old for transaction mode, and what to do.
pub(crate) const NO_PREPARED_STATEMENTS: &str = "the pooler does not keep prepared statements: PgBouncer 1.21 or later with \
    max_prepared_statements above 0 is needed";

/// PostgreSQL's class of codes for who is not let in.
const NOT_LET_IN: &str = "28";

/// What a database lacks for the replica to work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// It does not answer.
    Database,
    /// Its server does not prove who it is, or speaks no TLS.
    Tls,
    /// Its server does not let this user in: another password, no such role, or not from here.
    Credentials,
    /// Its server only reads: a standby, or a primary that was demoted.
    Primary,
    /// Its schema is older than this program.
    Schema {
        /// The version that it has; 0 for an empty database.
        found: i64,
        /// The version that this program needs.
        needs: i64,
    },
    /// The pooler before it does not answer.
    Pooler,
    /// The pooler before it lets statements that were prepared get lost or mixed up.
    PreparedStatements,
    /// This bound on sessions, or on their statements, does not hold for connections through the pooler.
    Limit(&'static str),
}

impl Missing {
    /// What a database lacks that answers with this error.
    pub(crate) fn of(error: &sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        if postgres::is_refused_for_tls(error) {
            Self::Tls
        } else if code.is_some_and(|code| code.starts_with(NOT_LET_IN)) {
            Self::Credentials
        } else {
            Self::Database
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database => f.write_str("the database does not answer"),
            Self::Tls => f.write_str(
                "the database's server does not prove who it is: see sslmode and sslrootcert of database.url",
            ),
            Self::Credentials => {
                f.write_str("the database's server refuses the user or the password of database.url")
            }
            Self::Primary => f.write_str("the database's server only reads"),
            Self::Schema { found, needs } => {
                write!(f, "the database's schema has version {found}, version {needs} is needed: run migrate")
            }
            Self::Pooler => f.write_str("the database's pooler does not answer"),
            Self::PreparedStatements => f.write_str(NO_PREPARED_STATEMENTS),
            Self::Limit(name) => write!(f, "{name} is not in force through the pooler: run migrate"),
        }
    }
}

/// The state behind `/livez`, `/readyz` and `grpc.health.v1`. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Health(Arc<State>);

#[derive(Debug)]
struct State {
    service: &'static str,
    instance: String,
    started: Instant,
    missing: watch::Sender<Option<Missing>>,
    /// How much has to be done before the first request.
    warming: AtomicUsize,
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
            missing: watch::Sender::new(None),
            warming: AtomicUsize::new(0),
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
        self.not_ready_because().is_empty()
    }

    /// What keeps this replica from getting traffic; nothing when it is ready.
    #[must_use]
    pub fn not_ready_because(&self) -> Vec<String> {
        let blocked = self.0.blocked_until.borrow().is_some_and(|until| Instant::now() < until);
        let is_set = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        let states = [
            (is_set(&self.0.turned_off), "turned off by an experiment"),
            (blocked, "blocked by an experiment"),
            (self.0.warming.load(Ordering::Relaxed) > 0, "warming up"),
            (is_set(&self.0.draining), "draining"),
        ];
        let states = states.into_iter().filter(|(holds, _)| *holds).map(|(_, why)| why.to_owned());
        states.chain(self.missing().map(|missing| missing.to_string())).collect()
    }

    /// What the replica's database lacks, as far as is known.
    #[must_use]
    pub fn missing(&self) -> Option<Missing> {
        *self.0.missing.borrow()
    }

    /// Takes note of what the database lacks, and logs a change.
    pub fn set_missing(&self, missing: Option<Missing>) {
        let changed = self.0.missing.send_if_modified(|known| {
            let changed = *known != missing;
            *known = missing;
            changed
        });
        match missing {
            Some(missing) if changed => tracing::warn!(event = "replica.not_ready", %missing, "not ready"),
            None if changed => tracing::info!(event = "replica.ready", "the database answers"),
            _ => {}
        }
    }

    /// Not ready until [`Self::finish_warming`], for each time: something has to be done before the first request.
    pub fn start_warming(&self) {
        self.0.warming.fetch_add(1, Ordering::Relaxed);
    }

    /// What had to be done before the first request is done.
    pub fn finish_warming(&self) {
        self.0.warming.fetch_sub(1, Ordering::Relaxed);
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
}
