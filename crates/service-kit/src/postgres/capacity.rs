//! Whether the server takes as many connections as all replicas together may open.

use metrics::gauge;
use sqlx::PgConnection;

use crate::config::Database;

/// What the server allows, and what of it is left for ordinary roles. A limit of -1 is none.
const ALLOWED: &str = "SELECT current_setting('max_connections')::bigint,
    current_setting('superuser_reserved_connections')::bigint
        + coalesce(current_setting('reserved_connections', true), '0')::bigint,
    (SELECT datconnlimit::bigint FROM pg_database WHERE datname = current_database()),
    (SELECT rolconnlimit::bigint FROM pg_roles WHERE rolname = current_user)";

/// The connections that a service opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Capacity {
    /// Those of one replica's pools, through a pooler where there is one.
    pools: u32,
    /// Those of one replica that no pooler stands before: the probe's, and what else needs a session.
    direct: u32,
    replicas: u32,
    is_pooled: bool,
}

/// What a server allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Allowed {
    max: i64,
    reserved: i64,
    database: i64,
    role: i64,
}

impl Capacity {
    /// That of a service with the three pools of `config`, a probe, and what it has `beside` them: connections of further
    /// pools, and sessions past a pooler.
    pub(crate) const fn of(config: &Database, beside: (u32, u32)) -> Self {
        let pools = config.max_connections + config.worker_connections + config.background_connections;
        Self {
            pools: pools + beside.0,
            direct: 1 + beside.1,
            replicas: config.replicas,
            is_pooled: config.is_pooled(),
        }
    }

    /// Says what one replica opens, what all of them do, and what the server behind `connection` allows. Warns when that is
    /// too little.
    pub(crate) async fn tell(self, service: &'static str, connection: &mut PgConnection) -> sqlx::Result<()> {
        let (max, reserved, database, role) = sqlx::query_as(ALLOWED).fetch_one(connection).await?;
        let allowed = Allowed { max, reserved, database, role };
        let (each, replicas, server_takes) = (self.at_the_server(), self.replicas, allowed.least());
        for (of, connections) in [("replica", i64::from(each)), ("server", server_takes)] {
            let connections = u32::try_from(connections).unwrap_or_default();
            gauge!("loljoa_db_connections_limit", "service" => service, "of" => of).set(connections);
        }
        if self.is_pooled {
            let (pooler, direct) = (self.pools, self.direct);
            tracing::info!(
                event = "database.capacity",
                of = service,
                replicas,
                pooler,
                direct,
                server_takes,
                reserved,
                "through a pooler: each replica opens so many connections to it, and so many to the server"
            );
        } else {
            tracing::info!(
                event = "database.capacity",
                of = service,
                replicas,
                each,
                server_takes,
                reserved,
                "each replica opens up to so many connections to the server"
            );
        }
        let all = i64::from(each) * i64::from(replicas);
        if all > server_takes {
            tracing::warn!(
                event = "database.capacity_short",
                of = service,
                replicas,
                each,
                all,
                server_takes,
                reserved,
                "the server takes fewer connections than all replicas together may open: raise its max_connections, \
                lower database.*_connections, or use a pooler"
            );
        }
        Ok(())
    }

    const fn at_the_server(self) -> u32 {
        if self.is_pooled { self.direct } else { self.pools + self.direct }
    }
}

impl Allowed {
    /// What is left for an ordinary role.
    fn least(self) -> i64 {
        let limits = [self.database, self.role].into_iter().filter(|limit| *limit >= 0);
        limits.fold(self.max - self.reserved, i64::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_opens_what_all_its_pools_hold_and_its_sessions() {
        let config = Database { replicas: 3, ..Database::at("postgres://server/x") };
        let capacity = Capacity::of(&config, (4, 1));
        assert_eq!((capacity.at_the_server(), capacity.replicas), (8 + 6 + 4 + 4 + 2, 3));
        let config = Database { direct_url: Some("postgres://server/x".to_owned().into()), ..config };
        assert_eq!(Capacity::of(&config, (4, 1)).at_the_server(), 2, "the pooler holds the rest");
    }

    #[test]
    fn a_limit_of_the_database_or_the_role_counts_where_it_is_lower() {
        let allowed = Allowed { max: 100, reserved: 3, database: -1, role: -1 };
        assert_eq!(allowed.least(), 97);
        assert_eq!(Allowed { role: 20, ..allowed }.least(), 20);
        assert_eq!(Allowed { database: 200, ..allowed }.least(), 97);
    }
}
