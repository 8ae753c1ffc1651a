use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{Check, Problems};

/// The service's own database.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// `postgres://user:password@host:port/database`; that of a pooler where [`Self::direct_url`] is set.
    #[serde(skip_serializing)]
    pub url: SecretString,
    /// The same database and user without the pooler: for migrations, `LISTEN` and readiness, which need a session.
    #[serde(default, skip_serializing)]
    pub direct_url: Option<SecretString>,
    /// Connections for requests. With those of workers and background, and one for the probe, all replicas together must
    /// stay below the server's limit.
    #[serde(default = "Database::default_max_connections")]
    pub max_connections: u32,
    /// Connections for the workers that batch everybody's writes.
    #[serde(default = "Database::default_worker_connections")]
    pub worker_connections: u32,
    /// Connections for audits, feeds, upkeep and settlement.
    #[serde(default = "Database::default_background_connections")]
    pub background_connections: u32,
    /// Replicas of this service at most, for the sum of their connections that is told at the start.
    #[serde(default = "Database::default_replicas")]
    pub replicas: u32,
    /// How long a request waits for a free connection. Milliseconds.
    #[serde(default = "Database::default_acquire_timeout_ms")]
    pub acquire_timeout_ms: u64,
    /// How long one statement may run. Milliseconds.
    #[serde(default = "Database::default_statement_timeout_ms")]
    pub statement_timeout_ms: u64,
    /// How long one statement may wait for a lock. Milliseconds.
    #[serde(default = "Database::default_lock_timeout_ms")]
    pub lock_timeout_ms: u64,
}

impl Database {
    /// The defaults for a database at `url`.
    #[must_use]
    pub fn at(url: impl Into<String>) -> Self {
        Self {
            url: SecretString::from(url.into()),
            direct_url: None,
            max_connections: Self::default_max_connections(),
            worker_connections: Self::default_worker_connections(),
            background_connections: Self::default_background_connections(),
            replicas: Self::default_replicas(),
            acquire_timeout_ms: Self::default_acquire_timeout_ms(),
            statement_timeout_ms: Self::default_statement_timeout_ms(),
            lock_timeout_ms: Self::default_lock_timeout_ms(),
        }
    }

    /// What a request may wait for here, as [`warn_of_waits`](super::warn_of_waits) takes it. A statement is cut off by its
    /// caller's time anyway.
    #[must_use]
    pub const fn waits(&self) -> [(&'static str, u64); 2] {
        [
            ("database.acquire_timeout_ms", self.acquire_timeout_ms),
            ("database.lock_timeout_ms", self.lock_timeout_ms),
        ]
    }

    /// Where PostgreSQL itself answers.
    #[must_use]
    pub fn direct(&self) -> &SecretString {
        self.direct_url.as_ref().unwrap_or(&self.url)
    }

    /// Whether a pooler, in transaction mode or another, stands before the database.
    #[must_use]
    pub const fn is_pooled(&self) -> bool {
        self.direct_url.is_some()
    }

    const fn default_max_connections() -> u32 {
        8
    }

    const fn default_worker_connections() -> u32 {
        6
    }

    const fn default_background_connections() -> u32 {
        4
    }

    const fn default_replicas() -> u32 {
        1
    }

    const fn default_acquire_timeout_ms() -> u64 {
        3_000
    }

    const fn default_statement_timeout_ms() -> u64 {
        10_000
    }

    const fn default_lock_timeout_ms() -> u64 {
        4_000
    }
}

impl Check for Database {
    fn check(&self, problems: &mut Problems) {
        require_postgres("database.url", &self.url, problems);
        if let Some(direct) = &self.direct_url {
            require_postgres("database.direct_url", direct, problems);
            let differs = direct.expose_secret() != self.url.expose_secret();
            let allowed = "must not be database.url: leave it out where no pooler is";
            problems.require(differs, "database.direct_url", "(not shown)", allowed);
        }
        for (key, connections) in [
            ("database.max_connections", self.max_connections),
            ("database.worker_connections", self.worker_connections),
            ("database.background_connections", self.background_connections),
        ] {
            let allowed = "must be from 2 to 1000";
            problems.require((2..=1000).contains(&connections), key, connections, allowed);
        }
        let allowed = "must be from 1 to 10000";
        problems.require((1..=10_000).contains(&self.replicas), "database.replicas", self.replicas, allowed);
        for (key, timeout) in [
            ("database.acquire_timeout_ms", self.acquire_timeout_ms),
            ("database.statement_timeout_ms", self.statement_timeout_ms),
            ("database.lock_timeout_ms", self.lock_timeout_ms),
        ] {
            problems.require((1..=600_000).contains(&timeout), key, timeout, "must be from 1 to 600000");
        }
    }
}

fn require_postgres(key: &str, url: &SecretString, problems: &mut Problems) {
    let url = url.expose_secret();
    let known = url.starts_with("postgres://") || url.starts_with("postgresql://");
    problems.require(known, key, "(not shown)", "must start with postgres://");
}
