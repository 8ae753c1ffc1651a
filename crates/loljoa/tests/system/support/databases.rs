use std::{env, thread};

use loljoa::system::Databases;
use loljoa_service_kit::ids;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, postgres::PgPoolOptions};
use tokio::runtime;
use url::Url;

/// Enough to look around; the services have pools of their own.
const CONNECTIONS: u32 = 4;

/// Three databases of a test's own, which are gone when it ends.
pub(crate) struct TestDatabases {
    server: Url,
    names: [String; 3],
    /// account's.
    pub(crate) account: PgPool,
    /// league-schedule's.
    pub(crate) league_schedule: PgPool,
    /// betting's.
    pub(crate) betting: PgPool,
}

impl TestDatabases {
    pub(crate) async fn create() -> Self {
        let server = env::var("DATABASE_URL").expect("DATABASE_URL says where tests may make databases");
        Self::create_on(server.parse().unwrap()).await
    }

    /// On a server of the test's own, at the URL of any of its databases.
    pub(crate) async fn create_on(server: Url) -> Self {
        let id = ids::fresh().simple();
        let names = ["account", "league_schedule", "betting"].map(|service| format!("system_{id}_{service}"));
        let mut connection = PgConnection::connect(server.as_str()).await.unwrap();
        for name in &names {
            let create = format!("CREATE DATABASE {name} TEMPLATE template0");
            sqlx::query(AssertSqlSafe(create)).execute(&mut connection).await.unwrap();
        }
        connection.close().await.unwrap();
        let [account, league_schedule, betting] = names.each_ref().map(|name| pool(&at(&server, name)));
        Self { server, names, account, league_schedule, betting }
    }

    /// Their URLs: account, league-schedule, betting.
    pub(crate) fn urls(&self) -> [String; 3] {
        self.names.each_ref().map(|name| at(&self.server, name).into())
    }

    /// Their URLs as a system is told.
    pub(crate) fn as_options(&self) -> Databases {
        let [account, league_schedule, betting] = self.urls().map(Into::into);
        Databases { account, league_schedule, betting }
    }

    /// The three, each with its service's name.
    pub(crate) fn each(&self) -> [(&'static str, &PgPool); 3] {
        [("account", &self.account), ("league-schedule", &self.league_schedule), ("betting", &self.betting)]
    }
}

impl Drop for TestDatabases {
    fn drop(&mut self) {
        let (server, names) = (self.server.clone(), self.names.clone());
        // A thread of its own, because the test's runtime cannot wait in here.
        let dropping = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(drop_all(&server, &names));
        });
        let dropped = dropping.join().is_ok();
        assert!(dropped || thread::panicking(), "the test's databases could not be dropped");
    }
}

async fn drop_all(server: &Url, names: &[String]) {
    let mut connection = PgConnection::connect(server.as_str()).await.unwrap();
    for name in names {
        let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        sqlx::query(AssertSqlSafe(drop)).execute(&mut connection).await.unwrap();
    }
}

fn at(server: &Url, name: &str) -> Url {
    let mut url = server.clone();
    url.set_path(name);
    url
}

fn pool(url: &Url) -> PgPool {
    PgPoolOptions::new().max_connections(CONNECTIONS).connect_lazy(url.as_str()).unwrap()
}
