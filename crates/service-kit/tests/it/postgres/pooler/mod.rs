//! A real `PgBouncer` in transaction mode between a service and its database.

mod clients;
mod readiness;

use std::env;

use loljoa_private_postgres::Pooler;
use loljoa_service_kit::{config::Database, postgres};
use secrecy::SecretString;
use sqlx::{
    ConnectOptions, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgRow},
};
use url::Url;

use super::{database, probe::migrator};

/// Fewer than a service has clients.
const SERVER_CONNECTIONS: usize = 2;

/// A database behind a pooler of its own.
struct Pooled {
    pooler: Pooler,
    config: Database,
}

impl Pooled {
    /// The database behind `pool`, as `migrate` leaves it.
    async fn migrated(pool: &PgPool) -> Self {
        let pooled = Self::over(pool, &[]).await;
        pooled.migrate().await;
        pooled
    }

    /// The database behind `pool`, with more lines of `PgBouncer`'s configuration.
    async fn over(pool: &PgPool, settings: &[(&str, &str)]) -> Self {
        let server: Url = env::var("DATABASE_URL").unwrap().parse().unwrap();
        let size = SERVER_CONNECTIONS.to_string();
        let settings = [&[("default_pool_size", size.as_str())], settings].concat();
        let user = (server.username(), server.password().unwrap());
        let pooler = Pooler::start(server.port().unwrap(), user, &settings).await.unwrap();
        let direct = database(pool, None);
        let mut url: Url = server.clone();
        url.set_path(pool.connect_options().get_database().unwrap());
        url.set_port(Some(pooler.port())).unwrap();
        let config = Database {
            url: SecretString::from(String::from(url)),
            direct_url: Some(direct.url.clone()),
            max_connections: 8,
            ..direct
        };
        Self { pooler, config }
    }

    async fn migrate(&self) {
        postgres::migrate(&self.config, "test", &migrator(7)).await.unwrap();
    }

    /// A client of the pooler that is not a service's.
    fn client(&self) -> PgConnectOptions {
        let port = self.pooler.port();
        let server: PgConnectOptions = env::var("DATABASE_URL").unwrap().parse().unwrap();
        server.port(port).extra_float_digits(None)
    }

    /// What an administrator tells the pooler.
    async fn command(&self, command: &'static str) -> Vec<PgRow> {
        let mut console: PgConnection = self.client().database("pgbouncer").connect().await.unwrap();
        sqlx::raw_sql(command).fetch_all(&mut console).await.unwrap()
    }
}
