//! Looking through a pooler as requests do, on a connection of its own.

use std::time::Duration;

use metrics::gauge;
use sqlx::{ConnectOptions as _, PgConnection, postgres::PgConnectOptions};
use tokio::time;

use super::{pool::distrust, prepared, session};
use crate::{config::Database, health::Missing};

/// What PgBouncer tells those for whom no server connection came free in time.
const QUEUED_TOO_LONG: &str = "query_wait_timeout";
const READS_ONLY: &str = "SELECT current_setting('transaction_read_only')::boolean";
const IN_FORCE: &str =
    "SELECT setting::bigint FROM unnest($1::text[]) WITH ORDINALITY AS wanted (name, place)
    JOIN pg_settings USING (name) ORDER BY place";

/// Ends this server connection if it is without a bound that the role has: it is older. One statement, because the next one may be
/// sent over another server connection.
const END_IF_OLDER: &str = "SELECT pg_terminate_backend(pg_backend_pid())
    FROM pg_db_role_setting s
    JOIN pg_roles r ON r.oid = s.setrole JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) AS kept
    WHERE r.rolname = current_user AND d.datname = current_database() AND current_setting($1) = '0'
        AND starts_with(kept, $1 || '=') AND kept <> $1 || '=0'";

/// What a look at a database has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// All is well, or something is missing.
    Answer(Option<Missing>),
    /// The pooler lives, and its server connections are all in use: that says nothing of the database.
    Busy,
    /// A look failed, and this is missing.
    Refused(Missing),
    /// There was no answer, as from a machine that has vanished.
    Silent(Missing),
}

/// A pooler before a database.
pub(crate) struct Pooler {
    service: &'static str,
    options: PgConnectOptions,
    bounds: [(&'static str, u64); 3],
    timeout: Duration,
    connection: Option<PgConnection>,
    refused: bool,
    /// All bounds were in force once. From then on they are reported, and keep no replica from its work.
    was_bounded: bool,
}

impl Pooler {
    /// The one that `config` names, if it names one. Each step of a look takes no longer than `timeout`.
    ///
    /// # Errors
    ///
    /// When the URL cannot be read.
    pub(crate) fn of(
        config: &Database,
        service: &'static str,
        timeout: Duration,
    ) -> sqlx::Result<Option<Self>> {
        if !config.is_pooled() {
            return Ok(None);
        }
        Ok(Some(Self {
            service,
            options: session::through_pooler(config, service)?,
            bounds: session::bounds(config),
            timeout,
            connection: None,
            refused: false,
            was_bounded: false,
        }))
    }

    /// Looks once.
    pub(crate) async fn look(&mut self) -> Seen {
        // PgBouncer answers a log-in by itself, however busy its server connections are.
        let connected = match self.connection.take() {
            Some(connection) => Ok(Ok((connection, false))),
            None => time::timeout(self.timeout, self.options.connect()).await.map(|new| Ok((new?, true))),
        };
        let seen = match connected {
            Err(_) => Seen::Silent(Missing::Pooler),
            Ok(Err(error)) => self.failed(&error),
            Ok(Ok((connection, is_new))) => {
                match time::timeout(self.timeout, self.ask(connection, is_new)).await {
                    Err(_) => Seen::Busy,
                    Ok(Err(error)) => self.failed(&error),
                    Ok(Ok(missing)) => Seen::Answer(missing),
                }
            }
        };
        self.refused = matches!(seen, Seen::Refused(_));
        if seen == Seen::Busy && !self.was_bounded { Seen::Refused(Missing::Pooler) } else { seen }
    }

    /// Asks on `connection`, which is kept if it is good.
    async fn ask(&mut self, mut connection: PgConnection, is_new: bool) -> sqlx::Result<Option<Missing>> {
        if is_new && !prepared::are_kept(&mut connection).await? {
            return Ok(Some(Missing::PreparedStatements));
        }
        if sqlx::query_scalar(READS_ONLY).fetch_one(&mut connection).await? {
            distrust();
            return Ok(Some(Missing::Primary));
        }
        let unbounded = self.unbounded(&mut connection).await?;
        self.was_bounded |= unbounded.is_none();
        let is_ended = match unbounded {
            Some(name) => has_ended(&mut connection, name).await,
            None => false,
        };
        self.connection = Some(connection).filter(|_| !is_ended);
        Ok(unbounded.filter(|_| !self.was_bounded).map(Missing::Limit))
    }

    /// The first bound that is none. One that is another than this configuration's, such as the one of the release before, is
    /// only reported.
    async fn unbounded(&self, connection: &mut PgConnection) -> sqlx::Result<Option<&'static str>> {
        let names: Vec<_> = self.bounds.iter().map(|(name, _)| (*name).to_owned()).collect();
        let found: Vec<i64> = sqlx::query_scalar(IN_FORCE).bind(names).fetch_all(connection).await?;
        let bounds = self.bounds.iter().zip(&found);
        for ((name, wanted), found) in bounds.clone() {
            let differs = u64::try_from(*found) != Ok(*wanted);
            gauge!("loljoa_db_pooler_limit_differs", "service" => self.service, "limit" => *name)
                .set(u8::from(differs));
        }
        Ok(bounds.into_iter().find(|(_, found)| **found == 0).map(|((name, _), _)| *name))
    }

    fn failed(&self, error: &sqlx::Error) -> Seen {
        if error.as_database_error().is_some_and(|error| error.message().contains(QUEUED_TOO_LONG)) {
            return Seen::Busy;
        }
        if !self.refused {
            tracing::warn!(event = "pooler.refuses", %error, "the pooler refuses");
        }
        Seen::Refused(Missing::Pooler)
    }
}

/// Has the pooler get rid of a server connection that is older than the bound `name`, of which it may have many: one with each look.
/// Whether it did; `connection` is of no use then.
async fn has_ended(connection: &mut PgConnection, name: &'static str) -> bool {
    let is_ended = sqlx::query(END_IF_OLDER).bind(name).fetch_optional(connection).await.is_err();
    if is_ended {
        tracing::info!(
            event = "pooler.connection_ended",
            limit = name,
            "a server connection of the pooler's was older than the role's limits, and is ended"
        );
    }
    is_ended
}
