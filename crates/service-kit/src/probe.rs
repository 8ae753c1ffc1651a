//! Asks a service's database whether the replica can work with it, on a connection of its own: pools that are busy say
//! nothing about the database.

use std::time::Duration;

use sqlx::{ConnectOptions as _, PgConnection, migrate::Migrator, postgres::PgConnectOptions};
use tokio::time;
use tokio_util::sync::CancellationToken;

use crate::{
    config::Database,
    health::{Health, Missing},
    postgres::{self, Capacity, Pooler, Seen},
};

const EVERY: Duration = Duration::from_secs(1);
const TIMEOUT: Duration = Duration::from_secs(2);
/// A replica that was ready stays so until this many looks in a row have failed: one hiccup must not take all replicas out
/// at once.
const FAILURES: u32 = 3;

/// Lets readiness follow a database.
pub struct Probe {
    health: Health,
    options: PgConnectOptions,
    connection: Option<PgConnection>,
    /// What stands between the replica and its database, if anything does.
    pooler: Option<Pooler>,
    /// The schema's version that this program needs.
    needs: i64,
    failures: u32,
    /// A look had no answer at all, and no later one had.
    vanished: bool,
    /// What is told of connections once the database has answered.
    capacity: Option<Capacity>,
}

impl Probe {
    /// A probe of the database that `config` names and `migrator` migrates. From now on the replica is not ready until the
    /// database has answered.
    ///
    /// # Errors
    ///
    /// When the URL cannot be read.
    pub fn new(config: &Database, migrator: &Migrator, health: Health) -> sqlx::Result<Self> {
        let options = postgres::probe_options(config, health.service(), TIMEOUT)?;
        let pooler = Pooler::of(config, health.service(), TIMEOUT)?;
        health.set_missing(Some(Missing::Database));
        Ok(Self {
            health,
            options,
            connection: None,
            pooler,
            needs: postgres::newest(migrator),
            failures: 0,
            vanished: false,
            capacity: Some(Capacity::of(config, (0, 0))),
        })
    }

    /// The same probe of a replica that has more than its three pools: `connections` of further pools, and `sessions` that
    /// no pooler stands before.
    #[must_use]
    pub fn beside(mut self, config: &Database, connections: u32, sessions: u32) -> Self {
        self.capacity = Some(Capacity::of(config, (connections, sessions)));
        self
    }

    /// Looks until `shutdown`.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut ticks = time::interval(EVERY);
        ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
            let seen = self.look().await;
            match seen {
                Seen::Silent(_) => self.vanished = true,
                Seen::Answer(_) | Seen::Busy if std::mem::take(&mut self.vanished) => postgres::found_again(),
                _ => {}
            }
            self.judge(match seen {
                Seen::Answer(missing) => missing,
                Seen::Busy => None,
                Seen::Refused(missing) | Seen::Silent(missing) => Some(missing),
            });
        }
    }

    /// A success counts at once, failures only in a row.
    fn judge(&mut self, missing: Option<Missing>) {
        self.failures = if missing.is_some() { self.failures + 1 } else { 0 };
        if missing.is_none() || self.failures >= FAILURES {
            self.health.set_missing(missing);
        }
    }

    /// Looks at the database itself, and then, if all is well, through the pooler: one that is busy says nothing of the database.
    async fn look(&mut self) -> Seen {
        let seen = match time::timeout(TIMEOUT, self.ask()).await {
            Ok(Ok(missing)) => Seen::Answer(missing),
            Ok(Err(error)) => {
                self.connection = None;
                Seen::Refused(self.refused(error))
            }
            Err(_) => {
                self.connection = None;
                Seen::Silent(Missing::Database)
            }
        };
        match &mut self.pooler {
            Some(pooler) if seen == Seen::Answer(None) => pooler.look().await,
            _ => seen,
        }
    }

    /// What a database lacks that answers with an error, whose words are logged once in a row.
    fn refused(&self, error: sqlx::Error) -> Missing {
        let missing = Missing::of(&error);
        if self.failures == 0 {
            tracing::warn!(
                event = "database.look_failed",
                error = %postgres::explained(error), "a look at the database failed"
            );
        }
        missing
    }

    async fn ask(&mut self) -> sqlx::Result<Option<Missing>> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.options.connect().await?),
        };
        let reads_only: bool = sqlx::query_scalar("SELECT current_setting('transaction_read_only')::boolean")
            .fetch_one(&mut *connection)
            .await?;
        if reads_only {
            self.connection = None;
            postgres::distrust();
            return Ok(Some(Missing::Primary));
        }
        if let Some(capacity) = self.capacity {
            capacity.tell(self.health.service(), connection).await?;
            self.capacity = None;
        }
        let found = version(connection).await?;
        Ok((found < self.needs).then_some(Missing::Schema { found, needs: self.needs }))
    }
}

/// The schema's version; 0 where nothing was migrated yet.
async fn version(connection: &mut PgConnection) -> sqlx::Result<i64> {
    let found = sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success")
        .fetch_one(connection)
        .await;
    match found {
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P01") => Ok(0),
        found => found,
    }
}
