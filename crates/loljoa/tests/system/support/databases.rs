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
    /// Of further cells of account and of betting, in their order.
    further: [Vec<String>; 2],
    /// account's.
    pub(crate) account: PgPool,
    /// league-schedule's.
    pub(crate) league_schedule: PgPool,
    /// betting's.
    pub(crate) betting: PgPool,
    /// Those of all of account's cells.
    pub(crate) accounts: Vec<PgPool>,
    /// Those of all of betting's cells.
    pub(crate) bettings: Vec<PgPool>,
}

impl TestDatabases {
    pub(crate) async fn create() -> Self {
        let server = env::var("DATABASE_URL").expect("DATABASE_URL says where tests may make databases");
        Self::create_on(server.parse().unwrap()).await
    }

    /// As [`Self::create`], for so many cells of account and of betting.
    pub(crate) async fn create_cells(account: usize, betting: usize) -> Self {
        let server = env::var("DATABASE_URL").expect("DATABASE_URL says where tests may make databases");
        Self::create_cells_on(server.parse().unwrap(), account, betting).await
    }

    /// On a server of the test's own, at the URL of any of its databases.
    pub(crate) async fn create_on(server: Url) -> Self {
        Self::create_cells_on(server, 1, 1).await
    }

    async fn create_cells_on(server: Url, account: usize, betting: usize) -> Self {
        let id = ids::fresh().simple();
        let names = ["account", "league_schedule", "betting"].map(|service| format!("system_{id}_{service}"));
        let mut connection = PgConnection::connect(server.as_str()).await.unwrap();
        let further = [("account", account), ("betting", betting)].map(|(service, cells)| {
            (1..cells).map(|cell| format!("system_{id}_{service}_{cell}")).collect::<Vec<_>>()
        });
        for name in names.iter().chain(further.iter().flatten()) {
            let create = format!("CREATE DATABASE {name} TEMPLATE template0");
            sqlx::query(AssertSqlSafe(create)).execute(&mut connection).await.unwrap();
        }
        connection.close().await.unwrap();
        let [account, league_schedule, betting] = names.each_ref().map(|name| pool(&at(&server, name)));
        let all = |first: &PgPool, further: &[String]| -> Vec<_> {
            std::iter::once(first.clone())
                .chain(further.iter().map(|name| pool(&at(&server, name))))
                .collect()
        };
        let (accounts, bettings) = (all(&account, &further[0]), all(&betting, &further[1]));
        Self { server, names, further, account, league_schedule, betting, accounts, bettings }
    }

    /// Their URLs: account, league-schedule, betting.
    pub(crate) fn urls(&self) -> [String; 3] {
        self.names.each_ref().map(|name| at(&self.server, name).into())
    }

    /// Their URLs as a system is told.
    pub(crate) fn as_options(&self) -> Databases {
        let [account, league_schedule, betting] = self.urls().map(Into::into);
        let [further_account, further_betting] = self
            .further
            .each_ref()
            .map(|names| names.iter().map(|name| String::from(at(&self.server, name)).into()).collect());
        Databases { account, league_schedule, betting, further_account, further_betting }
    }

    /// The three, each with its service's name.
    pub(crate) fn each(&self) -> [(&'static str, &PgPool); 3] {
        [("account", &self.account), ("league-schedule", &self.league_schedule), ("betting", &self.betting)]
    }
}

impl Drop for TestDatabases {
    fn drop(&mut self) {
        let server = self.server.clone();
        let names: Vec<_> = self.names.iter().chain(self.further.iter().flatten()).cloned().collect();
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
